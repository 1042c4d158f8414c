"""Corrections: what firms say of their own reports, and what a reviewer and an analyst cut for good."""

from uuid import UUID

import httpx2
import psycopg
import pytest
from msgspec import UNSET, UnsetType
from prometheus_client import generate_latest

from cairn_protocol.cuts import cuts_of, order_of
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.corrections import (
    ClearReason,
    CutOrder,
    RecallAcknowledgement,
    Said,
    Statement,
    cut_id,
)
from cairn_protocol.messages.index import Evidence, RecallReason, Typology
from cairn_protocol.messages.parties import Role
from cairn_protocol.messages.report import Report
from cairn_protocol.messages.wire import encode, sign
from hub.corrections.routes import router
from hub.health import state
from hub.metrics import show
from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.envelopes import Envelopes
from tests.support.desk import Desk, name, phone
from tests.support.index_reader import IndexReader
from tests.support.officials import official
from tests.support.reports import NOW, WEEK, Firm, exporters, tag_of_value
from tests.support.seated import Member, seated

pytestmark = pytest.mark.anyio

FIRMS = exporters(8)
RITA = official("rita", Role.REVIEWER)
ANA = official("ana", Role.ANALYST)
DAY = 86_400


@pytest.fixture
async def desk(settings: Settings, database_url: str, store: Store, envelopes: Envelopes) -> Desk:
    hub = seated(settings, database_url, store, envelopes)
    await hub.seat([*FIRMS, RITA, ANA])  # type: ignore[list-item]
    return Desk(hub, FIRMS)


async def post(desk: Desk, who: object, path: str, body: bytes) -> httpx2.Response:
    app = desk.hub.app(more=[router])
    return await Member(who, app).post(path, body)  # type: ignore[arg-type]


async def say(
    desk: Desk,
    firm: Firm,
    report: Report,
    said: Said = Said.CLEARED,
    week: str = WEEK,
    record: bytes | UnsetType = UNSET,
) -> httpx2.Response:
    statement = Statement(
        member=firm.id,
        report_id=report.signed.header.report_id,
        digest=report.signed.digest(),
        said=said,
        reason=ClearReason.SITE_VISIT if said is Said.CLEARED else None,
        week=week,
        record=record,
    )
    return await post(desk, firm, "/v1/statements", encode(sign(statement, firm.key)))


async def cut(desk: Desk, order: CutOrder) -> None:
    ordered = await post(desk, RITA, "/v1/recalls", encode(RITA.sign(order)))
    assert ordered.status_code == 202, ordered.content
    confirmed = await post(
        desk, ANA, f"/v1/recalls/{cut_id(order)}/confirmation", encode(ANA.confirmation(order))
    )
    assert confirmed.status_code == 201, confirmed.content


def ids(*reports: Report) -> tuple[UUID, ...]:
    return tuple(report.signed.header.report_id for report in reports)


async def switchboard(desk: Desk) -> list[Report]:
    """S4's variant: two parties with a name each, two groups each, and one phone for all."""
    return [
        await desk.file(FIRMS[at], f"{at}", name("al noor" if at < 2 else "sapphire"), phone("shared"))
        for at in range(4)
    ]


def reasons(index: IndexReader) -> list[RecallReason]:
    return [one.reason for one in index.manifest.tombstones]


# Statements


async def test_each_group_that_cleared_its_report_is_counted_for_180_days(desk: Desk) -> None:
    a = await desk.file(FIRMS[0], "a", name("orkide"), phone("1"))
    b = await desk.file(FIRMS[1], "b", name("okt"), phone("1"))
    assert (await desk.index()).card(*phone("1")).cleared == 0

    assert (await say(desk, FIRMS[0], a)).status_code == 201
    assert (await desk.index()).card(*phone("1")).cleared == 1
    await say(desk, FIRMS[1], b)
    assert (await desk.index()).card(*phone("1")).cleared == 2

    assert (await desk.index(now=NOW + 179 * DAY)).card(*phone("1")).cleared == 2
    assert (await desk.index(now=NOW + 195 * DAY)).card(*phone("1")).cleared == 0


async def test_a_statement_again_gets_the_same_receipt_and_the_log_has_its_digest_alone(desk: Desk) -> None:
    report = await desk.file(FIRMS[0], "a", name("orkide"), phone("1"))

    first, again = await say(desk, FIRMS[0], report), await say(desk, FIRMS[0], report)

    assert (first.status_code, first.content) == (201, again.content)
    with psycopg.connect(desk.url) as connection:
        rows = connection.execute("SELECT content FROM translog_promised WHERE kind = 'statement'").fetchall()
    assert rows == [(None,)]


async def test_a_disputed_report_counts_nothing_until_it_is_amended(desk: Desk) -> None:
    for at in range(3):
        filed = await desk.file(FIRMS[at], f"{at}", name("orkide"), phone("1"))
    assert (await desk.index()).card(*phone("1")).evidence is Evidence.E2

    await say(desk, FIRMS[2], filed, Said.NOT_OURS)
    await desk.take_back(FIRMS[1], FIRMS[1].report(name("orkide"), phone("1"), inquiry="1"))
    assert (await desk.index()).cards(*phone("1")) == []

    amended = await desk.file(
        FIRMS[2], "2", name("orkide"), phone("1"), revision=2, supersedes=filed.signed.digest()
    )
    assert (await desk.index()).card(*phone("1")).groups == "2-4"
    assert (await say(desk, FIRMS[2], filed)).status_code == 404, "the earlier revision is no more"
    assert (await say(desk, FIRMS[2], amended)).status_code == 201


async def test_nobody_says_anything_of_anothers_report_or_of_a_week_to_come(desk: Desk) -> None:
    report = await desk.file(FIRMS[0], "a", name("orkide"), phone("1"))

    stolen = Statement(
        member=FIRMS[0].id,
        report_id=report.signed.header.report_id,
        digest=report.signed.digest(),
        said=Said.NOT_OURS,
        reason=None,
        week=WEEK,
    )
    other = await post(desk, FIRMS[1], "/v1/statements", encode(sign(stolen, FIRMS[1].key)))
    assert other.json()["type"].endswith("wrong-member")
    assert (await say(desk, FIRMS[1], report)).json()["type"].endswith("unknown-report")
    assert (await say(desk, FIRMS[0], report, week="2062-W01")).json()["type"].endswith("future-week")
    assert (await say(desk, FIRMS[0], report, week="2025-W53")).json()["type"].endswith("bad-message")


# Cuts


async def test_a_wrong_join_comes_apart_and_its_card_is_recalled(desk: Desk) -> None:
    one, two, three, four = await switchboard(desk)
    assert (await desk.index()).card(*phone("shared")).groups == "2-4"
    assert await desk.together() == [{"0", "1", "2", "3"}]

    shared = tag_of_value(Kind.PHONE, "shared")
    await cut(desk, RITA.order(ids(one, two), ids(three, four), common=(shared,)))

    index = await desk.index()
    assert await desk.together() == [{"0", "1"}, {"2", "3"}]
    assert reasons(index) == [RecallReason.WRONG_JOIN]
    assert index.card(*name("al noor")).card_id != index.card(*name("sapphire")).card_id
    assert index.cards(*phone("shared")) == []
    assert index.manifest.quarantined == (shared,)


async def test_a_dispute_ends_with_the_cut_and_the_report_counts_with_its_own_subject(desk: Desk) -> None:
    one, two, three, four = await switchboard(desk)
    await desk.index()
    await say(desk, FIRMS[2], three, Said.NOT_OURS)

    await cut(desk, RITA.order(ids(one, two), ids(three, four)))

    assert (await desk.index()).card(*name("sapphire")).groups == "2-4"


async def test_cut_links_stay_cut_whatever_comes_later(desk: Desk) -> None:
    """No bridge, no amendment and no linking anew joins what was cut."""
    one, two, three, four = await switchboard(desk)
    await desk.together()
    await cut(desk, RITA.order(ids(one, two), ids(three, four)))
    assert await desk.together() == [{"0", "1"}, {"2", "3"}]

    await desk.file(FIRMS[4], "bridge", name("third"), phone("shared"))
    await desk.file(
        FIRMS[2], "2", name("al noor"), phone("shared"), revision=2, supersedes=three.signed.digest()
    )
    await desk.together()

    with psycopg.connect(desk.url) as connection:
        rows = connection.execute(
            "SELECT cluster, part FROM linked_reports JOIN reports ON number = report"
            " JOIN cuts USING (report_id)"
        ).fetchall()
    parts: dict[int, set[int]] = {}
    for cluster, part in rows:
        parts.setdefault(cluster, set()).add(part)
    assert len(rows) == 4
    assert all(len(found) == 1 for found in parts.values())


async def test_a_learned_common_value_links_nobody_else_either(desk: Desk) -> None:
    one, two, three, four = await switchboard(desk)
    await desk.together()
    await cut(
        desk,
        RITA.order(ids(one, two), ids(three, four), common=(tag_of_value(Kind.PHONE, "shared"),)),
    )

    await desk.file(FIRMS[5], "later", name("third"), phone("shared"))
    await desk.file(FIRMS[6], "latest", name("fourth"), phone("shared"))

    assert await desk.together() == [{"0", "1"}, {"2", "3"}, {"later"}, {"latest"}]


async def test_a_learned_address_makes_no_pattern_of_anybody_any_more(desk: Desk) -> None:
    """S4: whoever sat in the same business centre is scored anew, also where the cut was of others."""
    gate = (Kind.ADDRESS, "gate building 4")
    for at, called in enumerate(("first", "second", "third")):
        await desk.file(FIRMS[4 + at], called, name(called), (Kind.EMAIL, "sales"), gate)
    one, two, three, four = await switchboard(desk)
    assert Typology.T3 in (await desk.index()).card(Kind.EMAIL, "sales").typologies

    await cut(desk, RITA.order(ids(one, two), ids(three, four), common=(tag_of_value(*gate),)))

    assert Typology.T3 not in (await desk.index()).card(Kind.EMAIL, "sales").typologies


async def test_a_record_that_is_anchored_says_nothing_of_the_report(desk: Desk) -> None:
    one, *_ = await switchboard(desk)
    before = (await desk.index()).card(*phone("shared"))

    assert (await say(desk, FIRMS[0], one, Said.RECORD, record=bytes(32))).status_code == 201
    assert (await say(desk, FIRMS[0], one, Said.RECORD)).json()["type"].endswith("bad-message")
    assert (await say(desk, FIRMS[0], one, record=bytes(32))).json()["type"].endswith("bad-message")

    after = (await desk.index()).card(*phone("shared"))
    assert (after.groups, after.cleared, after.version) == (before.groups, before.cleared, before.version)


async def test_the_share_of_wrong_joins_is_told_to_the_operator(desk: Desk) -> None:
    one, two, three, four = await switchboard(desk)
    await desk.index()
    await cut(desk, RITA.order(ids(one, two), ids(three, four)))
    await desk.index()

    now = await desk.hub.services.store.read("state", state)
    show(now)
    assert now.cards.recalled == {"WRONG-JOIN": 1}
    assert now.cards.wrong_joins == pytest.approx(1 / now.cards.made)
    told = generate_latest().decode()
    assert 'cairn_hub_cards_recalled{reason="WRONG-JOIN"} 1.0' in told


async def test_a_report_set_aside_counts_nothing_and_is_not_amended(desk: Desk) -> None:
    one, *_ = await switchboard(desk)
    await desk.together()

    await cut(desk, RITA.order(ids(one)))

    assert await desk.together() == [{"1", "2", "3"}]
    refused = FIRMS[0].report(
        name("al noor"), phone("shared"), inquiry="0", revision=2, supersedes=one.signed.digest()
    )
    answer = await post(desk, FIRMS[0], "/v1/reports", encode(refused))
    assert answer.json()["type"].endswith("report-retracted")
    assert reasons(await desk.index()) == []  # no card was published before


async def test_an_order_alone_changes_nothing(desk: Desk) -> None:
    """Two people: no reviewer hides a subject alone, and no analyst does."""
    one, two, three, four = await switchboard(desk)
    await desk.index()
    order = RITA.order(ids(one, two), ids(three, four))

    await post(desk, RITA, "/v1/recalls", encode(RITA.sign(order)))
    own = await post(
        desk, RITA, f"/v1/recalls/{cut_id(order)}/confirmation", encode(RITA.confirmation(order))
    )
    by_analyst = await post(desk, ANA, "/v1/recalls", encode(ANA.sign(order)))

    assert (own.status_code, by_analyst.status_code) == (401, 401)
    assert await desk.together() == [{"0", "1", "2", "3"}]
    assert reasons(await desk.index()) == []


async def test_a_cut_is_promised_to_the_log_whole(desk: Desk) -> None:
    one, two, three, four = await switchboard(desk)
    await desk.together()
    order = RITA.order(ids(one, two), ids(three, four))
    await cut(desk, order)

    with psycopg.connect(desk.url) as connection:
        ((content,),) = connection.execute(
            "SELECT content FROM translog_promised WHERE kind = 'cut'"
        ).fetchall()

    assert order_of(content) == order
    assert cuts_of([content]).apart(*ids(one, three))
    assert not cuts_of([content]).apart(*ids(one, two))


async def test_contributors_and_nobody_else_acknowledge(desk: Desk) -> None:
    one, two, three, four = await switchboard(desk)
    await desk.together()
    order = RITA.order(ids(one, two), ids(three, four))
    path = f"/v1/recalls/{cut_id(order)}/acknowledgements"

    def word(firm: Firm) -> bytes:
        return encode(sign(RecallAcknowledgement(cut=cut_id(order), member=firm.id), firm.key))

    await post(desk, RITA, "/v1/recalls", encode(RITA.sign(order)))
    early = await post(desk, FIRMS[0], path, word(FIRMS[0]))
    assert early.json()["type"].endswith("unknown-cut")
    await cut(desk, order)

    for firm in (*FIRMS[:4], FIRMS[0]):
        told = (await post(desk, firm, path, word(firm))).json()
    stranger = await post(desk, FIRMS[5], path, word(FIRMS[5]))

    assert (told["contributors"], told["acknowledged"]) == (4, 4)
    assert stranger.json()["type"].endswith("unknown-cut")


async def test_an_order_about_nothing_that_is_linked_is_refused(desk: Desk) -> None:
    one, *_ = await switchboard(desk)
    await desk.together()

    nowhere = await post(desk, RITA, "/v1/recalls", encode(RITA.sign(RITA.order(ids(one), (UUID(int=7),)))))

    assert nowhere.json()["type"].endswith("nothing-to-cut")
