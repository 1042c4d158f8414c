"""One process of the hub has a duty at a time: whoever holds an advisory lock of the database.

The lock is its connection's. If the process dies the database frees it, and another takes over.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

WATCH_SECONDS = 1.0


@contextlib.asynccontextmanager
async def leadership(engine: AsyncEngine, lock: int) -> AsyncIterator[asyncio.Task[None]]:
    """Wait for the lock and hold it for the block.

    Gives a task that fails as soon as the connection, and with it the lock, is gone: then
    the block must end. Raises what the driver raises if the database can't be reached.
    """
    async with engine.connect() as opened:
        connection = await opened.execution_options(isolation_level="AUTOCOMMIT")
        while not await connection.scalar(select(func.pg_try_advisory_lock(lock))):
            await asyncio.sleep(WATCH_SECONDS)
        watch = asyncio.create_task(_watch(connection))
        try:
            yield watch
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            with contextlib.suppress(Exception):
                await connection.execute(select(func.pg_advisory_unlock(lock)))


async def _watch(connection: AsyncConnection) -> None:
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        await connection.execute(select(1))
