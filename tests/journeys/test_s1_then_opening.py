"""S1, the opening: Alder's report shares a contact with Birch's and with Cedar's, and that report alone opens.

The story is the demo's (`local.stories`), told in `test_s1_shopping_around` first: files run in the order of their
names, and what is filed again stays as it was. By the commands that analysts, trustees and firms type.
"""

import json
from typing import Any

import pytest

from cairn import Inquiry
from local.processes import command
from local.stories import ORKIDE
from tests.support.town import RunningTown, until

pytestmark = pytest.mark.anyio

ALDER, BIRCH, CEDAR = ORKIDE[:3]


async def _file(town: RunningTown, told: tuple[str, dict[str, Any]]) -> str:
    """The report's id."""
    firm, about = told
    async with town.hub(firm) as hub:
        return str((await hub.report(Inquiry.from_mapping(about))).report_id)


def _analyst(town: RunningTown, who: str, *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code, and the one object that is printed."""
    done = town.cairn(who, "analyst", "opening", *words, "--json")
    return done.returncode, json.loads(done.stdout)


def _trustee(town: RunningTown, name: str, *words: str) -> str:
    told: str = command("cairn-trustee", *words, "--home", town.place.trustee(name))
    return told


async def test_one_report_opens_when_two_analysts_and_two_trustees_agree(town: RunningTown) -> None:
    alder, birch, cedar = [await _file(town, told) for told in (ALDER, BIRCH, CEDAR)]
    town.settle()

    for report in (birch, cedar):
        code, told = _analyst(town, "ana", "request", "--report", report, "--reason", "T1")
        assert (code, told["reason"]) == (6, "too-few-groups"), "it shares a value with one other group"

    code, told = _analyst(town, "ana", "request", "--report", alder, "--reason", "T1")
    assert (code, told["status"]) == (0, "requested")
    opening = told["opening"]
    assert _analyst(town, "ana", "confirm", opening)[0] == 6, "not by the one who asked"
    assert _analyst(town, "ben", "status", opening)[1]["status"] == "requested"
    assert _analyst(town, "ben", "confirm", opening)[1]["status"] == "confirmed"

    until(lambda: opening in _trustee(town, "t1", "requests"))
    shown = _trustee(town, "t1", "requests")
    assert "borne out by 3 groups" in shown
    assert "Orkide" not in shown, "trustees see codes and counts"
    _trustee(town, "t1", "approve", opening)
    code, told = _analyst(town, "ana", "read", opening)
    assert (code, told["reason"]) == (1, "too-few-assents"), "one of two stays shut"

    until(lambda: opening in _trustee(town, "t2", "requests"))
    _trustee(town, "t2", "approve", opening)
    for analyst in ("ana", "ben"):
        code, told = _analyst(town, analyst, "read", opening)
        assert code == 0
        (report,) = told["reports"]
        assert (report["report_id"], report["member"]) == (alder, "alder")
        assert report["details"]["names"] == [ALDER[1]["party"]["name"]]

    for firm, is_told in (("alder", True), ("birch", False), ("cedar", False)):
        assert town.cairn(firm, "index", "sync").returncode == 0
        notices = json.loads(town.cairn(firm, "status", "--json").stdout)["notices"]
        assert any(opening in notice for notice in notices) is is_told
