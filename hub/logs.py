"""Logs: JSON lines of fixed events and known fields; everything else is dropped.

A log outlives what it tells of and is read by people without a part in the protocol. So a
line holds an event's name and only fields of ALLOWED, an exception only its type and where
it was raised, never its text (G1, G4). Other people's loggers may speak text only if listed.
"""

import logging
import sys
import traceback
from collections.abc import Iterable, MutableMapping
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

# Names of fields that can't hold a value from an inquiry, a tag, or which member asked what.
ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "logger", "request_id", "slug", "status", "method", "route", "seconds",
        "transaction", "attempt", "task", "job", "queue", "count", "version", "epoch", "leaf_count", "index_number",
        "trustee", "port", "exception", "raised_at",
    }
)  # fmt: skip

# Libraries whose messages are about themselves. Of the rest only level, logger and exception are kept.
SPEAKING = ("uvicorn.error", "alembic")

Event = MutableMapping[str, Any]


def set_up(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send the process's logs, libraries' included, to `stream` (standard error) as JSON lines."""
    ours: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*ours, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*ours, silence_others],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                exception_without_text,
                drop_unknown,
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # These write a line for each request or job: with its time and address, that is a firm's activity.
    for chatty in ("uvicorn.access", "procrastinate", "httpx2", "httpcore2"):
        logging.getLogger(chatty).setLevel(logging.ERROR)


def drop_unknown(_logger: object, _method: str, event: Event) -> Event:
    """Keep the fields of ALLOWED."""
    return {name: value for name, value in event.items() if name in ALLOWED}


def silence_others(_logger: object, _method: str, event: Event) -> Event:
    """Replace a library's message by the library's name, unless it is listed in SPEAKING."""
    name = str(event.get("logger", ""))
    if not name.startswith(SPEAKING):
        event["event"] = "library_message"
    return event


def exception_without_text(_logger: object, _method: str, event: Event) -> Event:
    """Replace an exception by its type and the lines that raised it."""
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else (given[1] if isinstance(given, tuple) else None)
    if given is True:
        error = sys.exc_info()[1]
    if error is not None:
        event["exception"] = f"{type(error).__module__}.{type(error).__qualname__}"
        event["raised_at"] = list(_places(error.__traceback__))
    return event


def _places(trace: TracebackType | None) -> Iterable[str]:
    """The innermost lines of a traceback, as file:line function."""
    for frame in traceback.extract_tb(trace)[-8:]:
        yield f"{frame.filename.rsplit('/site-packages/', 1)[-1]}:{frame.lineno} {frame.name}"
