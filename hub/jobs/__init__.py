"""Work after the answer: a job is a row of the commit it follows from, and runs until it succeeds.

`enqueue` inside a transaction; `Runner` in a process that works. A job may run twice (its
worker died after the work and before the note of it), so every task is written to be
repeated. A job's arguments are ids alone: they lie in the clear.
"""

from hub.jobs.backlog import Backlog, backlog
from hub.jobs.enqueue import enqueue
from hub.jobs.runner import JobsStuck, Runner, Task

__all__ = ["Backlog", "JobsStuck", "Runner", "Task", "backlog", "enqueue"]
