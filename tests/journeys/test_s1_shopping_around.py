"""S1: a declined buyer goes from firm to firm under new names, and the next firm learns it before it answers.

The story is the demo's (`local.stories`), on real processes.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from cairn import Inquiry
from cairn.advice import Advice
from cairn.filing import ReceiptStatus
from local.stories import ORKIDE
from tests.support.buyers import inquiry
from tests.support.town import RunningTown

pytestmark = pytest.mark.anyio

Told = tuple[str, dict[str, Any]]


async def _file(town: RunningTown, told: Told) -> None:
    firm, about = told
    async with town.hub(firm) as hub:
        assert (await hub.report(Inquiry.from_mapping(about))).status is ReceiptStatus.PROMISED


async def _check(town: RunningTown, told: Told) -> Advice:
    firm, about = told
    async with town.hub(firm) as hub:
        await hub.sync()
        advice: Advice = await hub.check(Inquiry.from_mapping(about))
        return advice


async def test_the_fourth_firm_asked_sees_that_others_were(town: RunningTown, tmp_path: Path) -> None:
    alder, birch, cedar, dogwood = ORKIDE

    await _file(town, alder)
    town.publish()
    assert (await _check(town, birch)).groups is None, "one group is never shown"

    await _file(town, birch)
    town.publish()
    advice = await _check(town, alder)
    assert (advice.status, advice.groups) == ("seen", "2-4")
    assert "phone number" in advice.reasons[0]
    assert "Your own group is one of them." in advice.reasons

    await _file(town, cedar)
    town.publish()
    # The fourth firm works by command line, and its scripts by exit codes.
    firm, about = dogwood
    asked = tmp_path / "asked.jsonl"
    asked.write_text(json.dumps(about))
    assert town.cairn(firm, "index", "sync").returncode == 0
    done = town.cairn(firm, "check", asked, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["status"], told["groups"], told["evidence"]) == (3, "seen", "2-4", "E2")
    assert "Your own group is one of them." not in told["reasons"]


async def test_a_buyer_nobody_else_saw_is_not_called_clear(town: RunningTown) -> None:
    advice = await _check(town, ("elm", inquiry("S1-unseen")))

    assert advice.status == "not_seen"
    assert "not a clearance" in advice.reasons[0]
