"""The calendar of control events: dated, public acts that surges are measured from. The operator keeps it."""

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.codes import COUNTRIES, items
from hub.trends.expressions import ControlEvent
from hub.trends.refusals import UnknownQuestion
from hub.trends.rows import first_day
from hub.trends.tables import ControlEventRow


async def put(db: AsyncSession, event: ControlEvent) -> None:
    """Put an event on the calendar. One that is there stays as it is: answers refer to it.

    Raises UnknownQuestion for a week, item or country that is on no list.
    """
    try:
        first_day(event.week)
    except ValueError:
        raise UnknownQuestion("a week is written like 2026-W05") from None
    if not event.items or not set(event.items) <= items().by_number.keys():
        raise UnknownQuestion("items of a control event are numbers of the items list")
    if not event.destinations or not event.controls or set(event.destinations) & set(event.controls):
        raise UnknownQuestion("goods go to some countries and, for the control, to others")
    if not {*event.destinations, *event.controls} <= COUNTRIES:
        raise UnknownQuestion("a country that is not in ISO 3166-1")
    told = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(event).items()}
    await db.execute(insert(ControlEventRow).values(**told).on_conflict_do_nothing())


async def events(db: AsyncSession) -> list[ControlEvent]:
    """Every event, the newest first."""
    rows = await db.scalars(select(ControlEventRow).order_by(ControlEventRow.week.desc(), ControlEventRow.id))
    return [
        ControlEvent(
            row.id, row.title, row.week, tuple(row.items), tuple(row.destinations), tuple(row.controls)
        )
        for row in rows
    ]
