"""`Store`: what it returned is kept, what it raised on is not, and a lost database says so."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from hub.settings import Settings
from hub.storage.database import Store, StoreUnavailable
from hub.storage.embedded import EmbeddedPostgres

pytestmark = pytest.mark.anyio


@pytest.fixture
async def accounts(store: Store) -> Store:
    """A store with a table of two balances."""

    async def body(db: AsyncSession) -> None:
        await db.execute(text("CREATE TABLE accounts (name text PRIMARY KEY, balance int)"))
        await db.execute(text("INSERT INTO accounts VALUES ('left', 100), ('right', 100)"))

    await store.transact("make accounts", body)
    return store


def balances(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        return dict(connection.execute("SELECT name, balance FROM accounts ORDER BY name").fetchall())


async def test_the_answer_comes_after_the_commit(accounts: Store, database_url: str) -> None:
    async def body(db: AsyncSession) -> int:
        await db.execute(text("UPDATE accounts SET balance = 1 WHERE name = 'left'"))
        return 1

    assert await accounts.transact("set", body) == balances(database_url)["left"]


async def test_a_body_that_raises_leaves_nothing(accounts: Store, database_url: str) -> None:
    async def body(db: AsyncSession) -> None:
        await db.execute(text("UPDATE accounts SET balance = 0"))
        raise RuntimeError("on the way")

    with pytest.raises(RuntimeError):
        await accounts.transact("break off", body)

    assert balances(database_url) == {"left": 100, "right": 100}


async def test_bodies_in_deadlock_are_both_done(accounts: Store, database_url: str) -> None:
    runs, both_hold_one = [], asyncio.Barrier(2)

    def move(first: str, second: str) -> object:
        async def body(db: AsyncSession) -> None:
            runs.append(first)
            await db.execute(text("UPDATE accounts SET balance = balance - 1 WHERE name = :n"), {"n": first})
            if len(runs) <= 2:
                await both_hold_one.wait()
            await db.execute(text("UPDATE accounts SET balance = balance + 1 WHERE name = :n"), {"n": second})

        return accounts.transact("move", body)

    await asyncio.gather(move("left", "right"), move("right", "left"))

    assert balances(database_url) == {"left": 100, "right": 100}
    assert len(runs) == 3  # one of them ran again


async def test_serializable_bodies_see_no_stale_sum(accounts: Store, database_url: str) -> None:
    """Write skew: each body reads the sum and spends the other's share of it. READ COMMITTED would let both."""
    first_reads_done, runs = asyncio.Barrier(2), []

    def spend(name: str) -> object:
        async def body(db: AsyncSession) -> bool:
            runs.append(name)
            total = await db.scalar(text("SELECT sum(balance) FROM accounts"))
            if len(runs) <= 2:
                await first_reads_done.wait()
            if total is None or total < 200:
                return False
            await db.execute(text("UPDATE accounts SET balance = 0 WHERE name = :n"), {"n": name})
            return True

        return accounts.transact("spend", body, serializable=True)

    assert sorted(await asyncio.gather(spend("left"), spend("right"))) == [False, True]
    assert sum(balances(database_url).values()) == 100


async def test_conflicts_without_end_are_given_up(accounts: Store) -> None:
    runs = []

    async def body(db: AsyncSession) -> None:
        runs.append(1)
        await db.execute(text("DO $$ BEGIN RAISE serialization_failure; END $$"))

    with pytest.raises(StoreUnavailable):
        await accounts.transact("conflict", body)

    assert len(runs) == 8


async def test_a_read_cannot_write(accounts: Store) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"):
        await accounts.read("write", lambda db: db.execute(text("UPDATE accounts SET balance = 0")))

    await accounts.transact("write", lambda db: db.execute(text("UPDATE accounts SET balance = 0")))


async def test_a_read_sees_one_state_throughout(accounts: Store, database_url: str) -> None:
    total = text("SELECT sum(balance) FROM accounts")

    async def body(db: AsyncSession) -> tuple[object, object]:
        before = await db.scalar(total)
        with psycopg.connect(database_url) as other:
            other.execute("UPDATE accounts SET balance = 0")
        return before, await db.scalar(total)

    assert await accounts.read("sum twice", body) == (200, 200)


async def test_an_error_does_not_carry_the_row(accounts: Store) -> None:
    """G1: parameters of a failed statement stay out of the exception's text."""
    with pytest.raises(DBAPIError) as failed:
        await accounts.transact(
            "twice",
            lambda db: db.execute(
                text("INSERT INTO accounts VALUES (:name, (:balance)::int)"),
                {"name": "x", "balance": "canary"},
            ),
        )

    assert "{'name'" not in str(failed.value)


async def test_a_connection_lost_under_a_body_leaves_nothing(accounts: Store, database_url: str) -> None:
    async def body(db: AsyncSession) -> None:
        await db.execute(text("UPDATE accounts SET balance = 0"))
        pid = await db.scalar(text("SELECT pg_backend_pid()"))
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (pid,))
        await db.execute(text("UPDATE accounts SET balance = 1"))

    with pytest.raises(StoreUnavailable):
        await accounts.transact("lose", body)

    assert balances(database_url) == {"left": 100, "right": 100}


async def test_more_requests_than_connections_wait_and_are_then_told(
    database_url: str, tmp_path: Path
) -> None:
    tight = Settings(data=tmp_path, pool_size=1, pool_overflow=0, pool_wait_seconds=0.2)
    held = asyncio.Event()

    async def hold(db: AsyncSession) -> None:
        await db.execute(text("SELECT 1"))
        await held.wait()

    async with Store.connect(database_url, tight) as store:
        holder = asyncio.create_task(store.transact("hold", hold))
        await asyncio.sleep(0.1)
        with pytest.raises(StoreUnavailable):
            await store.read("ask", lambda db: db.scalar(text("SELECT 1")))
        held.set()
        await holder
        assert await store.read("ask", lambda db: db.scalar(text("SELECT 1"))) == 1


@pytest.fixture
def own_server() -> Iterator[EmbeddedPostgres]:
    with tempfile.TemporaryDirectory(prefix="cairn-test-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.start()
        yield server
        server.stop()


@pytest.fixture
async def own_store(own_server: EmbeddedPostgres, tmp_path: Path, anyio_backend: str) -> AsyncIterator[Store]:
    settings = Settings(data=tmp_path, connect_seconds=2, transaction_seconds=1)
    async with Store.connect(own_server.url, settings) as store:
        assert await store.read("ask", lambda db: db.scalar(text("SELECT 1"))) == 1
        yield store


async def test_a_stopped_database_is_told_and_found_again(
    own_server: EmbeddedPostgres, own_store: Store
) -> None:
    own_server.stop()
    with pytest.raises(StoreUnavailable):
        await own_store.read("ask", lambda db: db.scalar(text("SELECT 1")))

    own_server.start()
    assert await own_store.read("ask", lambda db: db.scalar(text("SELECT 1"))) == 1


async def test_a_frozen_database_does_not_freeze_the_hub(
    own_server: EmbeddedPostgres, own_store: Store
) -> None:
    async def body(db: AsyncSession) -> None:
        pid = await db.scalar(text("SELECT pg_backend_pid()"))
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        frozen.append(pid)
        await db.scalar(text("SELECT 1"))

    frozen: list[int] = []
    try:
        with pytest.raises(StoreUnavailable):
            await asyncio.wait_for(own_store.transact("freeze", body), 30)
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)

    assert await own_store.read("ask", lambda db: db.scalar(text("SELECT 1"))) == 1
