"""A firm's word on its own report: cleared, for a reason, or not about the subject it was linked with.

The last word of each kind stands. Cards are made with it in mind at the next publication; the report itself stays
as it is, and an amendment makes the word void. Its leaf in the log is a digest, so nobody learns whose it is.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.corrections import Said, Statement, check_statement
from cairn_protocol.messages.log import LeafKind, content_digest, hash_of
from cairn_protocol.messages.parties import Entry
from cairn_protocol.messages.report import Promise
from cairn_protocol.messages.wire import Signed, encode, open_signed, sign
from hub.reports.bulk import among
from hub.reports.filing import on_file, wait_turn
from hub.reports.refusals import FutureWeek, ReportRetracted, UnknownReport, WrongMember
from hub.reports.tables import StatementRow
from hub.reports.verify import check_week, latest_week
from hub.translog.promise import promise


@dataclass(frozen=True, slots=True)
class VerifiedStatement:
    """A statement by the member whose report it is about. `open_statement` makes it.

    content  the signed statement, canonical
    """

    statement: Statement
    content: bytes


def open_statement(signed: Signed, caller: Entry, now: int) -> VerifiedStatement:
    """The statement, once its signature is the caller's own.

    now  seconds since 1970

    Raises BadSignature, BadMessage, WrongMember, FutureWeek.
    """
    culprit = f"member:{caller.party}"
    statement = open_signed(signed, Statement, caller.signing_key, culprit=culprit)
    check_statement(statement, culprit=culprit)
    check_week(statement.week, culprit)
    if statement.member != caller.party:
        raise WrongMember("a statement of one member, sent by another", culprit=culprit)
    if statement.week > latest_week(now):
        raise FutureWeek("the statement's week has not begun", culprit=culprit)
    return VerifiedStatement(statement, encode(signed))


async def state(db: AsyncSession, verified: VerifiedStatement, hub_key: Ed25519PrivateKey) -> Signed:
    """Keep the statement and promise its leaf; the same statement again gets the same receipt.

    Raises UnknownReport unless it names the latest revision of a report on file, ReportRetracted.
    """
    statement = verified.statement
    culprit = f"member:{statement.member}"
    await wait_turn(db, statement.member)
    history = (await on_file(db, statement.member, [statement.report_id]))[statement.report_id]
    latest = history.revisions[-1] if history.revisions else None
    if latest is None or latest.digest != statement.digest:
        raise UnknownReport(
            "no such report of this member, or a later revision of it is on file", culprit=culprit
        )
    if history.retracted or history.aside:
        raise ReportRetracted("the report was taken back or set aside", culprit=culprit)
    digest = content_digest(verified.content)
    await db.merge(
        StatementRow(
            member_id=statement.member,
            report_id=statement.report_id,
            said=statement.said.value,
            digest=statement.digest,
            week=statement.week,
            content=verified.content,
            shown=False,
        )
    )
    await promise(db, LeafKind.STATEMENT, digest, None)
    receipt = Promise(
        member=statement.member,
        report_id=statement.report_id,
        revision=latest.revision,
        digest=digest,
        leaf_hash=hash_of(LeafKind.STATEMENT, digest),
    )
    return sign(receipt, hub_key)


async def settle_disputes(db: AsyncSession, report_ids: Collection[UUID]) -> None:
    """A dispute over these reports was decided: they count again, with whatever they are linked with now."""
    await db.execute(
        delete(StatementRow).where(
            StatementRow.said == Said.NOT_OURS.value, among(StatementRow.report_id, report_ids)
        )
    )
