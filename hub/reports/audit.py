"""What is on file of every report, held against the header that its member signed and the log names.

An operator who edits a tag links what no firm linked, and leaves the log as it was. So each row's header must be
the one its digest names; OPEN part, tags, card keys and sealed part must be those of the header; and a report that was
amended, taken back or set aside has no tags any more. Needs the hub's keys; changes nothing.

Not here: whether the leaf is in the log (`hub.fsck`); the line shares, which were checked when they came.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import and_, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from cairn_protocol.errors import BadMessage
from cairn_protocol.messages.report import Header, SignedHeader
from cairn_protocol.messages.sealed import SealedPart
from cairn_protocol.messages.wire import decode
from cairn_protocol.tags import key_digest
from hub.reports.secrets import open_card_keys, open_open_part
from hub.reports.tables import AsideRow, ReportRow, ReportSecrets, ReportTag, RetractionRow, SealedRow
from hub.storage.database import Store
from hub.storage.envelopes import EnvelopeDamaged, Envelopes

PORTION: Final = 500


@dataclass(frozen=True, slots=True)
class _OnFile:
    """A report's row with what lies beside it. `over`: it was amended, taken back or set aside."""

    row: ReportRow
    secrets: bytes | None
    sealed: bytes | None
    over: bool
    tags: tuple[tuple[str, bytes], ...]


async def audit(store: Store, envelopes: Envelopes) -> list[str]:
    """Every contradiction, in sentences. Reads each portion on a snapshot of its own."""
    await envelopes.ready(store)
    findings: list[str] = []
    last = -1
    while portion := await store.read("audit reports", partial(_portion, after=last)):
        for one in portion:
            findings += [f"report {one.row.digest.hex()}: {what}" for what in _wrong_with(one, envelopes)]
        last = portion[-1].row.number
    return findings


async def _portion(db: AsyncSession, *, after: int) -> list[_OnFile]:
    later = aliased(ReportRow)
    over = (
        exists().where(
            and_(
                later.report_id == ReportRow.report_id,
                later.member_id == ReportRow.member_id,
                later.revision > ReportRow.revision,
            )
        )
        | exists().where(
            RetractionRow.report_id == ReportRow.report_id, RetractionRow.member_id == ReportRow.member_id
        )
        | exists().where(AsideRow.report_id == ReportRow.report_id)
    )
    rows = (
        await db.execute(
            select(ReportRow, ReportSecrets.secrets, SealedRow.sealed, over)
            .outerjoin(ReportSecrets, ReportSecrets.report == ReportRow.number)
            .outerjoin(SealedRow, SealedRow.report == ReportRow.number)
            .where(ReportRow.number > after)
            .order_by(ReportRow.number)
            .limit(PORTION)
        )
    ).all()
    if not rows:
        return []
    tags: dict[int, list[tuple[str, bytes]]] = {row.number: [] for row, *_ in rows}
    numbers = ReportTag.report.between(rows[0][0].number, rows[-1][0].number)
    for number, kind, tag in await db.execute(
        select(ReportTag.report, ReportTag.kind, ReportTag.tag)
        .where(numbers)
        .order_by(ReportTag.report, ReportTag.position)
    ):
        tags.setdefault(number, []).append((kind, tag))
    return [
        _OnFile(row, secrets, sealed, gone, tuple(tags[row.number])) for row, secrets, sealed, gone in rows
    ]


def _wrong_with(one: _OnFile, envelopes: Envelopes) -> list[str]:
    row = one.row
    try:
        signed = decode(row.signed_header, SignedHeader)
    except BadMessage:
        return ["its header can't be read"]
    header = signed.header
    named = (header.member, header.report_id, header.revision)
    if signed.digest() != row.digest or named != (row.member_id, row.report_id, row.revision):
        return ["its header is not the one that was signed"]
    findings = []
    try:
        if open_open_part(envelopes, row.number, row.open_part).digest() != header.open_digest:
            findings.append("its OPEN codes are not those of its header")
    except (EnvelopeDamaged, BadMessage):
        findings.append("its OPEN codes can't be opened")
    if one.over:
        if one.tags or one.secrets or one.sealed:
            findings.append(
                "it was amended, taken back or set aside, and tags or secrets of it are still there"
            )
        return findings
    expected = zip(header.keys, header.tags(), strict=True)
    if one.tags != tuple((key.kind.value, tag) for key, tag in expected):
        findings.append("its tags are not those of its header")
    return [*findings, *_wrong_secrets(one, header, envelopes)]


def _wrong_secrets(one: _OnFile, header: Header, envelopes: Envelopes) -> list[str]:
    findings = []
    try:
        card_keys = open_card_keys(envelopes, one.row.number, one.secrets or b"")
        if [key_digest(key) for key in card_keys] != [key.key_digest for key in header.keys]:
            findings.append("its card keys are not those of its header")
    except (EnvelopeDamaged, BadMessage):
        findings.append("its card keys can't be opened")
    try:
        sealed = decode(one.sealed, SealedPart).digest() if one.sealed is not None else None
    except BadMessage:
        sealed = b""
    if sealed != header.sealed_digest:
        findings.append("its sealed part is not that of its header")
    return findings
