"""The sequencer: every promised leaf gets one place, and no trustee holds up the others."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.checkpoint import Checkpoint, cosign, sign_checkpoint
from cairn_protocol.errors import BadRoster
from cairn_protocol.merkle import root_of
from cairn_protocol.messages.log import LeafKind, LogEntry, PushAnswer, hash_of
from hub.founding import begin
from hub.settings import Settings
from hub.storage.database import Store
from hub.translog.leadership import leadership
from hub.translog.promise import promise_all
from hub.translog.sequence import sequence
from hub.translog.sequencer import TRUSTEE_FAULTS
from tests.support.cosigner import Cosigner
from tests.support.hub import RunningHub, hub_settings, in_database, running_hub, until
from tests.support.parties import parties

ROOT = Path(__file__).parents[2]
ORIGIN = parties().genesis.origin


def reports(count: int, name: str = "report") -> list[LogEntry]:
    return [
        LogEntry(kind=LeafKind.REPORT, digest=f"{name} {at}".encode().ljust(32), content=None)
        for at in range(count)
    ]


def promise_in(hub: RunningHub, entries: list[LogEntry]) -> None:
    in_database(hub.settings, lambda db: promise_all(db, entries))


def url_of(hub: RunningHub) -> str:
    assert hub.settings.database_url is not None
    return hub.settings.database_url.get_secret_value()


def leaves_in(url: str) -> list[bytes]:
    """The leaf hashes in the order of their places, which must be 0, 1, 2, ..."""
    with psycopg.connect(url) as db:
        rows = db.execute("SELECT leaf_index, leaf_hash FROM translog_leaves ORDER BY leaf_index").fetchall()
    assert [index for index, _ in rows] == list(range(len(rows)))
    return [leaf_hash for _, leaf_hash in rows]


def checkpoint_in(url: str) -> tuple[int, bytes]:
    with psycopg.connect(url) as db:
        row = db.execute("SELECT size, root FROM translog_checkpoints ORDER BY size DESC LIMIT 1").fetchone()
    assert row is not None
    return row[0], row[1]


async def place_all(store: Store) -> None:
    while await store.transact("sequence", lambda db: sequence(db, ORIGIN, parties().hub_key, 100)):
        pass


@pytest.mark.anyio
async def test_leaves_get_places_in_the_order_of_their_promises(store: Store, database_url: str) -> None:
    entries = reports(350)
    for at in range(0, 350, 7):
        await store.transact("promise", lambda db, at=at: promise_all(db, entries[at : at + 7]))  # type: ignore[misc]
        if at % 100 == 0:
            await place_all(store)
    await place_all(store)

    leaves = leaves_in(database_url)
    assert leaves == [hash_of(entry.kind, entry.digest) for entry in entries]
    assert checkpoint_in(database_url) == (350, root_of(leaves))


@pytest.mark.anyio
async def test_two_sequencers_at_once_give_no_place_twice(store: Store, database_url: str) -> None:
    """Not even if both take themselves for the one that leads."""
    await store.transact("promise", lambda db: promise_all(db, reports(300)))

    await asyncio.gather(*(place_all(store) for _ in range(4)))

    leaves = leaves_in(database_url)
    assert len(set(leaves)) == len(leaves) == 300
    assert checkpoint_in(database_url) == (300, root_of(leaves))


@pytest.mark.anyio
async def test_a_leaf_that_has_its_place_gets_no_second(store: Store, database_url: str) -> None:
    """A retry may promise it again in the moment in which it is moved."""
    for _ in range(3):
        await store.transact("promise", lambda db: promise_all(db, reports(5)))
        await place_all(store)

    assert len(leaves_in(database_url)) == 5
    with psycopg.connect(database_url) as db:
        assert db.execute("SELECT count(*) FROM translog_promised").fetchone() == (0,)


@pytest.mark.anyio
async def test_a_turn_that_fails_on_its_way_changes_nothing(store: Store, database_url: str) -> None:
    await store.transact("promise", lambda db: promise_all(db, reports(5)))

    async def broken(db: AsyncSession) -> None:
        await sequence(db, ORIGIN, parties().hub_key)
        raise RuntimeError("just before the commit")

    with pytest.raises(RuntimeError):
        await store.transact("sequence", broken)
    assert leaves_in(database_url) == []

    await place_all(store)
    assert len(leaves_in(database_url)) == 5


@pytest.mark.anyio
async def test_only_one_process_leads(store: Store) -> None:
    led: list[str] = []

    async def lead(name: str, enough: asyncio.Event) -> None:
        async with leadership(store.engine, 7):
            led.append(name)
            await enough.wait()

    first, second = asyncio.Event(), asyncio.Event()
    tasks = [asyncio.create_task(lead("first", first))]
    await eventually(lambda: led == ["first"])
    tasks.append(asyncio.create_task(lead("second", second)))
    await asyncio.sleep(1.5)
    assert led == ["first"]

    first.set()
    await eventually(lambda: led == ["first", "second"])
    second.set()
    await asyncio.gather(*tasks)


@pytest.mark.anyio
async def test_a_leader_whose_connection_is_gone_learns_it(store: Store, database_url: str) -> None:
    async with leadership(store.engine, 7) as lost:
        with psycopg.connect(database_url, autocommit=True) as db:
            db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7"
            )
        await eventually(lost.done)
        assert lost.exception() is not None


async def eventually(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not happened():
            await asyncio.sleep(0.02)


FILING_AND_SEQUENCING = """
import asyncio, pathlib, sys
from cairn_protocol.messages.log import LeafKind, LogEntry
from hub.settings import Settings
from hub.storage.database import Store
from hub.translog.promise import promise_all
from hub.translog.sequence import sequence
from tests.support.parties import parties

async def main(url, name):
    async with Store.connect(url, Settings(data=pathlib.Path("/"))) as store:
        async def file():
            for at in range(100_000):
                digest = f"{name} {at}".encode().ljust(32)
                await store.transact("promise", lambda db: promise_all(
                    db, [LogEntry(kind=LeafKind.REPORT, digest=digest, content=None)]))
                print(digest.hex(), flush=True)  # the receipt
        async def place():
            while True:
                await store.transact("sequence", lambda db: sequence(db, "cairn.example/log", parties().hub_key, 10))
                await asyncio.sleep(0)
        await asyncio.gather(file(), place())

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.anyio
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_kill_9_loses_no_acknowledged_leaf_and_gives_no_place_twice(
    store: Store, database_url: str, seed: int
) -> None:
    """G7: whatever was acknowledged is in the log once, and the log is whole."""
    acknowledged = await asyncio.to_thread(killed_midway, database_url, f"seed {seed}", random.Random(seed))
    await place_all(store)

    leaves = leaves_in(database_url)
    assert len(set(leaves)) == len(leaves)
    assert {hash_of(LeafKind.REPORT, digest) for digest in acknowledged} <= set(leaves)
    assert len(leaves) - len(acknowledged) <= 1  # at most one was committed and not yet told
    assert checkpoint_in(database_url) == (len(leaves), root_of(leaves))


def killed_midway(url: str, name: str, dice: random.Random) -> list[bytes]:
    """File and sequence in a process that is killed at some moment; what it acknowledged."""
    path = os.pathsep.join([str(ROOT / "protocol/src"), str(ROOT)])
    process = subprocess.Popen(
        [sys.executable, "-c", FILING_AND_SEQUENCING, url, name],
        env={"PYTHONPATH": path}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    enough, acknowledged = dice.randrange(20, 120), []
    for line in process.stdout:
        acknowledged.append(bytes.fromhex(line))
        if len(acknowledged) == enough:
            process.send_signal(signal.SIGKILL)
    process.wait()
    return acknowledged


def cosigners() -> dict[str, Cosigner]:
    return {name: Cosigner(parties(), name) for name in parties().trustee_keys}


def faults(trustee: str, slug: str) -> float:
    return float(TRUSTEE_FAULTS.labels(trustee, slug)._value.get())


def test_a_trustee_that_is_down_stops_nobody_and_catches_up(database_url: str, tmp_path: Path) -> None:
    trustees = cosigners()
    trustees["t3"].down = True
    with running_hub(database_url, tmp_path, parties(), cosigners=trustees) as hub:
        promise_in(hub, reports(2_500))
        until(lambda: hub.checkpoint().checkpoint.size == 2_501)
        assert set(hub.checkpoint().cosigners) == {f"{ORIGIN}/t1", f"{ORIGIN}/t2"}
        assert trustees["t3"].leaves == []
        assert 'cairn_hub_trustee_up{trustee="t3"} 0.0' in hub.get("/metrics").text

        trustees["t3"].down = False
        until(lambda: len(hub.checkpoint().cosigners) == 3)
        assert trustees["t3"].leaves == trustees["t1"].leaves == leaves_in(url_of(hub))


def test_with_fewer_than_t_trustees_the_older_checkpoint_stays(database_url: str, tmp_path: Path) -> None:
    trustees = cosigners()
    with running_hub(database_url, tmp_path, parties(), cosigners=trustees) as hub:
        before = hub.checkpoint().checkpoint
        trustees["t1"].down = trustees["t3"].down = True
        promise_in(hub, reports(3))
        until(lambda: len(leaves_in(url_of(hub))) == 4 and len(trustees["t2"].leaves) == 4)
        assert hub.checkpoint().checkpoint == before

        trustees["t1"].down = False
        until(lambda: hub.checkpoint().checkpoint.size == 4)


def test_a_hub_with_no_trustee_ever_says_that_it_is_not_ready(database_url: str, tmp_path: Path) -> None:
    trustees = cosigners()
    for one in trustees.values():
        one.down = True
    with running_hub(database_url, tmp_path, parties(), cosigners=trustees) as hub:
        answer = hub.get("/v1/log/checkpoint")

    assert answer.status_code == 503
    assert answer.json()["type"].endswith("/log-not-ready")


class SignsAnotherState(Cosigner):
    """Cosigns a log that only it knows."""

    def answer(self, honest: PushAnswer) -> PushAnswer:
        lie = Checkpoint(ORIGIN, honest.size, bytes(32))
        key = self.parties.trustee_keys[self.name]
        return PushAnswer(size=honest.size, cosignature=cosign(lie, f"{ORIGIN}/{self.name}", key, 1))


class SignsAsAnother(Cosigner):
    """Gives its own signature out as another trustee's."""

    def answer(self, honest: PushAnswer) -> PushAnswer:
        line = (honest.cosignature or "").replace("/t2", "/t1")
        return PushAnswer(size=honest.size, cosignature=line or None)


class NeverThere(Cosigner):
    """Its mirror is always elsewhere than it said."""

    def answer(self, honest: PushAnswer) -> PushAnswer:
        self.leaves = []
        return PushAnswer(size=0, cosignature=None)


class SaysNothing(Cosigner):
    """Takes the leaves and does not cosign."""

    def answer(self, honest: PushAnswer) -> PushAnswer:
        return PushAnswer(size=honest.size, cosignature=None)


@pytest.mark.parametrize(
    ("liar", "slug"),
    [
        (SignsAnotherState, "bad-signature"),
        (SignsAsAnother, "bad-signature"),
        (NeverThere, "bad-message"),
        (SaysNothing, "bad-signature"),
    ],
)
def test_a_trustee_that_lies_is_named_and_stops_nobody(
    database_url: str, tmp_path: Path, liar: type[Cosigner], slug: str
) -> None:
    before = faults("t2", slug)
    with running_hub(database_url, tmp_path, parties(), cosigners={"t2": liar(parties(), "t2")}) as hub:
        promise_in(hub, reports(3))
        until(lambda: hub.checkpoint().checkpoint.size == 4)
        until(lambda: faults("t2", slug) > before)
        assert f"{ORIGIN}/t2" not in hub.checkpoint().cosigners


def test_a_trustee_that_hangs_stops_nobody(database_url: str, tmp_path: Path) -> None:
    hanging = Cosigner(parties(), "t2")
    hanging.hangs = True
    with running_hub(database_url, tmp_path, parties(), cosigners={"t2": hanging}) as hub:
        for at in range(3):
            promise_in(hub, reports(1, f"round {at}"))
            until(lambda at=at: hub.checkpoint().checkpoint.size == at + 2)  # type: ignore[misc]
        hanging.hangs = False


def test_a_restarted_hub_goes_on_where_it_was(database_url: str, tmp_path: Path) -> None:
    trustees = cosigners()
    with running_hub(database_url, tmp_path, parties(), cosigners=trustees) as hub:
        promise_in(hub, reports(3))
        until(lambda: hub.checkpoint().checkpoint.size == 4)
    with running_hub(database_url, tmp_path, parties(), cosigners=trustees) as hub:
        promise_in(hub, reports(3, "later"))
        until(lambda: hub.checkpoint().checkpoint.size == 7)
        until(lambda: len(hub.checkpoint().cosigners) == 3)
    assert trustees["t1"].leaves == leaves_in(database_url)


def test_an_old_backup_never_forks_the_log(database_url: str, tmp_path: Path) -> None:
    """A trustee shows a checkpoint of ours that counts more leaves than we have: nothing gets a place."""
    trustees = cosigners()
    newer = sign_checkpoint(Checkpoint(ORIGIN, 9, bytes(32)), parties().hub_key)
    trustees["t2"].leaves = [bytes(32)] * 9
    trustees["t2"].note = newer
    settings = hub_settings(tmp_path, database_url, parties(), {})
    in_database(settings, lambda db: begin(db, parties().signed))
    asyncio.run(place_genesis(settings))

    with running_hub(database_url, tmp_path, parties(), cosigners=trustees, wait=False) as hub:
        until(lambda: hub.get("/readyz").json() == {"missing": ["log"]})
        promise_in(hub, reports(3))
        until(lambda: faults("t2", "log-behind") > 0)
        assert len(leaves_in(database_url)) == 1


async def place_genesis(settings: Settings) -> None:
    assert settings.database_url is not None
    async with Store.connect(settings.database_url.get_secret_value(), settings) as store:
        await place_all(store)


def test_a_longer_mirror_without_a_checkpoint_of_ours_proves_nothing(
    database_url: str, tmp_path: Path
) -> None:
    """Else one lying trustee could stop the log."""
    trustees = cosigners()
    trustees["t2"].leaves = [bytes(32)] * 9
    with running_hub(database_url, tmp_path, parties(), cosigners=trustees) as hub:
        promise_in(hub, reports(3))
        until(lambda: hub.checkpoint().checkpoint.size == 4)


def test_a_log_that_began_begins_with_no_other_genesis(database_url: str, tmp_path: Path) -> None:
    settings = hub_settings(tmp_path, database_url, parties(), {})
    in_database(settings, lambda db: begin(db, parties().signed))
    in_database(settings, lambda db: begin(db, parties().signed))

    with pytest.raises(BadRoster):
        in_database(settings, lambda db: begin(db, parties(origin="other.example/log").signed))


def test_no_dated_row_is_kept_for_each_batch(database_url: str, tmp_path: Path) -> None:
    """Cosignatures have times: a stolen table must not time a firm's filings."""
    with running_hub(database_url, tmp_path, parties()) as hub:
        for at in range(5):
            promise_in(hub, reports(1, f"filing {at}"))
            until(lambda at=at: hub.checkpoint().checkpoint.size == at + 2)  # type: ignore[misc]
        with psycopg.connect(database_url) as db:
            sizes = db.execute("SELECT size FROM translog_checkpoints").fetchall()

    assert sizes == [(6,)]
