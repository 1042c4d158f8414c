"""Logs: known fields of fixed events, and no text that anyone else wrote."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from hub import logs

CANARY = "canary-4711"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    logs.set_up(stream=stream)
    yield stream
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def only_line(stream: io.StringIO) -> dict[str, Any]:
    [line] = stream.getvalue().splitlines()
    return json.loads(line)  # type: ignore[no-any-return]


def test_an_unknown_field_is_dropped(stream: io.StringIO) -> None:
    structlog.get_logger("hub.reports").info("accepted", count=3, member=CANARY, name=CANARY)

    line = only_line(stream)
    assert (line["event"], line["count"], line["level"], line["logger"]) == (
        "accepted",
        3,
        "info",
        "hub.reports",
    )
    assert CANARY not in stream.getvalue()


def test_an_exceptions_text_is_dropped_and_its_place_kept(stream: io.StringIO) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        structlog.get_logger("hub").exception("failed")

    line = only_line(stream)
    assert line["exception"] == "builtins.ValueError"
    assert "test_an_exceptions_text_is_dropped" in line["raised_at"][-1]
    assert CANARY not in stream.getvalue()


def test_a_librarys_words_are_dropped(stream: io.StringIO) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("some.library").warning("about %s", CANARY, exc_info=True, extra={"task": CANARY})

    line = only_line(stream)
    assert line["event"] == "library_message"
    assert line["exception"] == "builtins.ValueError"
    assert CANARY not in stream.getvalue()


def test_the_servers_words_about_itself_are_kept(stream: io.StringIO) -> None:
    speaking = logging.getLogger("uvicorn.error")
    speaking.setLevel(logging.NOTSET)  # a server that another test ran may have silenced it
    speaking.info("Application startup complete.")

    assert only_line(stream)["event"] == "Application startup complete."


def test_who_asked_for_what_is_not_logged(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info('%s - "%s"', "192.0.2.1", "POST /v1/reports")

    assert stream.getvalue() == ""
