"""Runs the log beside the requests: gives places, and gets the trustees' cosignatures.

Both go on by themselves. Places never wait for a trustee. Every trustee is visited on its
own, and asked again later and later while it fails, so one that is down, slow or lying
holds up no other; as long as t answer, the log that members see goes on.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import httpx2
import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import ProtocolError
from cairn_protocol.messages.log import Entries
from hub.errors import HubError
from hub.services import Services
from hub.settings import Settings
from hub.storage.database import StoreUnavailable
from hub.translog.checkpoints import Target, keep_cosignature, newest
from hub.translog.leadership import leadership
from hub.translog.nodes import leaves_from, log_size
from hub.translog.sequence import BATCH, sequence
from hub.translog.trustee_link import LogBehind, TrusteeLink

log = structlog.get_logger(__name__)

TRUSTEE_UP = Gauge("cairn_hub_trustee_up", "1 if the trustee's last answer was good.", ["trustee"])
TRUSTEE_FAULTS = Counter("cairn_hub_trustee_faults", "Visits to a trustee that failed.", ["trustee", "slug"])

# Any number will do, as long as no other lock of ours has it.
SEQUENCER_LOCK = 0x7365_7175_656E

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 10.0

# With nothing to cosign a trustee is still asked now and then, so that the operator sees it is up.
IDLE_SECONDS = 15.0

RESTART_SECONDS = 1.0


@dataclass(slots=True)
class _Trustee:
    """What the sequencer remembers of a trustee between visits. Times are the event loop's."""

    link: TrusteeLink
    visit: asyncio.Task[bool] | None = None
    failures: int = 0
    resting_until: float = 0.0
    seen_at: float = float("-inf")

    def is_due(self, target: Target, now: float) -> bool:
        if (self.visit is not None and not self.visit.done()) or now < self.resting_until:
            return False
        return self.link.keys.id not in target.cosigners or now - self.seen_at >= IDLE_SECONDS

    def succeeded(self, now: float) -> None:
        self.failures, self.resting_until, self.seen_at = 0, 0.0, now

    def failed(self, now: float) -> None:
        self.resting_until = now + min(
            LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(self.failures, 16)
        )
        self.failures += 1


class Sequencer:
    """Of one process. Only the process that holds the database's lock works; the others stand by.

    behind  whether a trustee proved that this log is an old backup: then nothing gets a place
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._trustees: list[_Trustee] = []
        self.behind = False

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work in the background of the block. What is under way at its end is done again at the next start."""
        async with trustee_client(self._services.settings) as client:
            self._trustees = [_Trustee(link) for link in links(self._services, client)]
            working = asyncio.create_task(self._keep_leading())
            try:
                yield
            finally:
                await _end([working, *(one.visit for one in self._trustees if one.visit)])

    async def _keep_leading(self) -> None:
        """Lead while this process holds the lock; begin again after the database was gone."""
        while True:
            try:
                async with leadership(self._services.store.engine, SEQUENCER_LOCK) as lost:
                    await self._lead(lost)
            except Exception as error:
                log.warning("sequencer_interrupted", exc_info=error)
            await asyncio.sleep(RESTART_SECONDS)

    async def _lead(self, lost: asyncio.Task[None]) -> None:
        await self._look_for_newer_log()
        duties = [asyncio.create_task(self._keep_placing()), asyncio.create_task(self._keep_visiting())]
        try:
            done, _ = await asyncio.wait([lost, *duties], return_when=asyncio.FIRST_COMPLETED)
            for ended in done:
                ended.result()
        finally:
            await _end(duties)

    async def _look_for_newer_log(self) -> None:
        """Before the first place is given: whether a trustee knows a longer log of ours.

        Those that are slow to answer are not waited for; their first visit tells it too.
        """
        store = self._services.store
        size = await store.read("log size", log_size)

        async def look(link: TrusteeLink) -> None:
            try:
                if await link.size() > size:
                    await link.check_not_ahead(size)
            except (HubError, ProtocolError) as error:
                self._note(link, error)

        looks = [asyncio.create_task(look(one.link)) for one in self._trustees]
        if looks:
            await asyncio.wait(looks, timeout=self._services.settings.trustee_connect_seconds)
        await _end(looks)

    async def _keep_placing(self) -> None:
        store, genesis, hub_key = self._services.store, self._services.genesis, self._services.hub_key

        async def place(db: AsyncSession) -> int:
            return await sequence(db, genesis.origin, hub_key)

        while True:
            while not self.behind and await store.transact("sequence", place) == BATCH:
                continue
            await asyncio.sleep(self._services.settings.sequencer_seconds)

    async def _keep_visiting(self) -> None:
        store, origin = self._services.store, self._services.genesis.origin
        while True:
            target = await store.transact("newest checkpoint", lambda db: newest(db, origin))
            if target is not None:
                await self._visit_all(target)
            await asyncio.sleep(self._services.settings.sequencer_seconds)

    async def _visit_all(self, target: Target) -> None:
        """Visit every trustee that is due; return once the checkpoint is complete or all answered.

        All are shown one checkpoint: were each shown the newest of its moment, none might get t.
        """
        now = asyncio.get_running_loop().time()
        visits: set[asyncio.Task[bool]] = set()
        for trustee in self._trustees:
            if trustee.is_due(target, now):
                trustee.visit = asyncio.create_task(self._visit(trustee, target))
                visits.add(trustee.visit)
        while visits:
            done, visits = await asyncio.wait(visits, return_when=asyncio.FIRST_COMPLETED)
            if any(visit.result() for visit in done):
                return

    async def _visit(self, trustee: _Trustee, target: Target) -> bool:
        """One visit; returns whether it made the checkpoint complete."""
        link, loop = trustee.link, asyncio.get_running_loop()
        complete = False
        try:
            if link.keys.id not in target.cosigners:
                complete = await self._get_cosignature(link, target)
            elif await link.size() > target.checkpoint.size:
                await link.check_not_ahead(target.checkpoint.size)
        except StoreUnavailable:
            return False  # no fault of the trustee's
        except Exception as error:  # whatever a trustee does to us, the others are visited
            log.warning("trustee_failed", trustee=link.keys.id, slug=slug_of(error), exc_info=error)
            self._note(link, error)
            trustee.failed(loop.time())
        else:
            TRUSTEE_UP.labels(link.keys.id).set(1)
            trustee.succeeded(loop.time())
        return complete

    async def _get_cosignature(self, link: TrusteeLink, target: Target) -> bool:
        store, t, size = self._services.store, self._services.genesis.t, target.checkpoint.size

        async def read_leaves(start: int, count: int) -> Entries:
            return await store.read("leaves to push", lambda db: leaves_from(db, start, count))

        line = await link.cosign(target, read_leaves)

        async def keep(db: AsyncSession) -> bool:
            return await keep_cosignature(db, size, link.keys.id, line, t)

        return await store.transact("keep cosignature", keep)

    def _note(self, link: TrusteeLink, error: Exception) -> None:
        """Name a trustee that failed, and stop giving places if it showed that this log is an old backup."""
        TRUSTEE_UP.labels(link.keys.id).set(0)
        TRUSTEE_FAULTS.labels(link.keys.id, slug_of(error)).inc()
        if isinstance(error, LogBehind) and not self.behind:
            self.behind = True
            log.error("log_behind", trustee=link.keys.id)


def slug_of(error: Exception) -> str:
    """What to call a failure."""
    return str(getattr(error, "slug", "internal"))


def links(services: Services, client: httpx2.AsyncClient) -> list[TrusteeLink]:
    """A link to every trustee of the genesis that the settings have an address for."""
    settings, genesis = services.settings, services.genesis
    return [
        TrusteeLink(
            keys,
            settings.trustees[keys.id],
            genesis,
            services.hub_key,
            client,
            settings.trustee_answer_seconds,
        )
        for keys in genesis.trustees
        if keys.id in settings.trustees
    ]


@contextlib.asynccontextmanager
async def trustee_client(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """The HTTP client for trustees, with short limits. No proxy: they are called where the settings say."""
    patience = httpx2.Timeout(settings.trustee_answer_seconds, connect=settings.trustee_connect_seconds)
    async with httpx2.AsyncClient(timeout=patience, trust_env=False) as client:
        yield client


async def _end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended."""
    pending = list(tasks)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
