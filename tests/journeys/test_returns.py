"""A group's return, from its register to its sum or to the next period: affiliates, what is late, what is left out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.buyers import inquiry
from tests.support.return_desk import ReturnDesk
from tests.support.town import RunningTown

REFUSED, PROOF_FAILED = 6, 5


@pytest.fixture
def desk(town: RunningTown) -> Iterator[ReturnDesk]:
    desk = ReturnDesk(town)
    yield desk
    desk.end()


def told(town: RunningTown, firm: str, *words: str | Path, code: int = 0) -> dict[str, Any]:
    """The one object that a verb of `cairn return` prints."""
    done = town.cairn(firm, "return", *words, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[0])
    return answer


def of(town: RunningTown, firm: str, period: str, code: int = 0) -> dict[str, Any]:
    """A period's line of `cairn return status`."""
    done = town.cairn(firm, "return", "status", "--json")
    assert done.returncode == code, done.stdout + done.stderr
    return next(line for line in map(json.loads, done.stdout.splitlines()) if line["period"] == period)


def test_affiliates_add_their_counts_first_and_one_of_them_files(
    town: RunningTown, desk: ReturnDesk, tmp_path: Path
) -> None:
    out = tmp_path / "counts"
    period = ("--period", desk.name)
    handed = told(town, "fir-asia", "submit", *period, "--handled", "30", "--hand-to", out)
    shown = told(town, "fir", "preview", *period, "--handled", "12", "--with", out)

    assert handed["status"] == "handed"
    assert shown["counters"]["handled"] == 42 and shown["affiliates"] == ["fir-asia"]
    assert told(town, "fir", "submit", *period, "--handled", "12", "--with", out)["status"] == "sent"
    assert told(town, "fir", "submit", *period)["status"] == "sent"  # the same again
    assert town.query("SELECT count(*) FROM returns WHERE period = %s", desk.name) == [(1,)]


def test_what_comes_too_late_counts_in_the_next_period_and_once(
    town: RunningTown, desk: ReturnDesk, tmp_path: Path
) -> None:
    firm, later = "gum", ReturnDesk(town)
    filed = tmp_path / "old.jsonl"
    filed.write_text(json.dumps(inquiry("returns-late") | {"received_on": "2010-03-02"}))
    assert town.cairn(firm, "report", filed).returncode == 0
    desk.file(dict.fromkeys(("alder", "birch", "cedar", "dogwood", "elm"), 40))
    desk.forge(desk.filed())  # closed, as far as the hub goes

    refused = told(town, firm, "submit", "--period", desk.name, code=REFUSED)
    assert refused["reason"].startswith("period-closed")
    shown = told(town, firm, "preview", "--period", later.name)
    assert (shown["late"], shown["counters"]["flagged"]) == (1, 1)
    assert told(town, firm, "submit", "--period", later.name)["status"] == "sent"
    last = ReturnDesk(town)
    assert told(town, firm, "preview", "--period", last.name)["counters"] == {}
    assert told(town, firm, "submit", "--period", last.name)["status"] == "sent"  # zeros: silence would tell

    later.end()
    last.end()


def test_a_return_that_the_hub_acknowledged_and_left_out_is_noticed(
    town: RunningTown, desk: ReturnDesk
) -> None:
    desk.deposit()
    desk.file(dict.fromkeys(("alder", "birch", "cedar", "dogwood", "elm", "kauri"), 40))
    desk.forge([one for one in desk.filed() if one.contribution.member != "kauri"])
    for trustee in ("t1", "t2", "t3"):
        assert [one.outcome for one in desk.answer(trustee)] == ["done"]
    town.settle()

    assert of(town, "alder", desk.name) | {"status": "closed", "ours": "sent", "in_sum": True} == of(
        town, "alder", desk.name
    )
    left = of(town, "kauri", desk.name, code=PROOF_FAILED)
    assert (left["ours"], left["in_sum"], left["groups"]) == ("left-out", False, 5)
