"""S5 on real processes: firms file, analysts see the surge, a table is released, a bulletin quotes it after its window.

Nobody waits two days: what stands in the hub's database is dated back by as much.
"""

import asyncio
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cairn import Inquiry
from cairn.filing import ReceiptStatus
from local import trends
from local.bulletins import wait_in_force
from local.corridors import control_event
from tests.support.town import RunningTown

pytestmark = pytest.mark.anyio

FIRMS = ("alder", "birch", "cedar", "dogwood", "elm", "gum")
AFTER, BEFORE, CONTROL = (6, 6, 5, 5, 4, 3), (2, 2, 2, 2, 1, 1), (3, 3, 2, 2, 2)
WINDOW_SECONDS = 48 * 3600
CORRIDOR = "origin=DE|via=TR|destination=KZ"


def events(today: dt.date) -> Iterator[tuple[str, dict[str, Any]]]:
    """S5's: chips to Kazakhstan eight weeks after the control and a year before, and to Mexico as a control."""
    control = dt.date.fromisocalendar(
        int(control_event(today).week[:4]), int(control_event(today).week[6:]), 1
    )
    for by_firm, weeks_before, origin, via, country in (
        (AFTER, 0, "DE", ["TR"], "KZ"),
        (BEFORE, 52, "DE", ["TR"], "KZ"),
        (CONTROL, 0, "US", [], "MX"),
        (CONTROL, 52, "US", [], "MX"),
    ):
        for firm, count in zip(FIRMS, by_firm, strict=False):
            for at in range(count):
                day = control + dt.timedelta(weeks=1 + at - weeks_before)
                name = f"{firm} {country} {weeks_before} {at}"
                yield (
                    firm,
                    {
                        "inquiry_id": f"s5-{name.replace(' ', '-')}",
                        "received_on": day.isoformat(),
                        "party": {"role": "PUR", "name": f"Vessary {name} Works", "country": country},
                        "item": {"hs6": "854231"},
                        "route": {"export_country": origin, "via": via, "stated_destination": country},
                        "red_flags": ["RF-LOG-01"],
                        "handling": "GREEN",
                        "consent": "party-after-my-approval"
                        if (firm, at) == ("gum", 0)
                        else "aggregate-only",
                    },
                )


def draft_of(release: dict[str, Any], cell: dict[str, Any], reports: list[str]) -> dict[str, Any]:
    edition = {
        "audience": "members",
        "tlp": "GREEN",
        "title": "More requests for circuits to Central Asia",
        "bottom_line": "After a control came into force, reports of requests for circuits to Central Asia rose.",
        "observed": "The rise is visible in the weeks after the control and not in the comparison.",
        "figures": [
            {
                "release": release["release"],
                "digest": release["digest"],
                "cell": cell["cell"],
                "count": cell["band"],
                "groups": cell["groups"],
            }
        ],
        "suppression": "Countries with few contributors are not shown.",
        "families": ["FAM-IC"],
        "red_flags": ["RF-LOG-01"],
        "alternatives": ["Trade that other routes lost may have moved here lawfully."],
        "basis": "Counts of several groups, compared with another region.",
    }
    told_from = {"origin": "trend", "reference": release["release"], "reports": reports, "party": False}
    return {"kind": "TREND", "inputs": [told_from], "editions": [edition]}


async def test_a_surge_becomes_a_released_figure_and_a_bulletin_after_its_window(
    town: RunningTown, tmp_path: Path
) -> None:
    today = dt.datetime.now(dt.UTC).date()
    asked_first = await _file_all(town, today)
    await asyncio.to_thread(trends.take_snapshot, town.place, today)

    *cells, told = _lines(town, "ana", "analyst", "surge", "--json")
    assert (
        told["figures"]["rate_ratio"]["value"] == told["figures"]["difference_in_differences"]["value"] == 2.9
    )
    assert told["figures"]["control_rate_ratio"]["value"] == 1.0
    assert {cell["band"] for cell in cells if "transshipment" in cell["cell"]} == {"25-49", "10-24"}

    await trends.release_all(town.place)
    read = next(one for one in _lines(town, "gum", "releases", "--json") if "corridors" in one["release"])
    (release,) = _lines(town, "ana", "analyst", "release", "show", read["release"], "--json")
    assert release["cells"] == read["cells"]
    cell = next(one for one in read["cells"] if one["cell"] == CORRIDOR)
    assert cell["band"] == "25-49"

    written = tmp_path / "draft.json"
    draft = draft_of(release, cell, [asked_first])
    written.write_text(json.dumps(draft))
    bulletin = _lines(town, "ana", "analyst", "bulletin", "draft", written, "--json")[0]["bulletin"]
    (bundle,) = _lines(town, "ana", "analyst", "bulletin", "stix", bulletin, "--audience", "members")
    assert [one["name"] for one in bundle["objects"] if one["type"] == "grouping"] == [
        draft["editions"][0]["title"]
    ]
    assert town.cairn("ana", "analyst", "bulletin", "submit", bulletin, "--json").returncode == 0
    own = town.cairn("ana", "analyst", "bulletin", "approve", bulletin, "--json")
    assert (own.returncode, json.loads(own.stdout)["reason"]) == (6, "own-draft")
    assert town.cairn("ben", "analyst", "bulletin", "approve", bulletin, "--json").returncode == 0

    (shown,) = _lines(town, "gum", "drafts", "--json")
    assert shown["editions"][0]["title"] == draft["editions"][0]["title"]
    early = town.cairn("ana", "analyst", "bulletin", "release", bulletin, "--json")
    assert (early.returncode, json.loads(early.stdout)["reason"]) == (6, "window-open")

    town.query(
        "UPDATE bulletins SET approved_at = approved_at - %s WHERE bulletin = %s", WINDOW_SECONDS, bulletin
    )
    assert town.cairn("ana", "analyst", "bulletin", "release", bulletin, "--json").returncode == 0
    async with town.hub("ana") as hub:
        await wait_in_force(await hub.session(), [bulletin])
    read = next(one for one in _lines(town, "alder", "bulletins", "--json") if one["bulletin"] == bulletin)
    assert (read["status"], read["tlp"]) == ("in_force", "GREEN")
    assert [(one["cell"], one["count"]) for one in read["figures"]] == [(CORRIDOR, "25-49")]

    draft["editions"][0]["figures"][0]["count"] = "50-99"
    written.write_text(json.dumps(draft))
    bent = _lines(town, "ana", "analyst", "bulletin", "draft", written, "--json")[0]
    assert [one["code"] for one in bent["findings"]] == ["FIGURE"]


async def _file_all(town: RunningTown, today: dt.date) -> str:
    """Each firm files its own; the id of the report whose firm wants to be asked first."""
    asked_first = ""
    for firm in FIRMS:
        own = [told for whose, told in events(today) if whose == firm]
        async with town.hub(firm) as hub:
            receipts = await hub.report_all([Inquiry.from_mapping(told) for told in own])
        assert {receipt.status for receipt in receipts} == {ReceiptStatus.PROMISED}
        for told, receipt in zip(own, receipts, strict=True):
            if told["consent"] == "party-after-my-approval":
                asked_first = asked_first or str(receipt.report_id)
    return asked_first


def _lines(town: RunningTown, who: str, *words: str | Path) -> list[Any]:
    done = town.cairn(who, *words)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
