"""Logs: JSON lines of fixed events and known fields; everything else is dropped.

No member, element or exception text: a line of a trustee's log must not tell who looked up what.
An exception is its type and the lines that raised it. Libraries' messages are dropped but for the
server's own.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

ALLOWED = frozenset(
    {"event", "level", "timestamp", "logger", "slug", "request_id", "exception", "raised_at", "size", "port"}
)

Event = MutableMapping[str, Any]


def set_up(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send the process's logs, libraries' included, to `stream` (standard error) as JSON lines."""
    ours: list[Processor] = [
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
            foreign_pre_chain=[*ours, _silence_others],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _exception_without_text,
                _drop_unknown,
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # An access line, with its time, is a member's activity; migrations have nothing to say when there are none.
    for chatty in ("uvicorn.access", "httpx2", "httpcore2", "alembic"):
        logging.getLogger(chatty).setLevel(logging.ERROR)


def _silence_others(_logger: object, _method: str, event: Event) -> Event:
    if event.get("logger") != "uvicorn.error":
        event["event"] = "library_message"
    return event


def place_of(error: BaseException | None) -> dict[str, Any]:
    """What a log line may tell of an exception: its type and the innermost lines it passed."""
    if error is None:
        return {}
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return {
        "exception": f"{type(error).__module__}.{type(error).__qualname__}",
        "raised_at": [
            f"{frame.filename.rsplit('/site-packages/', 1)[-1]}:{frame.lineno} {frame.name}"
            for frame in frames
        ],
    }


def _exception_without_text(_logger: object, _method: str, event: Event) -> Event:
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    return {**event, **place_of(error)} if isinstance(error, BaseException) else event


def _drop_unknown(_logger: object, _method: str, event: Event) -> Event:
    return {name: value for name, value in event.items() if name in ALLOWED}
