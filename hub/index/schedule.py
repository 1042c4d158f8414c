"""Publish on a fixed schedule, whoever files or syncs: when a version appears tells nothing of either."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.index.publishing import publish
from hub.index.tables import ManifestRow
from hub.services import Services

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 60.0


@contextlib.asynccontextmanager
async def publishing(hub: Services) -> AsyncIterator[None]:
    """Publish the index every `index_interval_seconds` in the background of the block.

    A version made by hand begins a new interval. A hub that has none publishes a minute after its start.
    """
    task = asyncio.create_task(_keep_publishing(hub))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep_publishing(hub: Services) -> None:
    began = time.time()
    while True:
        try:
            wait = await hub.store.read("schedule", lambda db: _seconds_left(db, hub, began))
            if wait <= 0:
                await publish(hub)
                continue
        except Exception as error:
            log.warning("index_not_published", slug=getattr(error, "slug", "internal"), exc_info=error)
            wait = PAUSE_SECONDS
        await asyncio.sleep(min(wait, PAUSE_SECONDS))


async def _seconds_left(db: AsyncSession, hub: Services, began: float) -> float:
    last = await db.scalar(select(func.max(ManifestRow.published_at)))
    due = began + PAUSE_SECONDS if last is None else last + hub.settings.index_interval_seconds
    return due - time.time()
