"""Cases: subjects that two groups or more reported, as analysts see them: tags and codes only.

No name, no member, no date finer than a week of the quarter: groups and events in bands, why the
reports are linked, and the reports' ids, for an opening asks for reports.
"""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.index import band
from hub.cards.insight import MIN_GROUPS, Insight, insight_into
from hub.cards.subjects import subjects_of
from hub.linkage.tables import ClusterRow, LinkedReport
from hub.reports.tables import ReportRow, SealedRow
from hub.storage.envelopes import Envelopes

MOST_CASES = 500
# Every group deals in everything here: coverage is a rule about what members are shown.
_NO_COVERAGE_RULE = {f"group-{number}": frozenset({"ALL"}) for number in range(5)}


@dataclass(frozen=True, slots=True)
class Case:
    """One subject. `reports`: the ids of its reports that have a sealed part."""

    cluster: int
    insight: Insight
    reports: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The object `cairn analyst cases --json` prints."""
        return {
            "case": self.cluster,
            "groups": self.insight.groups,
            "events": self.insight.events,
            "evidence": self.insight.evidence.value,
            "families": list(self.insight.families),
            "sectors": list(self.insight.sectors),
            "first": self.insight.first,
            "last": self.insight.last,
            "linked_by": [kind.value for kind in self.insight.linked_by],
            "stages": [stage.value for stage in self.insight.stages],
            "cleared": self.insight.cleared,
            "typologies": [
                {"code": hit.code, "groups": band(hit.groups), **hit.facts} for hit in self.insight.hits
            ],
            "reports": list(self.reports),
        }


async def cases(db: AsyncSession, envelopes: Envelopes) -> list[Case]:
    """The cases, those with most groups first."""
    largest = (
        select(ClusterRow.id)
        .where(ClusterRow.size > 0, func.cardinality(ClusterRow.groups) >= MIN_GROUPS)
        .order_by(func.cardinality(ClusterRow.groups).desc(), ClusterRow.id)
        .limit(MOST_CASES)
    )
    clusters = list(await db.scalars(largest))
    subjects = await subjects_of(db, envelopes, clusters, int(time.time()))
    reports = await _reports(db, clusters)
    found = []
    for cluster in clusters:
        insight = insight_into(subjects[cluster].reports, _NO_COVERAGE_RULE) if cluster in subjects else None
        if insight is not None:
            found.append(Case(cluster, insight, tuple(reports.get(cluster, ()))))
    return found


async def _reports(db: AsyncSession, clusters: list[int]) -> dict[int, list[str]]:
    """The ids of sealed reports, by cluster."""
    rows = await db.execute(
        select(LinkedReport.cluster, ReportRow.report_id)
        .join(ReportRow, ReportRow.number == LinkedReport.report)
        .join(SealedRow, SealedRow.report == ReportRow.number)
        .where(LinkedReport.cluster.in_(clusters))
        .order_by(LinkedReport.cluster, LinkedReport.place)
    )
    by_cluster: dict[int, list[str]] = {}
    for cluster, report_id in rows:
        by_cluster.setdefault(cluster, []).append(str(report_id))
    return by_cluster
