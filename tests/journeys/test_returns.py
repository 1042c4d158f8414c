"""A group's return, from its register to its sum or to the next period: affiliates, what is late, what is left out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cairn import Inquiry, filing, returning
from cairn.session import Session
from tests.support.buyers import inquiry
from tests.support.return_desk import ReturnDesk
from tests.support.town import RunningTown

PROOF_FAILED = 5


@pytest.fixture
def desk(town: RunningTown) -> Iterator[ReturnDesk]:
    desk = ReturnDesk(town)
    yield desk
    desk.end()


def told(town: RunningTown, firm: str, *words: str | Path) -> dict[str, Any]:
    """The one object that a verb of `cairn return` prints."""
    done = town.cairn(firm, "return", *words, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[0])
    return answer


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
    again = desk.acting("fir", lambda session: returning.submit(session, desk.name))
    assert again.status == "sent"
    assert town.query("SELECT count(*) FROM returns WHERE period = %s", desk.name) == [(1,)]


def test_what_comes_too_late_counts_in_the_next_period_and_once(town: RunningTown, desk: ReturnDesk) -> None:
    later, last = ReturnDesk(town), ReturnDesk(town)
    desk.file(dict.fromkeys(("alder", "birch", "cedar", "dogwood", "elm"), 40))
    desk.forge(desk.filed())  # closed, as far as the hub goes

    async def late(session: Session) -> None:
        old = inquiry("returns-late") | {"received_on": "2010-03-02"}
        await filing.file_all(session, [Inquiry.from_mapping(old)])

        refused = await returning.submit(session, desk.name)
        assert refused.status == "refused" and (refused.reason or "").startswith("period-closed")
        shown = await returning.preview(session, later.name)
        assert (shown.late, shown.named()["flagged"]) == (1, 1)
        assert (await returning.submit(session, later.name)).status == "sent"
        assert (await returning.preview(session, last.name)).named() == {}
        assert (await returning.submit(session, last.name)).status == "sent"  # zeros: silence would tell

    desk.acting("gum", late)
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

    inside = {one.period: one for one in desk.acting("alder", returning.status)}[desk.name]
    assert (inside.state, inside.ours, inside.in_sum, inside.groups) == ("closed", "sent", True, 5)
    done = town.cairn("kauri", "return", "status", "--json")
    assert done.returncode == PROOF_FAILED
    lines = {line["period"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert (lines[desk.name]["ours"], lines[desk.name]["in_sum"]) == ("left-out", False)
