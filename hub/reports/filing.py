"""Accept verified reports: report, leaf and linkage job are rows of one commit (G7).

The same report again gets the same receipt, whatever happened in between. Other bytes under
its id are refused, unless they are the next revision and name the one they supersede: then the
tags of the old revision go, and with them its links.

Not here: what makes a report acceptable in itself (`verify`), linking (`hub.linkage`).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import ProtocolError
from cairn_protocol.messages.log import LeafKind, LogEntry
from cairn_protocol.messages.wire import encode
from hub import jobs
from hub.reports.bulk import among, copy_rows
from hub.reports.refusals import ReportIdReused, ReportRetracted
from hub.reports.secrets import seal_open_part, seal_secrets
from hub.reports.tables import (
    REPORT_NUMBERS,
    AsideRow,
    ReportRow,
    ReportSecrets,
    ReportTag,
    RetractionRow,
    SealedRow,
)
from hub.reports.verify import VerifiedReport
from hub.storage.envelopes import Envelopes
from hub.translog.promise import promise_all

LINKAGE_QUEUE = "linkage"
LINK_REPORTS = "link_reports"


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision on file."""

    revision: int
    digest: bytes
    number: int


@dataclass(slots=True)
class History:
    """What is on file under one report id, oldest revision first.

    others  whether another member has filed under it
    """

    revisions: list[Revision] = field(default_factory=list)
    retracted: bool = False
    aside: bool = False
    others: bool = False


@dataclass(frozen=True, slots=True)
class Filed:
    """A report that is on file. `new` is False if it was so before."""

    report: VerifiedReport
    new: bool


def is_on_file(report: VerifiedReport, history: History) -> bool:
    """Whether these very bytes are on file; False if they may be filed now.

    Raises ReportIdReused for other bytes that are not the next revision of the latest, or under an id that
    another member filed under; ReportRetracted for a revision of a report that was taken back or set aside.
    """
    header = report.header
    culprit = f"member:{header.member}"
    if any(report.digest == revision.digest for revision in history.revisions):
        return True
    # Openings and cuts name reports by id alone, and the log tells every member those ids: nobody's own
    # report under one may stand in the way of the report that is meant.
    if history.others:
        raise ReportIdReused("another member's report is on file under this id", culprit=culprit)
    latest = history.revisions[-1] if history.revisions else None
    number, digest = (latest.revision, latest.digest) if latest else (0, None)
    if (header.revision, header.supersedes) != (number + 1, digest):
        raise ReportIdReused(
            "other bytes are on file under this id, or none that this supersedes", culprit=culprit
        )
    if history.retracted:
        raise ReportRetracted("the report was taken back", culprit=culprit)
    if history.aside:
        raise ReportRetracted("a reviewer set the report aside", culprit=culprit)
    return False


async def accept(
    db: AsyncSession, envelopes: Envelopes, reports: Sequence[VerifiedReport]
) -> list[Filed | ProtocolError]:
    """Store and acknowledge one member's reports, each on its own; the answers are in their order.

    All that is new is committed together: whatever the member gets a receipt for survives a crash
    and gets linked.
    """
    await wait_turn(db, reports[0].header.member)
    histories = await on_file(db, reports[0].header.member, [report.header.report_id for report in reports])
    numbers = await _draw_numbers(db, len(reports))
    answers: list[Filed | ProtocolError] = []
    superseded: list[int] = []
    for number, report in zip(numbers, reports, strict=True):
        history = histories[report.header.report_id]
        try:
            known = is_on_file(report, history)
        except ProtocolError as refused:
            answers.append(refused)
            continue
        answers.append(Filed(report, new=not known))
        if not known:
            superseded += [revision.number for revision in history.revisions[-1:]]
            history.revisions.append(Revision(report.header.revision, report.digest, number))

    fresh = {
        number: answer.report
        for number, answer in zip(numbers, answers, strict=True)
        if isinstance(answer, Filed) and answer.new
    }
    if fresh:
        await _keep(db, envelopes, fresh)
        await forget_tags(db, superseded)
        await promise_all(db, [_leaf(report) for report in fresh.values()])
        await link(db, added=list(fresh), gone=superseded)
    return answers


async def wait_turn(db: AsyncSession, member: str) -> None:
    """Until the transaction ends, nobody else files or takes back for this member."""
    await db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:member, 1))"), {"member": member})


async def on_file(db: AsyncSession, member: str, report_ids: Sequence[UUID]) -> dict[UUID, History]:
    """What is on file under these ids; an empty history for those that are new."""
    histories: dict[UUID, History] = defaultdict(History)
    rows = select(
        ReportRow.member_id, ReportRow.report_id, ReportRow.revision, ReportRow.digest, ReportRow.number
    ).where(among(ReportRow.report_id, report_ids))
    for owner, report_id, revision, digest, number in await db.execute(rows.order_by(ReportRow.revision)):
        if owner == member:
            histories[report_id].revisions.append(Revision(revision, digest, number))
        else:
            histories[report_id].others = True
    taken_back = select(RetractionRow.report_id).where(
        RetractionRow.member_id == member, among(RetractionRow.report_id, report_ids)
    )
    for report_id in await db.scalars(taken_back):
        histories[report_id].retracted = True
    aside = select(AsideRow.report_id).where(among(AsideRow.report_id, report_ids))
    for report_id in await db.scalars(aside):
        histories[report_id].aside = True
    return histories


async def forget_tags(db: AsyncSession, numbers: Sequence[int]) -> None:
    """Delete tags, sealed part, card keys and shares of these reports. Their links go with the next linkage job."""
    if numbers:
        await db.execute(delete(SealedRow).where(among(SealedRow.report, numbers)))
        await db.execute(delete(ReportSecrets).where(among(ReportSecrets.report, numbers)))
        await db.execute(delete(ReportTag).where(among(ReportTag.report, numbers)))


async def link(db: AsyncSession, *, added: Sequence[int], gone: Sequence[int]) -> None:
    """Have these reports linked or unlinked after the commit, one job after the other."""
    await jobs.enqueue(
        db,
        LINK_REPORTS,
        queue=LINKAGE_QUEUE,
        lock=LINKAGE_QUEUE,
        args={"added": list(added), "gone": list(gone)},
    )


def today() -> date:
    """The day in UTC, which is as exactly as the hub keeps when something was filed."""
    return datetime.now(UTC).date()


def _leaf(report: VerifiedReport) -> LogEntry:
    return LogEntry(kind=LeafKind.REPORT, digest=report.digest, content=None)


async def _draw_numbers(db: AsyncSession, count: int) -> list[int]:
    drawn = select(func.nextval(REPORT_NUMBERS.name)).select_from(func.generate_series(1, count))
    return list(await db.scalars(drawn))


async def _keep(db: AsyncSession, envelopes: Envelopes, reports: dict[int, VerifiedReport]) -> None:
    day = today()
    await copy_rows(
        db,
        ReportRow,
        (
            (
                number,
                kept.header.member,
                kept.header.report_id,
                kept.header.revision,
                kept.digest,
                encode(kept.report.signed),
                seal_open_part(envelopes, number, kept.report.open),
                day,
            )
            for number, kept in reports.items()
        ),
    )
    await copy_rows(
        db,
        ReportTag,
        (
            (number, position, key.kind.value, tag)
            for number, kept in reports.items()
            for position, (key, tag) in enumerate(zip(kept.header.keys, kept.tags, strict=True))
        ),
    )
    await copy_rows(
        db,
        ReportSecrets,
        ((number, seal_secrets(envelopes, number, kept.report)) for number, kept in reports.items()),
    )
    await copy_rows(
        db,
        SealedRow,
        (
            (number, encode(kept.report.sealed))
            for number, kept in reports.items()
            if kept.report.sealed is not None
        ),
    )
