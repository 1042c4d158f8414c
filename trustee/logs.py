"""Logs: JSON lines of fixed events and known fields; everything else is dropped.

No member, element or exception text: a line of a trustee's log must not tell who looked up what.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_ALLOWED = frozenset(
    {"event", "level", "timestamp", "slug", "request_id", "exception", "size", "port", "epoch", "trustee"}
)


def set_up(level: str) -> None:
    """Send the trustee's own events to standard error; libraries speak from warnings on."""
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format='{"level":"%(levelname)s","logger":"%(name)s"}'
    )
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _drop_unknown,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _drop_unknown(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: value for name, value in event.items() if name in _ALLOWED}
