"""What is the hub's state: for /readyz, /metrics and `cairn-hub doctor`, read afresh each time."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.index import RecallReason
from cairn_protocol.messages.log import LeafKind
from hub.cards.tables import CardRow
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
class CardsState:
    """How many cards were ever made, and how many of them were recalled, by reason."""

    made: int
    recalled: Mapping[str, int]

    @property
    def wrong_joins(self) -> float:
        """The share of cards whose link a reviewer and an analyst found to be wrong."""
        return self.recalled.get(RecallReason.WRONG_JOIN.value, 0) / self.made if self.made else 0.0


@dataclass(frozen=True, slots=True)
class State:
    """The hub at one moment. `index_age_seconds` is None before the first publication."""

    log: LogState
    queues: list[Backlog]
    index_age_seconds: float | None
    cards: CardsState


async def state(db: AsyncSession) -> State:
    """The log, the queues, the index and the cards."""
    oldest = func.coalesce(func.extract("epoch", func.now() - func.min(PromisedLeaf.promised_at)), 0)
    promised, lag = (await db.execute(select(func.count(), oldest).select_from(PromisedLeaf))).one()
    cosigned = await db.scalar(select(func.max(TranslogCheckpoint.size)).where(TranslogCheckpoint.complete))
    log = LogState(promised, float(lag), await log_size(db), cosigned or 0)
    published = await db.scalar(select(func.max(ManifestRow.published_at)))
    age = None if published is None else time.time() - published
    return State(log, await backlog(db), age, await _cards(db))


async def _cards(db: AsyncSession) -> CardsState:
    counted = await db.execute(select(CardRow.gone, func.count()).group_by(CardRow.gone))
    by_reason: dict[str | None, int] = {row[0]: row[1] for row in counted}
    made = sum(by_reason.values())
    return CardsState(made, {reason: count for reason, count in by_reason.items() if reason is not None})


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
