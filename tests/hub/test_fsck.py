"""`cairn-hub log fsck`: whatever log and tables no longer agree on is found and named."""

from collections.abc import Iterator
from pathlib import Path

import anyio
import psycopg
import pytest

from cairn_protocol.kinds import Kind
from cairn_protocol.messages.wire import encode
from hub.fsck import Fsck, everything
from hub.services import Services
from tests.support.hub import RunningHub, running_hub, until
from tests.support.parties import parties
from tests.support.postgres import TestServer
from tests.support.reports import exporters

FIRMS = exporters(2)


@pytest.fixture
def hub(postgres: TestServer, tmp_path: Path) -> Iterator[RunningHub]:
    with running_hub(postgres.database(), tmp_path, parties()) as hub:
        for firm in FIRMS:
            hub.enter(firm.entry, firm.key)
            report = firm.report((Kind.PHONE, "+905550100199"), normaliser=hub.parties.genesis.normaliser)
            assert hub.call("POST", "/v1/reports", encode(report), firm.id, firm.key).status_code == 201
        until(lambda: hub.checkpoint().checkpoint.size == 5)
        yield hub


def fsck(hub: RunningHub) -> Fsck:
    assert hub.settings.database_url is not None
    url = hub.settings.database_url.get_secret_value()

    async def work() -> Fsck:
        async with Services.open(hub.settings, url) as services:
            return await everything(services.store, services.envelopes)

    return anyio.run(work)


def edit(hub: RunningHub, statement: str) -> None:
    assert hub.settings.database_url is not None
    with psycopg.connect(hub.settings.database_url.get_secret_value()) as database:
        database.execute(statement)  # type: ignore[call-overload]


def test_a_log_nobody_touched_is_clean(hub: RunningHub) -> None:
    assert fsck(hub) == Fsck(5, ())


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE translog_leaves SET leaf_hash = '\\x00' WHERE leaf_index = 2", "leaf 2 (report): its hash"),
        ("UPDATE translog_leaves SET content = '\\x00' WHERE leaf_index = 1", "leaf 1 (roster): its content"),
        (
            "UPDATE translog_leaves SET kind = 'manifest' WHERE leaf_index = 4",
            "leaf 4 (manifest): its content",
        ),
        ("DELETE FROM translog_leaves WHERE leaf_index = 2", "leaf 2 is missing"),
        ("UPDATE translog_nodes SET hash = '\\x00' WHERE level = 1", "of level 1 is missing or wrong"),
        (
            "UPDATE reports SET digest = '\\x00' WHERE member_id = 'm00'",
            "is of a report that the tables lack",
        ),
        ("UPDATE reports SET digest = '\\x00' WHERE member_id = 'm00'", "has no leaf, placed or promised"),
    ],
)
def test_an_edit_is_named(hub: RunningHub, statement: str, told: str) -> None:
    edit(hub, statement)

    assert [finding for finding in fsck(hub).findings if told in finding]


def test_the_newest_checkpoint_must_be_reached(hub: RunningHub) -> None:
    edit(hub, "DELETE FROM translog_leaves WHERE leaf_index = 4")

    assert "the leaves do not lead to the root of the checkpoint of 5 leaves" in fsck(hub).findings


# What is done to a report's rows, and what is said of it then.
EDITS = (
    (
        "UPDATE reports SET signed_header = (SELECT signed_header FROM reports WHERE member_id = 'm01')"
        " WHERE member_id = 'm00'",
        "its header is not the one that was signed",
    ),
    ("UPDATE reports SET signed_header = '\\x00' WHERE member_id = 'm00'", "its header can't be read"),
    (
        "UPDATE reports SET open_part = (SELECT open_part FROM reports WHERE member_id = 'm01')"
        " WHERE member_id = 'm00'",
        "its OPEN codes can't be opened",
    ),
    (
        "UPDATE report_tags SET tag = (SELECT tag FROM report_tags WHERE kind = 'name' LIMIT 1)"
        " WHERE kind = 'phone'",
        "its tags are not those of its header",
    ),
    ("DELETE FROM report_tags WHERE position = 0", "its tags are not those of its header"),
    ("UPDATE report_secrets SET secrets = secrets || '\\x00'", "its card keys can't be opened"),
    ("DELETE FROM report_secrets", "its card keys can't be opened"),
    (
        "INSERT INTO report_sealed SELECT number, '\\x00' FROM reports",
        "its sealed part is not that of its header",
    ),
    (
        "INSERT INTO retractions SELECT member_id, report_id, '\\x00', accepted_on FROM reports",
        "tags or secrets of it are still there",
    ),
)
BESIDE = ("report_tags", "report_secrets", "report_sealed", "retractions")


def test_an_edit_of_what_is_on_file_of_a_report_is_named(hub: RunningHub) -> None:
    """The log stays as it was: what was linked, told or locked did not."""
    edit(hub, "; ".join(f"CREATE TABLE kept_{table} AS TABLE {table}" for table in ("reports", *BESIDE)))
    undo = "UPDATE reports r SET signed_header = k.signed_header, open_part = k.open_part FROM kept_reports k"
    undo += " WHERE k.number = r.number; "
    undo += "; ".join(f"DELETE FROM {table}; INSERT INTO {table} TABLE kept_{table}" for table in BESIDE)
    for statement, told in EDITS:
        edit(hub, statement)
        assert [finding for finding in fsck(hub).findings if told in finding], statement
        edit(hub, undo)
    assert not fsck(hub).findings
