"""Is this hub well? Each check says what it looked at and, if it is not well, what to do.

Nothing is changed. The database may be down, the hub may not be running: that is told too.
"""

import asyncio
import shutil
from dataclasses import dataclass
from typing import Final

import httpx2

from cairn_protocol.errors import ProtocolError
from hub.errors import HubError
from hub.health import State, state
from hub.home import exposed_files
from hub.services import Services, running_database
from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.embedded import EmbeddedPostgresFailed
from hub.storage.revision import is_migrated
from hub.translog.sequencer import links, trustee_client
from hub.translog.trustee_link import TrusteeLink

MANY_WRONG_JOINS: Final = 0.01
ENOUGH_CARDS: Final = 100  # to speak of a share
MIN_FREE_BYTES = 1 << 30
MOST_LAG_SECONDS = 60  # a receipt promises its place within a minute
MOST_QUEUE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Check:
    """One look at one thing. `advice` is empty if it is well."""

    name: str
    found: str
    advice: str = ""

    @property
    def ok(self) -> bool:
        return not self.advice


def examine(settings: Settings) -> list[Check]:
    """All checks, in the order in which to mend things. Blocks."""
    checks = [_key_files(settings), _disk(settings)]
    try:
        with running_database(settings) as url:
            return checks + asyncio.run(_examine(settings, url))
    except EmbeddedPostgresFailed as error:
        return [*checks, Check("database", error.detail, "See server.log in the home's postgres folder.")]


async def _examine(settings: Settings, url: str) -> list[Check]:
    try:
        async with Store.connect(url, settings) as store:
            migrated = await store.read("doctor", is_migrated)
    except HubError as error:
        return [Check("database", error.detail, "Start the database, or correct DATABASE_URL.")]
    checks = [Check("database", "it answers")]
    if not migrated:
        checks.append(Check("migrations", "not those of this version", "`cairn-hub serve` migrates."))
        return checks
    checks.append(Check("migrations", "up to date"))
    try:
        async with Services.open(settings, url) as services:
            checks.append(Check("genesis", "sealed, and it names this hub's key"))
            return checks + await _running_parts(services)
    except HubError as error:
        advice = "Seal the genesis, or restore the key files that belong to this database."
        return [*checks, Check("genesis", error.detail, advice)]


async def _running_parts(services: Services) -> list[Check]:
    now = await services.store.read("doctor", state)
    async with trustee_client(services.settings) as client:
        known = {link.keys.id: link for link in links(services, client)}
        trustees = await asyncio.gather(
            *(_trustee(one.id, known.get(one.id), now) for one in services.genesis.trustees)
        )
        index = _index(now, services.settings)
        return [
            _sequencer(now),
            *_queues(now),
            index,
            _cards(now),
            *trustees,
            await _server(services.settings, client),
        ]


def _key_files(settings: Settings) -> Check:
    exposed = exposed_files(settings)
    if exposed:
        names = ", ".join(file.name for file in exposed)
        return Check("key files", f"others can read {names}", f"chmod 600 them, in {settings.data}.")
    missing = [path.name for path in (settings.hub_key_path, settings.keys_path) if not path.exists()]
    if missing:
        return Check("key files", f"missing: {', '.join(missing)}", "Restore them from their backup.")
    return Check("key files", "there, for their owner alone")


def _disk(settings: Settings) -> Check:
    free = shutil.disk_usage(settings.data).free
    found = f"{free // (1 << 20)} MiB free"
    return Check(
        "disk", found, "" if free >= MIN_FREE_BYTES else "Make room: the database stops when it is full."
    )


def _sequencer(now: State) -> Check:
    log = now.log
    found = f"{log.size} leaves, {log.cosigned} cosigned, {log.promised} waiting for {log.lag_seconds:.0f} s"
    if log.lag_seconds > MOST_LAG_SECONDS:
        return Check(
            "sequencer", found, "Start `cairn-hub serve`; if it runs, its log says what it waits for."
        )
    if not log.cosigned:
        return Check("sequencer", found, "No state of the log has enough cosignatures: are the trustees up?")
    return Check("sequencer", found)


def _queues(now: State) -> list[Check]:
    return [
        Check(
            f"queue {queue.queue}",
            f"{queue.waiting + queue.running} jobs, the oldest {queue.oldest_seconds:.0f} s old",
            ""
            if queue.oldest_seconds < MOST_QUEUE_SECONDS
            else "The log of `cairn-hub serve` says why jobs fail.",
        )
        for queue in now.queues
    ]


def _index(now: State, settings: Settings) -> Check:
    if now.index_age_seconds is None:
        return Check("index", "not published yet: the server does it a minute after its start")
    found = f"published {now.index_age_seconds:.0f} s ago"
    late = now.index_age_seconds > settings.index_max_age_seconds / 2
    return Check(
        "index", found, "Members will soon take it for too old: is the server running?" if late else ""
    )


def _cards(now: State) -> Check:
    cards = now.cards
    found = f"{cards.made} made, {cards.wrong_joins:.1%} recalled as wrong joins"
    many = cards.made >= ENOUGH_CARDS and cards.wrong_joins >= MANY_WRONG_JOINS
    return Check("cards", found, "More than one in a hundred: see `cairn-hub common-values`." if many else "")


async def _trustee(name: str, link: TrusteeLink | None, now: State) -> Check:
    if link is None:
        return Check(f"trustee {name}", "no address", "Add it to CAIRN_HUB_TRUSTEES in settings.env.")
    try:
        size = await link.size()
    except HubError as error:
        return Check(f"trustee {name}", error.detail, "Ask its operator whether it is up.")
    except ProtocolError as error:
        return Check(f"trustee {name}", error.detail, "It says what is false. Tell the other trustees.")
    if size > now.log.size:
        return Check(
            f"trustee {name}",
            f"it has {size} leaves, more than the hub",
            "Was an old backup restored? Stop the hub.",
        )
    return Check(f"trustee {name}", f"it answers, with {size} leaves")


async def _server(settings: Settings, client: httpx2.AsyncClient) -> Check:
    url = f"http://{settings.host}:{settings.port}/readyz"
    try:
        answer = await client.get(url)
    except httpx2.HTTPError:
        return Check("server", "it does not answer", "Start `cairn-hub serve`.")
    if answer.status_code == 200:
        return Check("server", "ready")
    return Check("server", f"not ready: {answer.text[:200]}", "See the checks above, and its log.")
