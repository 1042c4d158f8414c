"""A snapshot a month: the first by hand (`cairn-hub trends snapshot`), from then on as each month begins."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from typing import Final

import structlog

from hub.services import Services
from hub.trends.snapshots import newest_row
from hub.trends.standing import refresh

log = structlog.get_logger(__name__)

_PAUSE_SECONDS: Final = 600.0


@contextlib.asynccontextmanager
async def snapshotting(services: Services) -> AsyncIterator[None]:
    """Make what is due, in the background of the block."""
    task = asyncio.create_task(_keep_making(services))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep_making(services: Services) -> None:
    while True:
        await asyncio.sleep(_PAUSE_SECONDS)
        try:
            await make_if_due(services, dt.datetime.now(dt.UTC).date())
        except Exception as error:
            log.warning("snapshot_not_made", slug=getattr(error, "slug", "internal"), exc_info=error)


async def make_if_due(services: Services, today: dt.date) -> bool:
    """Make this month's if the last is of an earlier one. Whether it was."""
    last = await services.store.read("snapshots", newest_row)
    if last is None or last.month >= today.replace(day=1):
        return False
    await refresh(services, today)
    return True
