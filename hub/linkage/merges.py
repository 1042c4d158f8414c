"""Merges of two big subjects: noted when they happen, undone when they were wrong.

A single report can join two subjects of many reports each, and one such wrong merge spoils more than a hundred
wrong links. So each is written down with the reports of the smaller, for `cairn-hub linkage merges`. Undoing it is a
cut: the two sides never share a cluster again, and whoever holds the card gets another at the next sync.
"""

import hashlib
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import HubError
from hub.linkage import cuts
from hub.linkage.clustering import Board
from hub.linkage.loading import Live
from hub.linkage.tables import BigMergeRow, LinkedReport
from hub.reports.bulk import among
from hub.reports.tables import ReportRow


class NoSuchMerge(HubError):
    """No merge is noted under that id, or it was undone already."""

    slug: ClassVar[str] = "unknown-merge"


async def note(db: AsyncSession, board: Board, placed: Sequence[Live]) -> None:
    """Write down the big merges of a board, before its outcome is written. The same merge again is told once."""
    number_at = {report.sighting.place: report.number for report in placed}
    for merge in board.big_merges:
        loaded = select(LinkedReport.report).where(among(LinkedReport.cluster, merge.absorbed))
        absorbed = {*(await db.scalars(loaded)), *(number_at[place] for place in merge.places)}
        row = {
            "digest": _digest(absorbed),
            "merged_on": datetime.now(UTC).date(),
            "through": merge.through,
            "kept_size": merge.kept_size,
            "absorbed": sorted(absorbed),
            "undone": False,
        }
        await db.execute(insert(BigMergeRow).values(row).on_conflict_do_nothing())


def _digest(reports: Collection[int]) -> bytes:
    return hashlib.sha256(" ".join(map(str, sorted(reports))).encode()).digest()[:8]


async def noted(db: AsyncSession) -> list[BigMergeRow]:
    """All merges that were noted, the newest first."""
    return list(
        await db.scalars(select(BigMergeRow).order_by(BigMergeRow.merged_on.desc(), BigMergeRow.digest))
    )


async def cut_apart(db: AsyncSession, digest: bytes) -> set[int]:
    """Keep the two sides of a merge apart from now on; returns the clusters to link anew.

    Raises NoSuchMerge.
    """
    merge = await db.get(BigMergeRow, digest)
    if merge is None or merge.undone:
        raise NoSuchMerge("there is no merge of that id that could be undone")
    clusters = set(
        await db.scalars(select(LinkedReport.cluster).where(among(LinkedReport.report, merge.absorbed)))
    )
    members = await db.execute(
        select(LinkedReport.report, LinkedReport.cluster, ReportRow.report_id)
        .join(ReportRow, ReportRow.number == LinkedReport.report)
        .where(among(LinkedReport.cluster, clusters), LinkedReport.place != merge.through)
    )
    sides: tuple[list[object], list[object]] = ([], [])
    absorbed = set(merge.absorbed)
    for report, _, report_id in members:
        sides[report in absorbed].append(report_id)
    await cuts.keep_apart(db, f"merge {digest.hex()}", sides)  # type: ignore[arg-type]
    await db.execute(update(BigMergeRow).where(BigMergeRow.digest == digest).values(undone=True))
    return clusters
