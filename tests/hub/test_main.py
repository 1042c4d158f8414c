"""The hub as a whole: what it says of itself, and that it lives through the loss of its database."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from cairn_protocol.messages.log import LeafKind, LogEntry
from cairn_protocol.messages.problems import PROBLEM_TYPES
from hub.translog.promise import promise_all
from tests.support.hub import RunningHub, in_database, running_hub, until
from tests.support.parties import parties
from tests.support.postgres import TestServer


@pytest.fixture(scope="module")
def hub(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(module_database_url, tmp_path_factory.mktemp("hub"), parties()) as hub:
        yield hub


def test_it_says_that_it_is_up_and_ready(hub: RunningHub) -> None:
    assert hub.get("/healthz").json() == {"status": "up"}
    assert hub.get("/readyz").json() == {"missing": []}


def test_metrics_have_what_an_operator_watches(hub: RunningHub) -> None:
    hub.checkpoint()
    figures = hub.get("/metrics").text

    for name in (
        "cairn_hub_sequencer_lag_seconds 0.0",
        "cairn_hub_log_cosigned_size 1.0",
        "cairn_hub_database_up 1.0",
        "cairn_hub_index_age_seconds NaN",
        'cairn_hub_trustee_up{trustee="t1"} 1.0',
        "# TYPE cairn_hub_queue_age_seconds gauge",
        "# TYPE cairn_hub_refusals_total counter",
    ):
        assert name in figures
    assert "process_" not in figures
    assert "python_" not in figures


def test_the_description_names_every_refusal_with_an_example(hub: RunningHub) -> None:
    described = hub.get("/openapi.json").json()

    assert described["openapi"].startswith("3.1")
    bodies = [
        (path, operation)
        for path, operations in described["paths"].items()
        for operation in operations.values()
        if "requestBody" in operation
    ]
    assert len(bodies) >= 5
    for path, operation in bodies:
        (content,) = operation["requestBody"]["content"].values()
        assert content.keys() & {"example", "examples"}, path
        assert {"400", "413", "503"} <= operation["responses"].keys(), path
        for status, answer in operation["responses"].items():
            for media in answer.get("content", {}).values() if status >= "400" else ():
                for slug, example in media.get("examples", {}).items():
                    assert example["value"]["type"] == PROBLEM_TYPES + slug


def test_an_unknown_address_is_a_problem_too(hub: RunningHub) -> None:
    assert hub.get("/v1/nothing").json()["type"] == PROBLEM_TYPES + "not-found"
    assert hub.send("DELETE", "/v1/roster", b"", {}).json()["type"] == PROBLEM_TYPES + "method-not-allowed"


def test_it_comes_back_after_its_database_was_gone(
    postgres: TestServer, database_url: str, tmp_path: Path
) -> None:
    with running_hub(database_url, tmp_path, parties()) as hub:
        hub.checkpoint()
        name = urlsplit(database_url).path[1:]
        with psycopg.connect(postgres.url, autocommit=True) as db:
            db.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            assert hub.get("/readyz").json() == {"missing": ["database"]}
            assert hub.get("/healthz").status_code == 200
            assert "cairn_hub_database_up 0.0" in hub.get("/metrics").text
            gone = hub.get("/v1/log/entries?start=0")
            assert (gone.status_code, gone.json()["type"]) == (503, PROBLEM_TYPES + "store-unavailable")
            assert gone.headers["retry-after"]
            db.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

        until(lambda: hub.get("/readyz").status_code == 200)
        entry = LogEntry(kind=LeafKind.REPORT, digest=bytes(32), content=None)
        in_database(hub.settings, lambda db: promise_all(db, [entry]))
        until(lambda: hub.checkpoint().checkpoint.size == 2)
