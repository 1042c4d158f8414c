"""Figures for the operator (Prometheus). No label names a member, and none counts requests that were
answered: what members look up leaves no mark here (G4).
"""

import math

from fastapi import APIRouter, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    REGISTRY,
    Gauge,
    disable_created_metrics,
    generate_latest,
)

from hub.asked import Hub
from hub.health import State, state
from hub.storage.database import StoreUnavailable

router = APIRouter(tags=["operator"])

DATABASE_UP = Gauge("cairn_hub_database_up", "1 if the database answered just now.")
QUEUE_WAITING = Gauge("cairn_hub_queue_waiting", "Jobs that wait or run.", ["queue"])
QUEUE_AGE = Gauge("cairn_hub_queue_age_seconds", "Age of a queue's oldest open job.", ["queue"])
LOG_SIZE = Gauge("cairn_hub_log_size", "Leaves that have their place.")
LOG_COSIGNED = Gauge("cairn_hub_log_cosigned_size", "Leaves under the checkpoint that members are shown.")
LOG_PROMISED = Gauge("cairn_hub_log_promised", "Leaves that wait for their place.")
SEQUENCER_LAG = Gauge("cairn_hub_sequencer_lag_seconds", "How long the oldest promised leaf waits.")
INDEX_AGE = Gauge("cairn_hub_index_age_seconds", "Age of the newest version of the index; NaN without one.")
CARDS = Gauge("cairn_hub_cards_made", "Cards that were ever published.")
RECALLED = Gauge("cairn_hub_cards_recalled", "Cards that were recalled.", ["reason"])
WRONG_JOINS = Gauge("cairn_hub_wrong_join_ratio", "Share of cards whose link was found to be wrong.")

# The process's own load, and the moment a series began, would show when somebody asked for something.
for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
    REGISTRY.unregister(collector)
disable_created_metrics()


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus text", "content": {"text/plain": {}}}},
)
async def metrics(hub: Hub) -> Response:
    """Queue age, sequencer lag, index age, cards and how many were wrong, trustees up, refusals by slug."""
    try:
        show(await hub.store.read("metrics", state))
    except StoreUnavailable:
        DATABASE_UP.set(0)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def show(now: State) -> None:
    """Set the gauges that are read from the database."""
    DATABASE_UP.set(1)
    QUEUE_WAITING.clear()
    QUEUE_AGE.clear()
    for queue in now.queues:
        QUEUE_WAITING.labels(queue.queue).set(queue.waiting + queue.running)
        QUEUE_AGE.labels(queue.queue).set(queue.oldest_seconds)
    LOG_SIZE.set(now.log.size)
    LOG_COSIGNED.set(now.log.cosigned)
    LOG_PROMISED.set(now.log.promised)
    SEQUENCER_LAG.set(now.log.lag_seconds)
    CARDS.set(now.cards.made)
    RECALLED.clear()
    for reason, count in now.cards.recalled.items():
        RECALLED.labels(reason).set(count)
    WRONG_JOINS.set(now.cards.wrong_joins)
    INDEX_AGE.set(math.nan if now.index_age_seconds is None else now.index_age_seconds)
