"""What waits in the queues, for /metrics and `cairn-hub doctor`."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Backlog:
    """One queue. `attempts` is the most that any waiting job has had: above 2, something is broken."""

    queue: str
    waiting: int
    running: int
    oldest_seconds: float
    attempts: int


# A job's events go with it when it is done, so this tells the age of open work and of nothing else.
_BACKLOG = text(
    """
    SELECT j.queue_name, count(*) FILTER (WHERE j.status <> 'doing'), count(*) FILTER (WHERE j.status = 'doing'),
           coalesce(extract(epoch FROM now() - min(e.at)), 0)::float8, max(j.attempts)
      FROM procrastinate_jobs j
      LEFT JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'
     WHERE j.status IN ('todo', 'doing', 'failed')
     GROUP BY j.queue_name ORDER BY j.queue_name
    """
)


async def backlog(db: AsyncSession) -> list[Backlog]:
    """Every queue that is not empty."""
    return [Backlog(*row) for row in (await db.execute(_BACKLOG)).all()]
