"""What a reviewer sees: subjects of several reports, those in dispute first, and where each would come apart.

Codes, bands, report ids and tags; no name and no member. A tag stands here so that the reviewer can sign that it is
common; every member reads it in the manifest afterwards.
"""

import time
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.index import band
from hub.cards.subjects import Subject, subjects_of
from hub.corrections.splitting import contacts, split
from hub.linkage.events import events_of, groups_of
from hub.linkage.tables import ClusterRow, LinkedReport
from hub.reports.bulk import among
from hub.reports.tables import ReportRow
from hub.storage.envelopes import Envelopes

MOST_CASES: Final = 200
_DISPUTED_FIRST: Final = text(
    "EXISTS (SELECT 1 FROM linked_reports linked JOIN reports r ON r.number = linked.report"
    " JOIN statements s ON s.digest = r.digest WHERE linked.cluster = clusters.id AND s.said = 'NOT-OURS') DESC"
)


@dataclass(frozen=True, slots=True)
class Disputable:
    """A subject as a reviewer judges it. `reports` in the order in which they were linked."""

    cluster: int
    subject: Subject
    reports: tuple[UUID, ...]

    def as_json(self) -> dict[str, Any]:
        """The object `cairn reviewer list --json` prints."""
        told = self.subject.reports
        apart = split([report.tags for report in told])
        return {
            "case": self.cluster,
            "groups": band(len(groups_of(events_of([report.seen for report in told])))),
            "families": sorted({report.family for report in told}),
            "disputed": [str(self.reports[at]) for at, report in enumerate(told) if report.disputed],
            "reports": [str(report) for report in self.reports],
            "parts": [[str(self.reports[at]) for at in part] for part in apart],
            "contacts": {
                tag.hex(): [str(self.reports[at]) for at in having]
                for tag, having in contacts([report.tags for report in told]).items()
            },
        }


async def disputable(db: AsyncSession, envelopes: Envelopes, case: int | None = None) -> list[Disputable]:
    """The subjects of two reports or more, the disputed first, then the largest; or the one asked for."""
    wanted = select(ClusterRow.id).where(ClusterRow.size > 1)
    if case is not None:
        wanted = wanted.where(ClusterRow.id == case)
    largest = wanted.order_by(_DISPUTED_FIRST, func.cardinality(ClusterRow.groups).desc(), ClusterRow.id)
    clusters = list(await db.scalars(largest.limit(MOST_CASES)))
    subjects = await subjects_of(db, envelopes, clusters, int(time.time()))
    ids = await _ids(db, clusters)
    return [
        Disputable(cluster, subjects[cluster], tuple(ids[cluster]))
        for cluster in clusters
        if cluster in subjects
    ]


async def _ids(db: AsyncSession, clusters: list[int]) -> dict[int, list[UUID]]:
    rows = (
        select(LinkedReport.cluster, ReportRow.report_id)
        .join(ReportRow, ReportRow.number == LinkedReport.report)
        .where(among(LinkedReport.cluster, clusters))
        .order_by(LinkedReport.cluster, LinkedReport.place)
    )
    found: dict[int, list[UUID]] = {}
    for cluster, report_id in await db.execute(rows):
        found.setdefault(cluster, []).append(report_id)
    return found
