"""Figures of a local Cairn: a snapshot, a control event on the calendar, and tables that two analysts released."""

import asyncio
import datetime as dt
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from cairn import AsyncHub, releases
from cairn.client.trends import TrendsClient
from hub.jobs.backlog import backlog
from hub.services import Services
from hub.trends import calendar
from hub.trends.standing import refresh
from hub.trends.tables import SnapshotRow
from hub.verbs.saying import with_services
from local.corridors import control_event
from local.processes import CommandFailed
from local.town import ANALYSTS, Town

RELEASED: Final = ("families", "corridors", "clearance", "tiers")
_PATIENCE_SECONDS: Final = 60


def take_snapshot(place: Town, today: dt.date) -> SnapshotRow:
    """What the operator does with `cairn-hub trends`, once all that was filed is linked."""

    async def work(hub: Services) -> SnapshotRow:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while await hub.store.read("backlog", backlog):
                await asyncio.sleep(0.2)

        async def put(db: AsyncSession) -> None:
            await calendar.put(db, control_event(today))

        await hub.store.transact("control event", put)
        return await refresh(hub)

    return with_services(place.hub, work)


async def release_all(place: Town) -> list[str]:
    """One analyst drafts each table and agrees, the other reads it and agrees; returns their ids once in force."""
    async with AsyncHub(place.party(ANALYSTS[0])) as one, AsyncHub(place.party(ANALYSTS[1])) as other:
        author, second = await one.session(), await other.session()
        client = TrendsClient(author.connection)
        wanted = []
        for name in RELEASED:
            table = await client.draft(name)
            wanted.append(table.release)
            await releases.agree(author, table.release)
            await releases.agree(second, table.release)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while not await _in_force(client, wanted):
                    await asyncio.sleep(0.3)
        except TimeoutError:
            raise CommandFailed("releases are not in force within a minute") from None
    return wanted


async def _in_force(client: TrendsClient, wanted: list[str]) -> bool:
    standing: list[dict[str, Any]] = await client.drafts()
    return set(wanted) <= {one["release"] for one in standing if one["in_force"]}
