"""A snapshot, and the standing questions answered from it before anybody asks another.

What is told first is told for good, and later questions give way where the two together would tell too much. So
what everybody expects each month comes first, surges of dated controls before all: one analyst's
curiosity can't crowd it out.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.trends import Axis, Query, Step, TrendQuestion
from hub.services import Services
from hub.trends.answering import ANALYSTS, answer
from hub.trends.calendar import events
from hub.trends.expressions import ControlEvent
from hub.trends.refusals import UnknownQuestion
from hub.trends.snapshots import make
from hub.trends.tables import SnapshotRow

STANDING: Final = (
    TrendQuestion(query=Query.CORRIDORS, period="year"),
    TrendQuestion(query=Query.CLEARANCE, by=(Axis.FLAG,), period="year"),
    TrendQuestion(query=Query.TRENDS, by=(Axis.FAMILY,), step=Step.QUARTER),
)


async def refresh(services: Services, today: dt.date | None = None) -> SnapshotRow:
    """Make a snapshot and answer the standing questions from it. Raises as `make` and `answer`."""

    async def body(db: AsyncSession) -> Sequence[ControlEvent]:
        return await events(db)

    row = await make(services, today)
    for event in await services.store.read("control events", body):
        try:
            await answer(services, TrendQuestion(query=Query.SURGE, event=event.id), ANALYSTS)
        except UnknownQuestion:
            continue  # its eight weeks are not over
    for question in STANDING:
        await answer(services, question, ANALYSTS)
    return row
