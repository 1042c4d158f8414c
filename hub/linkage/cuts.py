"""Cuts: reports that a reviewer and an analyst found to be of different subjects stay apart for good.

A cut names reports, not clusters, so it outlives every linking anew and every amendment. Whoever places a
report asks for its sides: two whose sides are apart (`cairn_protocol.cuts.are_apart`) never share a cluster.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.cuts import Side
from cairn_protocol.tags import Tag
from hub.linkage.tables import CutSide, LearnedCommon, LinkedReport
from hub.reports.bulk import among
from hub.reports.tables import ReportRow

Sides = frozenset[Side]

_COMMON = text(
    "INSERT INTO contact_tags (tag, seen, common, unclear)"
    " SELECT tag, 0, true, false FROM unnest(CAST(:tags AS bytea[])) AS t (tag)"
    " ON CONFLICT (tag) DO UPDATE SET common = true, unclear = false"
)

# A whole look through the tags: no index has addresses, and reviewers seldom order a cut.
_AT_ADDRESS = text(
    "UPDATE clusters SET changed = true WHERE id IN (SELECT linked.cluster FROM report_tags t"
    " JOIN linked_reports linked USING (report) WHERE t.kind = 'address' AND t.tag = ANY(:tags))"
)


async def sides(db: AsyncSession, reports: Collection[int]) -> Mapping[int, Sides]:
    """The sides that reports are on, by their numbers. Those that were never cut have no entry."""
    rows = (
        select(ReportRow.number, CutSide.cut, CutSide.part)
        .join(CutSide, CutSide.report_id == ReportRow.report_id)
        .where(among(ReportRow.number, reports))
    )
    return _gathered([(number, cut, part) for number, cut, part in await db.execute(rows)])


async def sides_of_clusters(db: AsyncSession, clusters: Collection[int]) -> Mapping[int, Sides]:
    """The sides that clusters' reports are on. Those without a cut report have no entry."""
    rows = (
        select(LinkedReport.cluster, CutSide.cut, CutSide.part)
        .join(ReportRow, ReportRow.number == LinkedReport.report)
        .join(CutSide, CutSide.report_id == ReportRow.report_id)
        .where(among(LinkedReport.cluster, clusters))
    )
    return _gathered([(cluster, cut, part) for cluster, cut, part in await db.execute(rows)])


async def keep_apart(db: AsyncSession, cut: str, parts: Sequence[Collection[UUID]]) -> None:
    """Remember a cut. Linking anew is the caller's (`linking.relink`)."""
    db.add_all(
        CutSide(report_id=report_id, cut=cut, part=at) for at, part in enumerate(parts) for report_id in part
    )
    await db.flush()


async def learn_common(db: AsyncSession, cut: str, tags: Collection[Tag]) -> None:
    """From now on these contacts link nobody, whatever `common_values` makes of their reports.

    An address among them links nobody anyway, but makes no pattern any more: cards it may be in are made anew.
    """
    if not tags:
        return
    known = set(await db.scalars(select(LearnedCommon.tag).where(among(LearnedCommon.tag, tags))))
    db.add_all(LearnedCommon(tag=tag, cut=cut) for tag in tags if tag not in known)
    await db.flush()
    await db.execute(_COMMON, {"tags": list(tags)})
    await db.execute(_AT_ADDRESS, {"tags": list(tags)})


async def learned(db: AsyncSession, tags: Collection[Tag]) -> set[Tag]:
    """Those of these contacts that a reviewer found to be common."""
    return {
        Tag(tag) for tag in await db.scalars(select(LearnedCommon.tag).where(among(LearnedCommon.tag, tags)))
    }


def _gathered(rows: Sequence[tuple[int, str, int]]) -> Mapping[int, Sides]:
    found: dict[int, set[Side]] = defaultdict(set)
    for key, cut, part in rows:
        found[key].add((cut, part))
    return {key: frozenset(every) for key, every in found.items()}
