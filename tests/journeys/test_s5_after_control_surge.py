"""S5: a public control event, a surge over a transit country, what analysts and members may see of it."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest

from cairn_protocol.messages.trends import Query, TrendQuestion
from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.envelopes import Envelopes
from hub.trends import calendar
from hub.trends.answering import answer
from hub.trends.expressions import ControlEvent, windows
from hub.trends.snapshots import make
from tests.support.planted import Planted, plant
from tests.support.reports import exporters
from tests.support.seated import SeatedHub, seated

pytestmark = pytest.mark.anyio

FIRMS = exporters(8)
CHIPS = {"hs6": "854231", "family": "FAM-IC"}
EVENT = ControlEvent(
    "chips-2026", "Controls on integrated circuits", "2026-W05", ("854231",), ("KZ",), ("MX",)
)
AFTER, BEFORE = windows(EVENT.week)
TODAY = dt.date(2026, 6, 1)


async def surge(
    settings: Settings, url: str, store: Store, envelopes: Envelopes, after: Sequence[int], *more: Planted
) -> dict[str, Any]:
    """What analysts are told of the surge when groups saw so many events after the control."""
    hub = seated(settings, url, store, envelopes)
    await hub.seat(FIRMS)
    await plant(
        hub,
        FIRMS,
        [
            Planted(after, AFTER, "KZ", CHIPS),
            Planted((2, 2, 2, 2, 1, 1), BEFORE, "KZ", CHIPS),
            Planted((3, 3, 2, 2, 2), AFTER, "MX", CHIPS),
            Planted((3, 3, 2, 2, 2), BEFORE, "MX", CHIPS),
            *more,
        ],
    )
    return await asked_of(hub)


async def asked_of(hub: SeatedHub) -> dict[str, Any]:
    async def put(db: Any) -> None:
        await calendar.put(db, EVENT)

    await hub.services.store.transact("event", put)
    await make(hub.services, TODAY)
    return await answer(hub.services, TrendQuestion(query=Query.SURGE, event=EVENT.id))


def cells(told: dict[str, Any], rung: str) -> dict[str, dict[str, Any]]:
    return {
        cell["cell"].removeprefix(f"rung={rung}|"): cell
        for cell in told["cells"]
        if cell["cell"].startswith(f"rung={rung}|")
    }


async def test_the_surge_is_three_times_the_year_before_and_the_control_set_stands_still(
    settings: Settings, database_url: str, store: Store, envelopes: Envelopes
) -> None:
    told = await surge(settings, database_url, store, envelopes, (6, 6, 5, 5, 4, 3))

    assert told["figures"]["rate_ratio"]["value"] == 2.9
    assert told["figures"]["control_rate_ratio"]["value"] == 1.0
    assert told["figures"]["difference_in_differences"]["value"] == 2.9
    assert told["figures"]["rate_ratio"]["low"] > 1.0
    at = cells(told, "item-by-country")
    assert at["set=transshipment|window=after"]["band"] == "25-49"
    assert at["set=transshipment|window=before"]["band"] == "10-24"
    assert {cell["groups"] for cell in at.values()} == {"5-9"}
    assert told["budget"]["spent"] == 4


async def test_one_group_with_a_third_of_it_keeps_the_cell_back_and_it_is_told_by_tier_and_region(
    settings: Settings, database_url: str, store: Store, envelopes: Envelopes
) -> None:
    """[12, 6, 5, 5, 4, 3]: 34 %. With other chips of the tier, to other countries of Central Asia, it can be told."""
    other = {"hs6": "854232", "family": "FAM-IC"}
    told = await surge(
        settings,
        database_url,
        store,
        envelopes,
        (12, 6, 5, 5, 4, 3),
        Planted((0, 2, 3, 3, 4, 4, 3, 3), AFTER, "KG", other),
        Planted((0, 1, 1, 1, 2, 2, 2, 2), BEFORE, "KG", other),
    )

    fine = cells(told, "item-by-country")
    assert {cell["verdict"] for cell in fine.values()} == {"suppress"}
    assert fine["set=transshipment|window=after"]["rule"] == "P2"
    assert all(cell["band"] is None and cell["groups"] is None for cell in fine.values())
    coarse = cells(told, "tier-by-region")
    assert {cell["verdict"] for cell in coarse.values()} == {"publish"}
    assert told["figures"]["rung"] == "tier-by-region"


async def test_where_nothing_dilutes_it_nothing_is_told(
    settings: Settings, database_url: str, store: Store, envelopes: Envelopes
) -> None:
    told = await surge(settings, database_url, store, envelopes, (12, 6, 5, 5, 4, 3))

    assert told["figures"] is None
    assert {cell["verdict"] for cell in told["cells"]} == {"suppress"}
    assert told["budget"]["spent"] == 0
