"""What is the hub's state: for /readyz, /metrics and `cairn-hub doctor`, read afresh each time."""

from dataclasses import dataclass

from alembic.script import ScriptDirectory
from cairn_protocol.messages.log import LeafKind
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from hub.jobs import Backlog, backlog
from hub.services import Services
from hub.storage.database import StoreUnavailable
from hub.storage.migrate import migrations_folder
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
    """The hub at one moment."""

    log: LogState
    queues: list[Backlog]


async def state(db: AsyncSession) -> State:
    """The log and the queues."""
    oldest = func.coalesce(func.extract("epoch", func.now() - func.min(PromisedLeaf.promised_at)), 0)
    promised, lag = (await db.execute(select(func.count(), oldest).select_from(PromisedLeaf))).one()
    cosigned = await db.scalar(select(func.max(TranslogCheckpoint.size)).where(TranslogCheckpoint.complete))
    log = LogState(promised, float(lag), await log_size(db), cosigned or 0)
    return State(log, await backlog(db))


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


async def is_migrated(db: AsyncSession) -> bool:
    """Whether the database has the tables of this version, neither older nor newer ones."""
    newest = ScriptDirectory(str(migrations_folder())).get_current_head()
    return await db.scalar(text("SELECT version_num FROM alembic_version")) == newest
