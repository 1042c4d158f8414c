"""G4: the hub does not learn whom a member looks up, nor that it looked anyone up; a trustee learns member,
time and a padded count, however long they keep their logs.

What is compared is the state before and after a hundred checks. Left out, because they change by the clock
and did so before there were any members: the heartbeat of the hub's worker (`procrastinate_workers`), the
gauges of time that passes (ages and lags), and pg_dump's own random marker.
"""

import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from cairn import Hub, Inquiry
from tests.support.buyers import inquiry
from tests.support.town import RunningTown

pytestmark = pytest.mark.anyio

FIRM = "harbor"
CHECKS = 100
TRUSTEES = ("t1", "t2", "t3")
_BY_THE_CLOCK = re.compile(r"^cairn_hub_\w*(age|lag)_seconds[ {].*$", re.MULTILINE)


def _of_the_hub(town: RunningTown) -> dict[str, bytes]:
    """All that the hub has: tables, log, metrics, and the list of its files with their sizes."""
    dumped = town.dump("--exclude-table-data=procrastinate_workers")
    with urlopen(f"{town.local.hub_url}/metrics", timeout=10) as answer:
        metrics = _BY_THE_CLOCK.sub("", answer.read().decode())
    return {
        "tables": re.sub(rb"(?m)^\\(un)?restrict .*$", b"", dumped),
        "log": (town.hub_home / "log").read_bytes(),
        "log of the database": (town.hub_home / "postgres" / "server.log").read_bytes(),
        "metrics": metrics.encode(),
        "files": "\n".join(
            f"{path} {path.stat().st_size}" for path in sorted(town.hub_home.glob("*")) if path.is_file()
        ).encode(),
    }


def _of_a_trustee(town: RunningTown, name: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of a trustee."""
    path: Path = town.place.trustee(name) / "trustee.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: database.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


async def _known_and_new(town: RunningTown) -> list[Inquiry]:
    """A hundred inquiries: half about values that the firm looked up before, one of them with a card."""
    seen = inquiry("G4-seen")
    for firm in ("alder", "birch"):
        async with town.hub(firm) as hub:
            await hub.report(Inquiry.from_mapping(seen))
    town.publish()
    known = [seen, *(inquiry(f"G4-known-{number}") for number in range(CHECKS // 2 - 1))]
    async with town.hub(FIRM) as hub:
        await hub.sync()
        await hub.check_all(map(Inquiry.from_mapping, known))
    new = [inquiry(f"G4-new-{number}") for number in range(CHECKS // 2)]
    return [Inquiry.from_mapping(told) for told in (*known, *new)]


def _grown(
    before: Mapping[str, list[tuple[Any, ...]]], after: Mapping[str, list[tuple[Any, ...]]]
) -> dict[str, list[tuple[Any, ...]]]:
    """By table, the rows that are new."""
    rows = {table: [row for row in rows if row not in before[table]] for table, rows in after.items()}
    return {table: fresh for table, fresh in rows.items() if fresh}


async def test_a_hundred_checks_change_nothing_at_the_hub(town: RunningTown) -> None:
    asked = await _known_and_new(town)
    town.settle()
    before = _of_the_hub(town)
    told_before = {name: _of_a_trustee(town, name) for name in TRUSTEES}
    mark = town.wires["hub"].mark()

    async with town.hub(FIRM) as hub:
        advice = await hub.check_all(asked)

    passed = town.wires["hub"].since(mark)
    after = _of_the_hub(town)
    assert [one.status for one in advice] == ["seen"] + ["not_seen"] * (CHECKS - 1)
    assert passed == [], "not one byte went to the hub"
    for what, content in before.items():
        assert after[what] == content, what
    told = {name: _grown(told_before[name], _of_a_trustee(town, name)) for name in TRUSTEES}
    answered = [name for name in TRUSTEES if told[name]]
    assert len(answered) >= 2, "one may be let go before it has read the question"
    for name in answered:
        _is_no_more_than_a_padded_count(told_before[name], told[name])


def _is_no_more_than_a_padded_count(
    before: Mapping[str, list[tuple[Any, ...]]], grown: Mapping[str, list[tuple[Any, ...]]]
) -> None:
    """Of known values a trustee hears nothing; of new ones member, day and how many subjects."""
    assert grown.keys() == {"journal", "meter", "nonces"}
    ((day, member, subjects),) = grown["journal"]
    counted_before = next((row[2] for row in before["journal"] if row[:2] == (day, member)), 0)
    assert (member, subjects - counted_before) == (FIRM, CHECKS // 2)
    ((group, _, metered),) = grown["meter"]
    assert group == "harbor-lanes"
    assert metered == subjects, "the group's meter says no more than its one member's journal"
    assert {row[0] for row in grown["nonces"]} == {FIRM}
    assert len(grown["nonces"]) == 1, "one request for a batch, however many values are in it"


async def test_every_subject_looks_alike_to_a_trustee(town: RunningTown) -> None:
    """A name alone, and a party with every number there is, send equally many elements and bytes."""
    poor = inquiry("G4-poor", phones=[])
    rich = inquiry(
        "G4-rich",
        emails=["office@tugelmora.example", "sales@tugelmora.example"],
        website="tugelmora.example",
        vat="DE136695976",
        iban="GB82 WEST 1234 5698 7654 32",
        imo="9074729",
    ) | {"transaction_ref": ["HAWB 512-00417734", "MAWB 020-12345675"]}
    sizes = []
    for told in (poor, rich):
        marks = {name: town.wires[name].mark() for name in TRUSTEES}
        async with town.hub(FIRM) as hub:
            await hub.check(Inquiry.from_mapping(told))
        sizes.append(
            {
                len(body)
                for name in TRUSTEES
                for content in town.wires[name].since(marks[name], to_server=True)
                if (body := content.partition(b"\r\n\r\n")[2])
            }
        )

    assert len(sizes[0]) == 1
    assert sizes[0] == sizes[1]


def test_no_table_of_a_trustee_can_hold_more(town: RunningTown) -> None:
    """The journal's columns are day, member and count; no element, no time of day, no answer is kept."""
    for name in TRUSTEES:
        path = town.place.trustee(name) / "trustee.db"
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            columns = {
                table: {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
                for table in ("journal", "meter", "nonces")
            }
        assert columns == {
            "journal": {"day", "member", "subjects"},
            "meter": {"group_name", "day", "subjects"},
            "nonces": {"key_id", "nonce", "expires_at"},
        }


def test_a_trustees_log_and_metrics_name_no_member(town: RunningTown) -> None:
    with Hub(town.home(FIRM)) as hub:
        hub.check(Inquiry.from_mapping(inquiry("G4-logged")))

    for name, url in town.local.trustee_urls.items():
        with urlopen(f"{url}/metrics", timeout=10) as answer:
            metrics = answer.read().decode()
        log = (town.place.trustee(name) / "log").read_text()
        assert "cairn_trustee_subjects_total" in metrics
        for firm in ("harbor", "alder", "birch"):
            assert firm not in metrics + log
