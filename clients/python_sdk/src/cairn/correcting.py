"""What a firm corrects of its own: an amendment, a clearance, or that a report is not about its subject.

An amendment is the next revision: it names the one it supersedes, and until the hub takes it that one stands. A
clearance and a dispute are signed statements about the latest revision, and the next revision makes them void.
Taking a report back altogether is `filing.withdraw`.
Source: domain brief 4.5.
"""

import dataclasses
import datetime as dt
from typing import ClassVar

import msgspec

from cairn.filing import NAME_YOURSELF, Receipt, ReceiptStatus, go_on, needs_user, receipt_of
from cairn.raw.inquiry import Inquiry
from cairn.raw.register import Filed, State, Stated
from cairn.raw.resolution import About
from cairn.raw.sanitise.open_codes import NOT_SENT
from cairn.raw.stored import from_bytes, to_bytes
from cairn.record import note_done
from cairn.session import Session
from cairn_protocol.errors import CairnError
from cairn_protocol.messages.corrections import ClearReason, Said, Statement
from cairn_protocol.messages.wire import encode

_STAYS_HERE = "kept on this computer: such an outcome is never sent, so there is nothing to amend at the hub"


class NothingFiled(CairnError):
    """The hub has no report on that inquiry that could be corrected. The text says why."""

    slug: ClassVar[str] = "nothing-filed"


async def amend(
    session: Session,
    inquiry_id: str,
    *,
    outcome: str | None = None,
    inquiry: Inquiry | None = None,
    user: str | None = None,
) -> Receipt:
    """File the next revision of a report: another outcome, or the whole inquiry anew.

    An outcome that is never sent (OPEN, SHIPPED) changes the register alone: a revision that withdraws the
    one before would tell it. So in later revisions, whatever they are for, the outcome that was sent stands.
    What the hub has not got yet is filed as amended, in its first revision.

    Raises NothingFiled, BadInquiry; what can't be sent now waits in the outbox.
    """
    filed = _filed(session, inquiry_id)
    told = inquiry or from_bytes(filed.inquiry)
    if outcome is not None:
        told = Inquiry.from_mapping({**told.to_mapping(), "outcome": outcome})
    if told.inquiry_id != inquiry_id:
        raise NothingFiled("the amended inquiry has another inquiry_id than the one to amend")
    content = to_bytes(told)
    if content == filed.inquiry:
        return receipt_of(filed)
    before = from_bytes(filed.inquiry).outcome
    stands = _last_sent(filed) if told.outcome in NOT_SENT else None
    changed = told.outcome.value if told.outcome is not before else None
    if inquiry is None and told.outcome in NOT_SENT:
        session.register.keep(msgspec.structs.replace(filed, inquiry=content, stands=stands))
        note_done(session, inquiry_id, About.AMENDED, code=changed, text=_STAYS_HERE, user=user)
        return dataclasses.replace(receipt_of(filed), reason=_STAYS_HERE)
    if not user and needs_user(session):
        return dataclasses.replace(receipt_of(filed), status=ReceiptStatus.REFUSED, reason=NAME_YOURSELF)
    if filed.state is State.READY:
        (receipt,) = await go_on(session, [filed])  # it may have reached the hub: then it is a revision
        if receipt.status is ReceiptStatus.QUEUED:
            return receipt
        filed = _filed(session, inquiry_id)
    revision = next_revision(session, msgspec.structs.replace(filed, stands=stands), content, user)
    note_done(
        session, inquiry_id, About.AMENDED, code=changed, text=f"revision {revision.revision}", user=user
    )
    (receipt,) = await go_on(session, [revision])
    return receipt


def _last_sent(filed: Filed) -> str | None:
    """The outcome in the last bytes that were fixed for this report, None if they told none or there are none."""
    built = filed if filed.state not in (State.WAITING, State.REFUSED) else filed.before
    if built is None:
        return None
    outcome = from_bytes(built.inquiry).outcome
    return built.stands if outcome in NOT_SENT else outcome.value


def next_revision(session: Session, filed: Filed, content: bytes, user: str | None = None) -> Filed:
    """The record of a report's next revision with this content, kept, and still to be sent."""
    at_the_hub = filed.state in (State.PROMISED, State.PROVEN)
    amended = Filed(
        inquiry_id=filed.inquiry_id,
        state=State.WAITING,
        inquiry=content,
        narrative=filed.narrative,
        report_id=filed.report_id,
        revision=filed.revision + 1 if at_the_hub else filed.revision,
        before=filed if at_the_hub else filed.before,
        filed_by=user or filed.filed_by,
        stands=filed.stands,
    )
    session.register.keep(amended)
    return amended


async def clear(session: Session, inquiry_id: str, reason: ClearReason, user: str | None = None) -> Stated:
    """Say that an inquiry turned out to be innocent, and why. Others' scores fall by it for 180 days.

    Raises NothingFiled; Unreachable leaves everything as it was.
    """
    stated = await _state(session, inquiry_id, Said.CLEARED, reason)
    note_done(session, inquiry_id, About.CLEARED, code=reason.value, user=user)
    return stated


async def dispute(session: Session, inquiry_id: str, user: str | None = None) -> Stated:
    """Say that one's own report is not about the subject it was linked with: it counts nothing until it is decided.

    Raises NothingFiled; Unreachable leaves everything as it was.
    """
    stated = await _state(session, inquiry_id, Said.NOT_OURS, None)
    note_done(session, inquiry_id, About.NOT_OURS, user=user)
    return stated


async def _state(session: Session, inquiry_id: str, said: Said, reason: ClearReason | None) -> Stated:
    filed = _filed(session, inquiry_id)
    if filed.state not in (State.PROMISED, State.PROVEN):
        raise NothingFiled("the hub has no report on this inquiry yet: send the outbox first")
    assert filed.report_id is not None and filed.digest is not None
    week = week_at(session.now())
    promised = await session.hub.state(
        Statement(
            member=session.profile.party,
            report_id=filed.report_id,
            digest=filed.digest,
            said=said,
            reason=reason,
            week=week,
        )
    )
    stated = Stated(said=said, reason=reason, week=week, promise=encode(promised.signed))
    session.register.statements.keep(inquiry_id, stated)
    return stated


def week_at(now: float) -> str:
    """The ISO week, in UTC, of a moment in seconds since 1970."""
    year, week, _ = dt.datetime.fromtimestamp(now, dt.UTC).isocalendar()
    return f"{year}-W{week:02d}"


def _filed(session: Session, inquiry_id: str) -> Filed:
    filed = session.register.filed(inquiry_id)
    if filed is None:
        raise NothingFiled("nothing was filed under that inquiry_id from this home")
    if filed.state is State.WITHDRAWN:
        raise NothingFiled("this report was taken back; a new matter needs a new inquiry_id")
    return filed
