"""Jobs: part of the commit they follow from, run until they succeed, gone when done."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from hub import jobs
from hub.settings import Settings
from hub.storage.database import Store, StoreUnavailable

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
QUEUE = "linkage"


class Ledger:
    """What the tasks of a test did."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.failures_left = 0
        self.running = self.most_running = 0


async def note(ledger: Ledger, n: int) -> None:
    ledger.running += 1
    ledger.most_running = max(ledger.most_running, ledger.running)
    await asyncio.sleep(0.01)
    ledger.running -= 1
    if ledger.failures_left:
        ledger.failures_left -= 1
        raise RuntimeError("not yet")
    ledger.done.append(n)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def runner(database_url: str, ledger: Ledger, tmp_path: Path) -> jobs.Runner:
    settings = Settings(data=tmp_path, job_heartbeat_seconds=0.2, job_stalled_seconds=1, job_concurrency=4)
    return jobs.Runner(database_url, settings, [jobs.Task("note", note)], ledger)


async def enqueue(store: Store, *numbers: int, lock: str | None = None, task: str = "note") -> None:
    async def body(db: AsyncSession) -> None:
        for n in numbers:
            await jobs.enqueue(db, task, queue=QUEUE, lock=lock, args={"n": n})

    await store.transact("enqueue", body)


def job_rows(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT id::text FROM procrastinate_jobs UNION ALL SELECT at::text FROM procrastinate_events"
        ).fetchall()


async def until(happened: Any) -> None:
    async with asyncio.timeout(20):
        while not happened():
            await asyncio.sleep(0.02)


async def test_a_transaction_rolled_back_leaves_no_job(store: Store, database_url: str) -> None:
    async def body(db: AsyncSession) -> None:
        await db.execute(text("CREATE TABLE beside (id int)"))
        await jobs.enqueue(db, "note", queue=QUEUE, args={"n": 1})
        raise RuntimeError("on the way")

    with pytest.raises(RuntimeError):
        await store.transact("accept", body)

    assert job_rows(database_url) == []


async def test_the_databases_refusal_of_a_job_reaches_the_store(store: Store, database_url: str) -> None:
    """Else a conflict in the job's row would not be repeated, nor an outage told as one."""

    async def body(db: AsyncSession) -> None:
        await db.execute(text("SET LOCAL lock_timeout = '50ms'"))
        await jobs.enqueue(db, "note", queue=QUEUE, args={"n": 1})

    with psycopg.connect(database_url) as other:
        other.execute("LOCK TABLE procrastinate_jobs")
        with pytest.raises(StoreUnavailable):
            await store.transact("accept", body)


async def test_a_finished_job_leaves_no_trace(
    store: Store, runner: jobs.Runner, ledger: Ledger, database_url: str
) -> None:
    """Its times would tell when a firm filed."""
    await enqueue(store, 1, 2, 3)
    async with runner:
        await runner.drain(QUEUE)

    assert sorted(ledger.done) == [1, 2, 3]
    assert job_rows(database_url) == []


async def test_a_worker_takes_jobs_as_they_come(store: Store, runner: jobs.Runner, ledger: Ledger) -> None:
    async with runner, runner.working():
        await enqueue(store, 1)
        await until(lambda: ledger.done == [1])
        await enqueue(store, 2)
        await until(lambda: ledger.done == [1, 2])


async def test_jobs_of_one_lock_run_one_after_the_other(
    store: Store, runner: jobs.Runner, ledger: Ledger
) -> None:
    await enqueue(store, *range(6), lock="linkage")
    async with runner, runner.working():
        await until(lambda: len(ledger.done) == 6)

    assert ledger.done == list(range(6))
    assert ledger.most_running == 1


async def test_a_failed_job_is_tried_again(store: Store, runner: jobs.Runner, ledger: Ledger) -> None:
    ledger.failures_left = 1
    await enqueue(store, 1)
    async with runner:
        await runner.drain(QUEUE)

    assert ledger.done == [1]


async def test_a_drain_says_when_jobs_keep_failing(
    store: Store, runner: jobs.Runner, ledger: Ledger, database_url: str
) -> None:
    ledger.failures_left = 1_000_000
    await enqueue(store, 1)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE procrastinate_jobs SET attempts = 4")
    async with runner:
        with pytest.raises(jobs.JobsStuck, match="note"):
            await runner.drain(QUEUE)

    assert job_rows(database_url) != []  # it stays: a receipt was given for what it is about


async def test_a_job_of_a_task_unknown_here_stays_for_who_knows_it(
    store: Store, runner: jobs.Runner, ledger: Ledger, database_url: str, tmp_path: Path
) -> None:
    await enqueue(store, 1)
    older = jobs.Runner(database_url, Settings(data=tmp_path), [], None)
    async with older, older.working():
        await until(lambda: ("failed",) in status(database_url))

    async with runner:
        await runner.drain(QUEUE)
    assert ledger.done == [1]


def status(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT status::text FROM procrastinate_jobs").fetchall()


ANOTHER_PROCESS = """
import asyncio, pathlib, sys
from hub import jobs
from hub.settings import Settings

async def note(hub, n):
    print("started", flush=True)
    await asyncio.sleep(float(sys.argv[2]))

async def main():
    settings = Settings(data=pathlib.Path("/"), job_heartbeat_seconds=0.2, job_stalled_seconds=1)
    async with jobs.Runner(sys.argv[1], settings, [jobs.Task("note", note)], None) as runner, runner.working():
        await asyncio.sleep(60)

asyncio.run(main())
"""


def another_process(url: str, *, seconds: float) -> "subprocess.Popen[str]":
    """A worker elsewhere that has just started its first job, which takes so long."""
    path = os.pathsep.join([str(ROOT / "protocol/src"), str(ROOT)])
    process = subprocess.Popen(
        [sys.executable, "-c", ANOTHER_PROCESS, url, str(seconds)],
        env={"PYTHONPATH": path}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == "started":
            return process
    raise AssertionError("the other worker did not start")


def end(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


async def test_a_job_whose_worker_was_killed_runs_again(
    store: Store, runner: jobs.Runner, ledger: Ledger, database_url: str
) -> None:
    await enqueue(store, 1)
    end(await asyncio.to_thread(another_process, database_url, seconds=60))
    assert status(database_url) == [("doing",)]

    async with runner:
        await runner.drain(QUEUE)
    assert ledger.done == [1]


async def test_a_running_worker_takes_over_from_a_killed_one(
    store: Store, runner: jobs.Runner, ledger: Ledger, database_url: str
) -> None:
    await enqueue(store, 1)
    other = await asyncio.to_thread(another_process, database_url, seconds=60)
    async with runner, runner.working():
        end(other)
        await until(lambda: ledger.done == [1])


async def test_a_drain_waits_for_a_job_that_runs_elsewhere(
    store: Store, runner: jobs.Runner, ledger: Ledger, database_url: str
) -> None:
    await enqueue(store, 1)
    other = await asyncio.to_thread(another_process, database_url, seconds=2)
    try:
        async with runner:
            await runner.drain(QUEUE)
        assert job_rows(database_url) == []
        assert ledger.done == []  # it was done there, not here
    finally:
        end(other)


async def test_the_backlog_counts_what_waits(store: Store, runner: jobs.Runner) -> None:
    await enqueue(store, 1, 2)
    [queue] = await store.read("backlog", jobs.backlog)
    assert (queue.queue, queue.waiting, queue.running, queue.attempts) == (QUEUE, 2, 0, 0)

    async with runner:
        await runner.drain(QUEUE)
    assert await store.read("backlog", jobs.backlog) == []


async def test_a_worker_outlives_its_connections(
    store: Store, runner: jobs.Runner, ledger: Ledger, database_url: str
) -> None:
    async with runner, runner.working():
        await enqueue(store, 1)
        await until(lambda: job_rows(database_url) == [])  # finished and written down, not only run
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cairn-hub-jobs'"
            )
        await enqueue(store, 2)
        await until(lambda: ledger.done == [1, 2])
