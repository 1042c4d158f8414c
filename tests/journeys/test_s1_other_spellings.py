"""S1 without a contact: three firms write one name in three ways, and the third finds the other two.

And its counterpart: what many unrelated parties share brings nobody together, on real processes.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from cairn import Inquiry
from cairn.advice import Advice
from cairn.filing import ReceiptStatus
from local.stories import ZARYA
from tests.support.buyers import inquiry, name, phone
from tests.support.town import RunningTown

pytestmark = pytest.mark.anyio

EXPORTERS = ("alder", "birch", "cedar", "dogwood", "elm")


async def _file(town: RunningTown, firm: str, about: dict[str, Any]) -> None:
    async with town.hub(firm) as hub:
        assert (await hub.report(Inquiry.from_mapping(about))).status is ReceiptStatus.PROMISED


async def _check(town: RunningTown, firm: str, about: dict[str, Any]) -> Advice:
    async with town.hub(firm) as hub:
        await hub.sync()
        advice: Advice = await hub.check(Inquiry.from_mapping(about))
        return advice


async def test_a_slip_finds_a_name_in_latin_and_cyrillic_letters(town: RunningTown, tmp_path: Path) -> None:
    *reported, (firm, about) = ZARYA
    for reporter, inquired in reported:
        await _file(town, reporter, inquired)
    town.publish()
    asked = tmp_path / "asked.jsonl"
    asked.write_text(json.dumps(about))
    assert town.cairn(firm, "index", "sync").returncode == 0

    done = town.cairn(firm, "check", asked, "--json")

    told = json.loads(done.stdout)
    assert (done.returncode, told["status"], told["groups"], told["match"]) == (3, "seen", "2-4", "similar")
    assert "a name like the one in this inquiry" in told["reasons"][0]
    assert "it may be another party" in told["reasons"][1]


async def test_five_parties_with_numbers_on_one_phone_stay_apart_five_names_without_are_found(
    town: RunningTown,
) -> None:
    switchboard, procurers = phone(), phone()
    for at, firm in enumerate(EXPORTERS):
        registered = inquiry(
            f"desk-{at}", name=name(), phones=[switchboard], registration_no=f"{7_301_225_461 + at * 97_531}"
        )
        await _file(town, firm, registered)
        await _file(town, firm, inquiry(f"changing-{at}", name=name(), phones=[procurers]))
    town.publish()

    of_the_desk = await _check(town, "fir", inquiry("asks-desk", name=name(), phones=[switchboard]))
    of_the_procurer = await _check(town, "fir", inquiry("asks-changing", name=name(), phones=[procurers]))

    assert of_the_desk.status == "not_seen"
    assert (of_the_procurer.status, of_the_procurer.groups, of_the_procurer.match) == ("seen", "5-9", "exact")


async def test_a_report_with_keys_of_an_earlier_normaliser_is_filed_anew_once(
    town: RunningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was filed by exact keys alone is found by a misspelt name after `cairn retag`."""
    word = name()
    with monkeypatch.context() as earlier:
        earlier.setattr("cairn.looking_up.fuzzy_keys", lambda inquiry: ())
        for firm in ("birch", "cedar"):
            await _file(town, firm, inquiry("before-retag", name=word, phones=[]))
    town.publish()
    misspelt = inquiry("asks-misspelt", name=word[:3] + word[4:], phones=[])
    assert (await _check(town, "fir", misspelt)).status == "not_seen"

    for firm in ("birch", "cedar"):
        done = town.cairn(firm, "retag", "--json")
        assert done.returncode == 0, done.stderr
        assert "promised" in done.stdout
        assert town.cairn(firm, "retag", "--json").stdout == ""
    town.publish()

    assert (await _check(town, "fir", misspelt)).match == "similar"
