"""`cairn-hub trends`: make a snapshot now, and keep the calendar of control events."""

from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from hub.services import Services
from hub.verbs.saying import AsJson, Home, say, verb, with_services

if TYPE_CHECKING:
    from hub.trends.tables import SnapshotRow

app = typer.Typer(no_args_is_help=True, help="What analysts ask: snapshots of reports' codes.")


@app.command()
def snapshot(home: Home, as_json: AsJson = False) -> None:
    """Put together what is live and linked now, and answer the standing questions from it.

    Made by hand once: from then on one is made each month.
    """
    from hub.trends.standing import refresh

    with verb(as_json):

        async def work(services: Services) -> "SnapshotRow":
            return await refresh(services)

        row = with_services(home, work)
        say(
            as_json,
            f"snapshot {row.number}: {row.events} events of {len(row.groups)} groups.",
            number=row.number,
            events=row.events,
            groups=len(row.groups),
            digest=row.rows_digest.hex(),
        )


@app.command("control-event")
def control_event(
    home: Home,
    event_id: Annotated[str, typer.Option("--id", help="Short name, such as chips-2026.")],
    title: Annotated[str, typer.Option(help="What was controlled, and by whom.")],
    week: Annotated[str, typer.Option(help="ISO week it came into force, such as 2026-W05.")],
    item: Annotated[list[str], typer.Option(help="Number on the items list; repeat for more.")],
    destination: Annotated[list[str], typer.Option(help="Country goods are moved on by; repeat for more.")],
    control: Annotated[list[str], typer.Option(help="Country to compare with; repeat for more.")],
    as_json: AsJson = False,
) -> None:
    """Put a public control event on the calendar, so that analysts can ask for the surge after it."""
    from hub.trends import calendar
    from hub.trends.expressions import ControlEvent

    with verb(as_json):
        event = ControlEvent(event_id, title, week, tuple(item), tuple(destination), tuple(control))

        async def work(services: Services) -> None:
            async def body(db: AsyncSession) -> None:
                await calendar.put(db, event)

            await services.store.transact("control event", body)

        with_services(home, work)
        say(as_json, f"{event_id} is on the calendar", id=event_id)
