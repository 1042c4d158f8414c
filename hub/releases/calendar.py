"""What is released, to whom, and for which period: nothing is released that is not on this page.

Members get tables each month, the public one each quarter. A table is of the latest period that was over when the
snapshot was made, so nobody chooses a span of time.
Source: domain brief P9, P10.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cairn_protocol.messages.releases import ReleaseAudience
from cairn_protocol.messages.trends import Axis, Query, Step, TrendQuestion
from hub.trends.expressions import month_before
from hub.trends.refusals import UnknownQuestion
from hub.trends.snapshots import Snapshot


@dataclass(frozen=True, slots=True)
class Planned:
    """A table on the calendar. `question` is None for the public's, which is drawn with noise."""

    name: str
    title: str
    audience: ReleaseAudience
    question: TrendQuestion | None


CALENDAR: Final[Mapping[str, Planned]] = MappingProxyType(
    {
        planned.name: planned
        for planned in (
            Planned(
                "families",
                "Events by item family and quarter",
                ReleaseAudience.MEMBERS,
                TrendQuestion(query=Query.TRENDS, by=(Axis.FAMILY,), step=Step.QUARTER),
            ),
            Planned(
                "corridors",
                "Corridors of the last twelve months",
                ReleaseAudience.MEMBERS,
                TrendQuestion(query=Query.CORRIDORS, period="year"),
            ),
            Planned(
                "clearance",
                "Closed events that were cleared, by red flag, in the last twelve months",
                ReleaseAudience.MEMBERS,
                TrendQuestion(query=Query.CLEARANCE, by=(Axis.FLAG,), period="year"),
            ),
            Planned("tiers", "Events by CHPL tier, with noise", ReleaseAudience.PUBLIC, None),
        )
    }
)


def planned(name: str) -> Planned:
    """The table of that name. Raises UnknownQuestion."""
    found = CALENDAR.get(name)
    if found is None:
        raise UnknownQuestion("no table of that name is on the calendar")
    return found


def period_of(table: Planned, snapshot: Snapshot) -> str:
    """The latest month, or quarter for the public, that was over when the snapshot's month began."""
    month = month_before(snapshot.month, 1)
    if table.audience is ReleaseAudience.MEMBERS:
        return month
    year, number = int(month[:4]), int(month[5:])
    last = 4 * year + (number // 3) - 1
    return f"{last // 4}-Q{last % 4 + 1}"
