"""What is the hub's state: for /readyz, /metrics and `cairn-hub doctor`, read afresh each time."""

import time
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.log import LeafKind
from hub.index.tables import ManifestRow
from hub.jobs import Backlog, backlog
from hub.services import Services
from hub.storage.database import StoreUnavailable
from hub.storage.revision import is_migrated
from hub.translog.nodes import log_size
from hub.translog.tables import PromisedLeaf, TranslogCheckpoint, TranslogLeaf


@dataclass(frozen=True, slots=True)
class LogState:
    """Where the log stands.

    promised      leaves that wait for their place
    lag_seconds   how long the oldest of them waits
    size          leaves that have one
    cosigned      leaves under the newest checkpoint that t trustees cosigned
    """

    promised: int
    lag_seconds: float
    size: int
    cosigned: int


@dataclass(frozen=True, slots=True)
class State:
    """The hub at one moment. `index_age_seconds` is None before the first publication."""

    log: LogState
    queues: list[Backlog]
    index_age_seconds: float | None


async def state(db: AsyncSession) -> State:
    """The log, the queues and the index."""
    oldest = func.coalesce(func.extract("epoch", func.now() - func.min(PromisedLeaf.promised_at)), 0)
    promised, lag = (await db.execute(select(func.count(), oldest).select_from(PromisedLeaf))).one()
    cosigned = await db.scalar(select(func.max(TranslogCheckpoint.size)).where(TranslogCheckpoint.complete))
    log = LogState(promised, float(lag), await log_size(db), cosigned or 0)
    published = await db.scalar(select(func.max(ManifestRow.published_at)))
    return State(log, await backlog(db), None if published is None else time.time() - published)


async def unready(services: Services) -> list[str]:
    """What keeps the hub from serving, by name: database, migrations, genesis. Empty if nothing does."""

    async def look(db: AsyncSession) -> list[str]:
        missing = []
        if not await is_migrated(db):
            missing.append("migrations")
        first = await db.scalar(select(TranslogLeaf.kind).where(TranslogLeaf.leaf_index == 0))
        if first != LeafKind.GENESIS.value:
            missing.append("genesis")
        return missing

    try:
        return await services.store.read("readiness", look)
    except StoreUnavailable:
        return ["database"]
