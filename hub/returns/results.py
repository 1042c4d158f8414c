"""What returns said: the published figures of every opened period, for whoever computes with them.

    for period in await results(db): period.figures["handled"], period.intervals["handled"], period.groups

A cell that is not in `figures` is below its floor or below the caps' reach, not zero.
Not here: how a sum is closed and opened (`closing`, `opening`), the table's rules (`cairn_protocol.sum_figures`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.returns import Caps, ReturnTerms, SumResult, SumState
from cairn_protocol.messages.wire import decode
from cairn_protocol.returns_layout import layout_of
from cairn_protocol.sum_figures import total_variance
from hub.returns.tables import ReturnPeriodRow


@dataclass(frozen=True, slots=True)
class PeriodResult:
    """The opened sum of one period.

    period     the calendar month, "2026-10"
    layout     the layout's version (`returns_layout.LAYOUTS`)
    groups     how many groups are in the sum
    caps       the most one group may count, by class of counter
    figures    the noisy sum of every published cell, by the cell's name; empty if the sum is void
    intervals  for each of these the interval that holds 95 of 100 true sums
    sigma      standard deviation of the noise in a sum: the same for every class
    margin     how far noise may carry a sum: a cell is published if it exceeds 4 caps by more
    withheld   how many cells are not published
    void       whether the sum lay where honest returns can't bring it: then nothing is published
    """

    period: str
    layout: int
    groups: int
    caps: Caps
    figures: Mapping[str, int]
    intervals: Mapping[str, tuple[int, int]]
    sigma: float
    margin: int
    withheld: int
    void: bool


async def results(db: AsyncSession) -> list[PeriodResult]:
    """Every opened period, oldest first."""
    rows = await db.scalars(
        select(ReturnPeriodRow).where(ReturnPeriodRow.result.is_not(None)).order_by(ReturnPeriodRow.period)
    )
    return [_told(row.terms, row.result or b"") for row in rows]


def _told(raw_terms: bytes, raw_result: bytes) -> PeriodResult:
    terms, result = decode(raw_terms, ReturnTerms), decode(raw_result, SumResult)
    return PeriodResult(
        period=result.period,
        layout=result.layout,
        groups=result.groups,
        caps=terms.caps,
        figures=MappingProxyType({figure.cell: figure.value for figure in result.figures}),
        intervals=MappingProxyType({figure.cell: (figure.low, figure.high) for figure in result.figures}),
        sigma=sqrt(total_variance(terms, layout_of(terms))),
        margin=result.margin,
        withheld=result.withheld,
        void=result.state is SumState.VOID,
    )
