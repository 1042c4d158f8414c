"""What firms said of their own reports, as far as it counts now.

A clearance counts for 180 days, a dispute until the report is amended, taken back or cut. Both count while the
revision they name is the latest: only that one is linked.
Source: domain brief 4.2, 4.5.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.corrections import Said, cleared_since
from hub.reports.bulk import among
from hub.reports.tables import ReportRow, StatementRow

_TURNED: Final = text(
    "SELECT DISTINCT linked.cluster FROM statements s JOIN reports r"
    " ON r.digest = s.digest AND r.member_id = s.member_id AND r.report_id = s.report_id"
    " JOIN linked_reports linked ON linked.report = r.number"
    " WHERE s.shown <> (s.said <> 'CLEARED' OR s.week >= :since)"
)
_SHOWN: Final = text(
    "UPDATE statements SET shown = (said <> 'CLEARED' OR week >= :since)"
    " WHERE shown <> (said <> 'CLEARED' OR week >= :since)"
)


async def statements_on(db: AsyncSession, numbers: Collection[int], now: int) -> Mapping[int, set[Said]]:
    """What counts of each of these reports, by its number."""
    rows = (
        select(ReportRow.number, StatementRow.said, StatementRow.week)
        .join(
            StatementRow,
            (StatementRow.digest == ReportRow.digest)
            & (StatementRow.member_id == ReportRow.member_id)
            & (StatementRow.report_id == ReportRow.report_id),
        )
        .where(among(ReportRow.number, numbers))
    )
    said: dict[int, set[Said]] = defaultdict(set)
    for number, word, week in await db.execute(rows):
        if word != Said.CLEARED or week >= cleared_since(now):
            said[number].add(Said(word))
    return said


async def clusters_to_tell(db: AsyncSession, now: int) -> set[int]:
    """The clusters of which something was said, or has lapsed, since cards were last made."""
    return set(await db.scalars(_TURNED, {"since": cleared_since(now)}))


async def told(db: AsyncSession, now: int) -> None:
    """Cards have been made with everything in mind that counts now."""
    await db.execute(_SHOWN, {"since": cleared_since(now)})
