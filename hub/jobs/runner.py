"""Run jobs: in the hub's process for as long as it lives, or until a queue is empty.

A job that fails is tried again, later each time, and never given up: what a member holds a
receipt for gets linked (G7). So a task that can never succeed shows as the age of its queue.
Jobs of a process that died are found by its silence and run again.

Finished jobs are deleted, for their times would tell when a firm filed.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import structlog
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.app import WorkerOptions
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition, Job, Status
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from hub.errors import HubError
from hub.settings import Settings

log = structlog.get_logger(__name__)

LONGEST_PAUSE_SECONDS = 300
POLL_SECONDS = 1.0
RECONNECT_SECONDS = 1.0
SHUTDOWN_SECONDS = 10.0

# A job that a drain meets for so many attempts won't succeed while somebody waits for it.
ATTEMPTS_BEFORE_STUCK = 5

# Any number will do, as long as no other lock of ours has it.
REVIVAL_LOCK = 0x7265_7669_7665


class JobsStuck(HubError):
    """Jobs of a queue keep failing, so it does not become empty. The log has their errors."""

    slug = "internal"


@dataclass(frozen=True, slots=True)
class Task:
    """What a job does. `run(hub, **args)` must be fit to be repeated, also after it succeeded."""

    name: str
    run: Callable[..., Awaitable[None]]


class Runner:
    """Runs jobs of the database at `url`. Use as `async with Runner(url, settings, tasks, hub) as runner`.

    tasks  all tasks this process knows; a job of another task stays for a process that knows it
    hub    handed to each task as its first argument: whatever tasks need, such as the store
    """

    def __init__(self, url: str, settings: Settings, tasks: Sequence[Task], hub: object) -> None:
        self._settings = settings
        self._app = App(
            connector=PsycopgConnector(
                conninfo=url,
                kwargs={"application_name": "cairn-hub-jobs", "connect_timeout": settings.connect_seconds},
                min_size=1,
                max_size=settings.job_concurrency + 4,  # heartbeat, fetching, reviving, finishing
                timeout=settings.pool_wait_seconds,
            )
        )
        for task in tasks:
            self._app.task(name=task.name, pass_context=True, retry=_UntilItSucceeds())(_logged(task, hub))

    async def __aenter__(self) -> Self:
        await self._app.open_async()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._app.close_async()

    @contextlib.asynccontextmanager
    async def working(self, queues: Sequence[str] | None = None) -> AsyncIterator[None]:
        """Run jobs of these queues (None: all) in the background of the block.

        On leaving, running jobs get SHUTDOWN_SECONDS to end; the others run at the next start.
        """
        await self._revive(also_failed=True)
        tasks = [asyncio.create_task(self._keep_working(queues)), asyncio.create_task(self._keep_reviving())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def drain(self, queue: str) -> None:
        """Return once no job of the queue waits or runs, here or in another process.

        Raises JobsStuck if one of them fails again and again.
        """
        await self._revive(also_failed=True)
        while True:
            await self._work([queue], wait=False)
            open_jobs = [job async for job in self._open_jobs(queue)]
            if not open_jobs:
                return
            if stuck := {job.task_name for job in open_jobs if job.attempts >= ATTEMPTS_BEFORE_STUCK}:
                raise JobsStuck(f"jobs of {', '.join(sorted(stuck))} keep failing")
            await asyncio.sleep(POLL_SECONDS / 4)
            await self._revive()

    async def _work(self, queues: Sequence[str] | None, *, wait: bool) -> None:
        options: WorkerOptions = {
            "wait": wait,
            # A drain runs one job at a time, so that those of one lock follow each other without a pause.
            "concurrency": self._settings.job_concurrency if wait else 1,
            "delete_jobs": DeleteJobCondition.SUCCESSFUL,
            "listen_notify": wait,
            "install_signal_handlers": False,
            "fetch_job_polling_interval": POLL_SECONDS,
            "shutdown_graceful_timeout": SHUTDOWN_SECONDS,
            "update_heartbeat_interval": self._settings.job_heartbeat_seconds,
            "stalled_worker_timeout": self._settings.job_stalled_seconds,
        }
        if queues is not None:
            options["queues"] = list(queues)
        await self._app.run_worker_async(**options)

    async def _keep_working(self, queues: Sequence[str] | None) -> None:
        """Work, and begin again after the database was gone."""
        while True:
            try:
                await self._work(queues, wait=True)
            except Exception:
                log.warning("worker_lost", exc_info=True)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _keep_reviving(self) -> None:
        while True:
            await asyncio.sleep(self._settings.job_stalled_seconds / 3)
            try:
                await self._revive()
            except Exception:
                log.warning("revival_failed", exc_info=True)

    async def _revive(self, *, also_failed: bool = False) -> None:
        """Put jobs of dead workers back into their queues.

        One process at a time: else the second could put back what the first revived and a
        live worker has taken since. `also_failed` takes those that met a process without their task.
        """
        jobs = self._app.job_manager
        async with self._pool().connection() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (REVIVAL_LOCK,))
            dead = list(
                await jobs.get_stalled_jobs(seconds_since_heartbeat=self._settings.job_stalled_seconds)
            )
            if also_failed:
                dead += await jobs.list_jobs_async(status=Status.FAILED.value)
            for job in dead:
                with contextlib.suppress(ConnectorException):  # it was slow, not dead, and has finished
                    await jobs.retry_job(job)
        if dead:
            log.warning("jobs_revived", count=len(dead))

    async def _open_jobs(self, queue: str) -> AsyncIterator[Job]:
        for status in (Status.TODO, Status.DOING, Status.FAILED):
            for job in await self._app.job_manager.list_jobs_async(queue=queue, status=status.value):
                yield job

    def _pool(self) -> Any:
        connector = self._app.connector
        assert isinstance(connector, PsycopgConnector)
        return connector.pool


class _UntilItSucceeds(BaseRetryStrategy):
    """Again after 1, 2, 4, ... seconds, then every five minutes."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        return RetryDecision(retry_in={"seconds": min(LONGEST_PAUSE_SECONDS, 1 << min(job.attempts, 16))})


def _logged(task: Task, hub: object) -> Callable[..., Awaitable[None]]:
    """The task with the hub as its first argument, and a failure logged without the job's arguments."""

    async def run(context: JobContext, **args: Any) -> None:
        try:
            await task.run(hub, **args)
        except Exception:
            log.exception("job_failed", task=task.name, job=context.job.id, attempt=context.job.attempts + 1)
            raise

    return run
