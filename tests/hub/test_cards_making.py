"""Cards over time: ids that stay, keys that change when they must, tombstones for what is no more."""

import msgspec
import psycopg
import pytest

from cairn_protocol.errors import BadMessage
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.index import RecallReason, open_card, unwrap_content_key
from cairn_protocol.messages.report import Confidence
from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.envelopes import Envelopes
from tests.support.desk import Desk, name, phone, registration
from tests.support.index_reader import IndexReader
from tests.support.reports import EPOCH, exporters, firm, secret_of, tag_of_value
from tests.support.seated import seated

pytestmark = pytest.mark.anyio

FIRMS = exporters(8)
SISTER = firm("sister", 1, group=FIRMS[0].group)


@pytest.fixture
async def desk(settings: Settings, database_url: str, store: Store, envelopes: Envelopes) -> Desk:
    hub = seated(settings, database_url, store, envelopes)
    await hub.seat([*FIRMS, SISTER])
    return Desk(hub, [*FIRMS, SISTER])


def tombstones(index: IndexReader) -> dict[object, RecallReason]:
    return {one.card_id: one.reason for one in index.manifest.tombstones}


async def two_groups(desk: Desk) -> None:
    await desk.file(FIRMS[0], "a", name("orkide"), phone("1"))
    await desk.file(FIRMS[1], "b", name("okt"), phone("1"))


async def test_every_tag_of_a_subject_opens_its_one_card(desk: Desk) -> None:
    await two_groups(desk)

    index = await desk.index()

    card = index.card(*phone("1"))
    assert card == index.card(*name("orkide")) == index.card(*name("okt"))
    assert (card.version, card.groups, card.linked_by) == (1, "2-4", (Kind.PHONE,))
    assert index.cards(*phone("2")) == []
    assert index.rows == 3


async def test_one_group_is_no_card(desk: Desk) -> None:
    await desk.file(FIRMS[0], "a", name("orkide"), phone("1"))
    await desk.file(SISTER, "b", name("okt"), phone("1"))

    index = await desk.index()

    assert (index.rows, index.card_segments) == (0, [])


async def test_hearsay_makes_no_card(desk: Desk) -> None:
    await desk.file(FIRMS[0], "a", name("orkide"), phone("1"))
    await desk.file(FIRMS[1], "b", name("okt"), phone("1"), confidence=Confidence.HEARSAY)

    assert (await desk.index()).cards(*phone("1")) == []


async def test_shipments_and_filler_are_not_in_the_index(desk: Desk) -> None:
    await desk.file(FIRMS[0], "a", phone("1"), (Kind.TRANSACTION, "HAWB 1"), name("orkide"))
    await desk.file(FIRMS[1], "b", phone("1"), (Kind.BAG, "deikor"), name("orkide"))

    index = await desk.index()

    assert index.rows == 2
    assert index.cards(Kind.TRANSACTION, "HAWB 1") == index.cards(Kind.BAG, "deikor") == []


async def test_a_likeness_opens_the_card_once_two_reports_share_it(desk: Desk) -> None:
    """One report's likenesses can't be told from filler, and would be most of the index."""
    await desk.file(FIRMS[0], "a", name("orkide"), (Kind.BAG, "deikor"), (Kind.EDIT, "orkid"))
    await desk.file(FIRMS[1], "b", name("orkidee"), (Kind.BAG, "deikor"), (Kind.EDIT, "rkide"))

    index = await desk.index()

    assert index.card(Kind.BAG, "deikor").linked_by == (Kind.BAG,)
    assert index.rows == 3
    assert index.cards(Kind.EDIT, "orkid") == index.cards(Kind.EDIT, "rkide") == []


async def test_nothing_changed_and_nothing_is_sealed_anew(desk: Desk) -> None:
    await two_groups(desk)
    first = await desk.index()

    second = await desk.index()

    assert second.manifest == msgspec.structs.replace(first.manifest, number=2)


async def test_a_new_tag_opens_the_same_card_under_the_same_key(desk: Desk) -> None:
    await desk.file(FIRMS[0], "a", name("orkide"), phone("1"))
    await desk.file(FIRMS[1], "b", name("orkide"), phone("1"))
    first = await desk.index()
    await desk.file(FIRMS[1], "c", name("orkide"), phone("1"), phone("2"))

    second = await desk.index()

    assert second.card(*phone("2")) == first.card(*phone("1"))
    assert second.manifest.card_segments == first.manifest.card_segments


async def test_what_a_card_says_changes_and_its_id_stays(desk: Desk) -> None:
    await two_groups(desk)
    first = (await desk.index()).card(*phone("1"))
    await desk.file(FIRMS[2], "c", name("okt"), phone("1"), confidence=Confidence.DOCUMENT)

    second = (await desk.index()).card(*phone("1"))

    assert (second.card_id, second.version, second.evidence) == (first.card_id, 2, "E3")


async def test_a_lost_tag_opens_the_new_text_no_longer(desk: Desk) -> None:
    """Whoever could open the old card by the tag can't open the one that is made without it."""
    await two_groups(desk)
    third = await desk.file(FIRMS[1], "c", name("okt"), phone("2"))
    before = await desk.index()
    old_key = next(
        unwrap_content_key(secret_of(*phone("2")).card_key, wrap)
        for segment in before.tag_segments
        for wrap, _ in segment.find(int.from_bytes(tag_of_value(*phone("2"))[:8], "big"))
    )
    await desk.take_back(FIRMS[1], third)

    after = await desk.index()

    assert after.cards(*phone("2")) == []
    assert after.card(*phone("1")).card_id == before.card(*phone("1")).card_id
    assert old_key is not None
    assert all(not opens(after, number, old_key) for number in range(after.card_segments[0].count))


def opens(index: IndexReader, number: int, content_key: bytes) -> bool:
    try:
        open_card(index.card_segments[0].sealed(number), content_key, EPOCH)
    except BadMessage:
        return False
    return True


async def test_a_subject_fallen_below_two_groups_leaves_a_tombstone(desk: Desk, database_url: str) -> None:
    await desk.file(FIRMS[0], "a", name("orkide"), phone("1"))
    report = await desk.file(FIRMS[1], "b", name("okt"), phone("1"))
    card = (await desk.index()).card(*phone("1"))
    await desk.take_back(FIRMS[1], report)

    index = await desk.index()

    assert index.cards(*phone("1")) == []
    assert tombstones(index) == {card.card_id: RecallReason.WITHDRAWN}
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT content_key, sealed FROM cards").fetchall() == [(None, None)]
        assert connection.execute("SELECT count(*) FROM card_tags").fetchone() == (0,)


async def test_a_subject_found_again_gets_a_card_of_its_own(desk: Desk) -> None:
    await desk.file(FIRMS[0], "a", name("orkide"), phone("1"))
    report = await desk.file(FIRMS[1], "b", name("okt"), phone("1"))
    gone = (await desk.index()).card(*phone("1"))
    await desk.take_back(FIRMS[1], report)
    await desk.index()
    await desk.file(FIRMS[2], "c", name("okt"), phone("1"))

    index = await desk.index()

    assert index.card(*phone("1")).card_id != gone.card_id
    assert tombstones(index) == {gone.card_id: RecallReason.WITHDRAWN}


async def test_of_two_subjects_that_became_one_the_older_card_stays(desk: Desk) -> None:
    await two_groups(desk)
    older = (await desk.index()).card(*phone("1"))
    for at in range(2, 6):
        await desk.file(FIRMS[at], f"c{at}", name("sapphire"), phone("2"))
    younger = (await desk.index()).card(*phone("2"))
    await desk.file(FIRMS[6], "bridge", name("yeni"), phone("1"), phone("2"))

    index = await desk.index()

    card = index.card(*phone("2"))
    assert (card.card_id, card.groups) == (older.card_id, "5-9")
    assert tombstones(index) == {younger.card_id: RecallReason.SUPERSEDED}


async def test_a_subject_taken_apart_leaves_its_card_to_the_larger_part(desk: Desk) -> None:
    await two_groups(desk)
    for at in range(2, 5):
        await desk.file(FIRMS[at], f"c{at}", name("sapphire"), phone("2"))
    bridge = await desk.file(FIRMS[5], "bridge", name("yeni"), phone("1"), phone("2"))
    whole = (await desk.index()).card(*phone("1"))
    await desk.take_back(FIRMS[5], bridge)

    index = await desk.index()

    assert index.card(*phone("2")).card_id == whole.card_id
    assert index.card(*phone("1")).card_id != whole.card_id
    assert tombstones(index) == {}


async def test_a_common_value_is_named_and_opens_nothing(desk: Desk) -> None:
    for at in range(2):
        await desk.file(FIRMS[at], f"a{at}", name("orkide"), registration("TR1"), phone("hub"), phone("own"))
    assert (await desk.index()).card(*phone("hub"))
    for at in range(2, 4):
        await desk.file(FIRMS[at], f"b{at}", name(f"other {at}"), registration(f"AE{at}"), phone("hub"))

    index = await desk.index()

    assert index.manifest.quarantined == (tag_of_value(*phone("hub")),)
    assert index.cards(*phone("hub")) == []
    assert index.card(*phone("own")).groups == "2-4"


async def test_a_member_who_declares_more_families_uncovers_what_too_few_could_have_met(
    settings: Settings, database_url: str, store: Store, envelopes: Envelopes
) -> None:
    hub = seated(settings, database_url, store, envelopes)
    four = FIRMS[:4]
    await hub.seat(four)
    desk = Desk(hub, four)
    await two_groups(desk)
    assert (await desk.index()).cards(*phone("1")) == []

    await hub.seat_more([FIRMS[4]])

    assert (await desk.index()).card(*phone("1")).groups == "2-4"
