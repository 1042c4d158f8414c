"""Put a job into the transaction of the row it is about: both are kept, or neither is (G7)."""

from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.manager import JobManager
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.tasks import configure_task
from procrastinate.types import JSONDict
from sqlalchemy.ext.asyncio import AsyncSession

# Never opened: each job is written on the connection of the session it belongs to.
_CONNECTOR: BaseConnector = PsycopgConnector()
_JOBS = JobManager(_CONNECTOR)


async def enqueue(
    db: AsyncSession, task_name: str, *, queue: str, lock: str | None = None, args: JSONDict
) -> None:
    """Have `task_name` run with `args` once the session's transaction is committed.

    db         a session inside `Store.transact`
    task_name  the name of a `Task`. A name and not the task: who hands on work need not import who does it.
    queue      the task's queue; `Runner.drain` empties one
    lock       jobs of one lock run one after the other, in the order they were enqueued
    args       ids, never a value from an inquiry nor a key

    Raises what the database raised, for `Store.transact` to judge.
    """
    await db.flush()  # the rows first, so that a constraint they break is told by its own name
    connection = (await (await db.connection()).get_raw_connection()).driver_connection
    job = configure_task(
        name=task_name,
        job_manager=_JOBS,
        queue=queue,
        lock=lock,
        task_kwargs=args,
        connection=connection,
    )
    try:
        await job.defer_async()
    except ConnectorException as error:
        raise error.__cause__ or error from None
