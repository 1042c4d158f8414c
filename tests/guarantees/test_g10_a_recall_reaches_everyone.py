"""G10: a wrong link can be undone, and everyone who was shown its card learns it at the next sync.

Here on the hub's real services, where a year passes in a second; on real processes it is story S4.
"""

from pathlib import Path
from uuid import UUID

import pytest

from cairn.client.seen import SeenCard, recalled
from cairn_protocol.messages.corrections import CutOrder, cut_id
from cairn_protocol.messages.index import RecallReason
from cairn_protocol.messages.parties import Role
from cairn_protocol.messages.report import Report
from cairn_protocol.messages.wire import encode
from hub.corrections.routes import router
from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.envelopes import Envelopes
from hub.storage.key_file import FileKeys
from tests.support.desk import Desk, name, phone
from tests.support.officials import official
from tests.support.postgres import TestServer
from tests.support.reports import NOW, exporters
from tests.support.seated import Member, seated

pytestmark = pytest.mark.anyio

FIRMS = exporters(6)
RITA, ANA = official("rita", Role.REVIEWER), official("ana", Role.ANALYST)
MONTH = 30 * 86_400


async def cut(desk: Desk, order: CutOrder) -> None:
    app = desk.hub.app(more=[router])
    for who, path, signed in (
        (RITA, "/v1/recalls", RITA.sign(order)),
        (ANA, f"/v1/recalls/{cut_id(order)}/confirmation", ANA.confirmation(order)),
    ):
        answer = await Member(who, app).post(path, encode(signed))  # type: ignore[arg-type]
        assert answer.status_code in (201, 202), answer.content


async def test_a_firm_that_was_offline_for_a_year_learns_of_every_recall_it_missed(
    postgres: TestServer, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path, pool_wait_seconds=2, connect_seconds=2, transaction_seconds=10)
    url = postgres.database()
    async with Store.connect(url, settings) as store:
        envelopes = Envelopes(FileKeys.load_or_create(settings.keys_path))
        await envelopes.ready(store)
        desk = await _desk(settings, url, store, envelopes)
        filed = [await _wrong_join(desk, word) for word in ("one", "two", "three")]
        index = await desk.index()
        seen = [
            SeenCard(index.card(*phone(word)).card_id, 1, seen_at=NOW) for word in ("one", "two", "three")
        ]

        # A year of indexes that nobody here syncs: two of the three are cut, cards come and go.
        for month in range(1, 13):
            if month in (2, 9):
                await cut(desk, RITA.order(*filed[0 if month == 2 else 1]))
            if month % 6 == 0:
                await _wrong_join(desk, f"month {month}")
            index = await desk.index(now=NOW + month * MONTH)
        synced = index.manifest

    told = recalled(synced, seen)
    assert [(one.card, one.reason) for one in told] == [
        (seen[0], RecallReason.WRONG_JOIN),
        (seen[1], RecallReason.WRONG_JOIN),
    ]
    assert index.card(*name("one left")).card_id != seen[0].card_id
    assert {card.card_id for card in index.cards(*phone("three"))} == {seen[2].card_id}


async def _desk(settings: Settings, url: str, store: Store, envelopes: Envelopes) -> Desk:
    hub = seated(settings, url, store, envelopes)
    await hub.seat([*FIRMS, RITA, ANA])  # type: ignore[list-item]
    return Desk(hub, FIRMS)


async def _wrong_join(desk: Desk, word: str) -> tuple[tuple[UUID, ...], tuple[UUID, ...]]:
    """Two names of two groups each on one phone; the report ids of either."""
    left, right = [
        [
            await desk.file(FIRMS[at], f"{word} {side} {at}", name(f"{word} {side}"), phone(word))
            for at in places
        ]
        for side, places in (("left", (0, 1)), ("right", (2, 3)))
    ]
    return _ids(left), _ids(right)


def _ids(reports: list[Report]) -> tuple[UUID, ...]:
    return tuple(report.signed.header.report_id for report in reports)
