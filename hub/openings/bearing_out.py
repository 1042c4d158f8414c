"""Which reports bear out a report that analysts want opened: found by the rule that trustees judge by.

The hub only chooses what to show. A trustee checks all of it again, and would notice anything made up.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.cuts import are_apart
from cairn_protocol.errors import RevokedSigner, TooFewGroups, UnknownSigner
from cairn_protocol.evidence import K, week_objection
from cairn_protocol.kinds import LOCKABLE, Kind
from cairn_protocol.messages.index import Manifest
from cairn_protocol.messages.log import LeafKind
from cairn_protocol.messages.report import Confidence, SignedHeader
from cairn_protocol.messages.sealed import SealedPart
from cairn_protocol.messages.wire import decode
from cairn_protocol.roster import Roster
from cairn_protocol.sightings import Sighting, choose
from cairn_protocol.tags import Tag
from hub.linkage import cuts
from hub.openings.refusals import NoSealedPart
from hub.reports.refusals import UnknownReport
from hub.reports.tables import ReportRow, ReportTag, SealedRow
from hub.translog.tables import TranslogLeaf

# The latest reports that share a tag with the one to open: more would be a hot value. Of each member only some, for
# else one that files a value again and again leaves no room for the groups that bear it out.
MOST_CANDIDATES = 2_000
MOST_OF_A_MEMBER = 20
_LOCKABLE = [kind.value for kind in LOCKABLE]


@dataclass(frozen=True, slots=True)
class OnFile:
    """A live report as openings see it."""

    number: int
    signed: SignedHeader
    sighting: Sighting
    accepted_on: date


@dataclass(frozen=True, slots=True)
class BorneOut:
    """A report to open, its sealed part, and the reports beside it that bear it out."""

    report: OnFile
    sealed: SealedPart
    neighbours: tuple[OnFile, ...]


async def bear_out(db: AsyncSession, roster: Roster, report_id: UUID, now: int | None = None) -> BorneOut:
    """What bears the report out. Raises UnknownReport, NoSealedPart, TooFewGroups."""
    now = int(time.time()) if now is None else now
    target = await _target(db, roster, report_id)
    raw = await db.scalar(select(SealedRow.sealed).where(SealedRow.report == target.number))
    if raw is None:
        raise NoSealedPart("the report has no sealed part: no value in it could ever have opened one")
    quarantined = await _quarantined(db)
    candidates = [
        one
        for one in await _candidates(db, roster, target)
        if _counts(one, now) and one.number != target.number
    ]
    candidates = await _not_cut_from(db, target, candidates)
    by_sighting = {id(one.sighting): one for one in candidates}
    chosen = choose(target.sighting, [one.sighting for one in candidates], K, quarantined)
    if len(chosen) < K - 1:
        groups = 1 + len(chosen)
        raise TooFewGroups(
            f"{groups} of {K} groups bear the report out: others must share a value with it, of one sector, "
            "each in an event of its own",
            groups=groups,
        )
    return BorneOut(target, decode(raw, SealedPart), tuple(by_sighting[id(one)] for one in chosen))


async def _not_cut_from(db: AsyncSession, target: OnFile, candidates: Sequence[OnFile]) -> list[OnFile]:
    """Those of the candidates that no reviewer found to be of another subject."""
    sides = await cuts.sides(db, [target.number, *(one.number for one in candidates)])
    mine = sides.get(target.number, frozenset())
    return [one for one in candidates if not are_apart(mine, sides.get(one.number, frozenset()))]


async def _target(db: AsyncSession, roster: Roster, report_id: UUID) -> OnFile:
    rows = (
        select(ReportRow).where(ReportRow.report_id == report_id).order_by(ReportRow.revision.desc()).limit(1)
    )
    row = await db.scalar(rows)
    found = await _on_file(db, roster, [row]) if row is not None else []
    if not found:
        raise UnknownReport("no such report is on file, or it was taken back")
    return found[0]


async def _candidates(db: AsyncSession, roster: Roster, target: OnFile) -> list[OnFile]:
    sharing = select(ReportTag.report).where(
        ReportTag.tag.in_(target.sighting.lockable), ReportTag.kind.in_(_LOCKABLE)
    )
    latest_first = func.row_number().over(partition_by=ReportRow.member_id, order_by=ReportRow.number.desc())
    ranked = (
        select(ReportRow.number, latest_first.label("place")).where(ReportRow.number.in_(sharing)).subquery()
    )
    numbers = (
        select(ranked.c.number)
        .where(ranked.c.place <= MOST_OF_A_MEMBER)
        .order_by(ranked.c.number.desc())
        .limit(MOST_CANDIDATES)
    )
    rows = await db.scalars(select(ReportRow).where(ReportRow.number.in_(numbers)).order_by(ReportRow.number))
    return await _on_file(db, roster, list(rows))


async def _on_file(db: AsyncSession, roster: Roster, rows: Sequence[ReportRow]) -> list[OnFile]:
    """Live reports only: an amended or retracted one has no tags any more."""
    live = set(
        await db.scalars(
            select(ReportTag.report).where(ReportTag.report.in_([row.number for row in rows])).distinct()
        )
    )
    found = []
    for row in rows:
        if row.number not in live:
            continue
        signed = decode(row.signed_header, SignedHeader)
        sighting = _sighting(signed, roster)
        if sighting is not None:
            found.append(OnFile(row.number, signed, sighting, row.accepted_on))
    return found


def _sighting(signed: SignedHeader, roster: Roster) -> Sighting | None:
    header = signed.header
    try:
        entry = roster.entry(header.member, int(time.time()))
    except (UnknownSigner, RevokedSigner):
        return None
    if entry.group is None or entry.sector is None:
        return None
    tags = list(zip(header.keys, header.tags(), strict=True))
    return Sighting(
        header.member,
        header.report_id,
        entry.group,
        entry.sector,
        frozenset(tag for key, tag in tags if key.kind in LOCKABLE),
        frozenset(tag for key, tag in tags if key.kind is Kind.TRANSACTION),
    )


async def _quarantined(db: AsyncSession) -> frozenset[Tag]:
    """The tags that link nothing by the last manifest in the log, which is what trustees go by."""
    manifests = select(TranslogLeaf.content).where(TranslogLeaf.kind == LeafKind.MANIFEST.value)
    content = await db.scalar(manifests.order_by(TranslogLeaf.leaf_index.desc()).limit(1))
    return frozenset(map(Tag, decode(content, Manifest).quarantined)) if content else frozenset()


def _counts(one: OnFile, now: int) -> bool:
    """Whether trustees will count it: they go by when its leaf was first cosigned, the day it was accepted."""
    header = one.signed.header
    seen = int(datetime.combine(one.accepted_on, time_of_day(23, 59), UTC).timestamp())
    recent = week_objection(header.week, min(seen, now), now) is None
    return header.confidence is not Confidence.HEARSAY and recent
