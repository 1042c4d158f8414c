"""The index's segments hold what was packed, give it back only by its own key, and refuse what is damaged."""

import json
import mmap
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.errors import BadMessage
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.index import (
    Card,
    CardSegment,
    Evidence,
    Manifest,
    TagSegment,
    band,
    open_card,
    pack_cards,
    pack_tags,
    prefix_of,
    prefixes_of,
    seal_card,
    segment_digest,
    unwrap_content_key,
    wrap_content_key,
)
from cairn_protocol.messages.wire import encode
from cairn_protocol.tags import CardKey, Tag
from tests.support.keys import seed
from tests.support.messages import example_of

FROZEN = json.loads((Path(__file__).parent.parent / "vectors" / "cairn_index.json").read_text())
CARD = example_of(Card)
CONTENT_KEY = seed("content key")[:16]
OTHER_KEY = seed("another content key")[:16]

Row = tuple[int, bytes, int]
# Few prefixes among many rows, so that some collide.
prefixes = st.integers(0, 5) | st.integers(2**64 - 3, 2**64 - 1) | st.integers(0, 2**64 - 1)
rows = st.lists(
    st.tuples(prefixes, st.binary(min_size=24, max_size=24), st.integers(0, 2**32 - 1)), max_size=40
).map(lambda drawn: sorted(drawn, key=lambda row: row[0]))


def rows_by_prefix(packed: list[Row]) -> dict[int, list[tuple[bytes, int]]]:
    """What a segment should find, slowly."""
    found: dict[int, list[tuple[bytes, int]]] = {}
    for prefix, wrap, card in packed:
        found.setdefault(prefix, []).append((wrap, card))
    return found


# Tag segments


@given(packed=rows, asked=st.lists(prefixes, max_size=10), epoch=st.integers(1, 2**31))
def test_a_tag_segment_finds_what_a_dictionary_finds(packed: list[Row], asked: list[int], epoch: int) -> None:
    segment = TagSegment(pack_tags(packed, epoch))
    expected = rows_by_prefix(packed)
    assert (segment.epoch, segment.count) == (epoch, len(packed))
    assert list(segment.prefixes) == [prefix for prefix, _, _ in packed]
    for prefix in [*asked, *expected]:
        assert list(segment.find(prefix)) == expected.get(prefix, [])


def test_two_tags_of_one_prefix_are_told_apart_by_the_key_that_unwraps() -> None:
    ours, theirs = CardKey(seed("our card key")), CardKey(seed("their card key"))
    prefix = prefix_of(Tag(seed("tag")))
    packed = [
        (prefix, wrap_content_key(theirs, OTHER_KEY), 8),
        (prefix, wrap_content_key(ours, CONTENT_KEY), 9),
    ]
    found = [
        (unwrap_content_key(ours, wrap), card) for wrap, card in TagSegment(pack_tags(packed, 1)).find(prefix)
    ]
    assert found == [(None, 8), (CONTENT_KEY, 9)]


def test_a_prefix_is_the_first_64_bits_of_a_tag() -> None:
    tags = [Tag(bytes(range(32))), Tag(b"\xff" * 32), Tag(bytes(32))]
    assert [prefix_of(tag) for tag in tags] == [0x0001020304050607, 2**64 - 1, 0]
    assert list(prefixes_of(tags)) == [prefix_of(tag) for tag in tags]


@given(packed=rows, data=st.data())
def test_a_tag_segment_of_another_length_than_it_says_is_refused(
    packed: list[Row], data: st.DataObject
) -> None:
    raw = pack_tags(packed, 1)
    cut = data.draw(st.integers(0, len(raw) - 1))
    for damaged in (raw[:cut], raw + b"\0", raw + raw, raw[1:]):
        with pytest.raises(BadMessage) as refused:
            TagSegment(damaged)
        assert refused.value.culprit == "hub"


@pytest.mark.parametrize("at", [0, 3, 4, 9, 10, 12])
def test_a_tag_segment_with_another_head_is_refused(at: int) -> None:
    """Magic, version, count."""
    raw = pack_tags([(1, bytes(24), 2)], 1)
    with pytest.raises(BadMessage):
        TagSegment(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])


# Card segments


sealed_cards = st.lists(st.binary(max_size=60), max_size=20)


@given(sealed=sealed_cards, first=st.integers(0, 2**31), epoch=st.integers(1, 2**31))
def test_a_card_segment_gives_each_card_by_its_number(sealed: list[bytes], first: int, epoch: int) -> None:
    segment = CardSegment(pack_cards(sealed, first, epoch))
    assert (segment.epoch, segment.first, segment.count) == (epoch, first, len(sealed))
    assert [segment.sealed(first + at) for at in range(len(sealed))] == sealed
    for outside in (first - 1, first + len(sealed)):
        with pytest.raises(BadMessage) as refused:
            segment.sealed(outside)
        assert refused.value.culprit == "hub"


@given(sealed=sealed_cards, data=st.data())
def test_a_card_segment_of_another_length_than_it_says_is_refused(
    sealed: list[bytes], data: st.DataObject
) -> None:
    raw = pack_cards(sealed, 5, 1)
    cut = data.draw(st.integers(0, len(raw) - 1))
    for damaged in (raw[:cut], raw + b"\0", raw[1:]):
        with pytest.raises(BadMessage):
            CardSegment(damaged)


@pytest.mark.parametrize(
    "offsets",
    [(1, 3, 6, 9), (0, 7, 6, 9), (0, 2**32 - 1, 6, 9), (0, 3, 10, 9), (0, 3, 6, 10), (0, 3, 6, 8)],
)
def test_a_card_segment_whose_cards_overlap_or_leave_it_gives_none_of_them(
    offsets: tuple[int, ...],
) -> None:
    raw = pack_cards([b"aaa", b"bbb", b"ccc"], 0, 1)
    table = b"".join(offset.to_bytes(4, "big") for offset in offsets)
    with pytest.raises(BadMessage):
        segment = CardSegment(raw[:17] + table + raw[33:])
        for number in range(3):
            segment.sealed(number)


def test_a_count_beyond_the_bytes_is_refused_at_once() -> None:
    raw = pack_cards([b"aaa"], 0, 1)
    for segment, count_at in ((CardSegment, 13), (TagSegment, 9)):
        whole = raw if segment is CardSegment else pack_tags([(1, bytes(24), 2)], 1)
        with pytest.raises(BadMessage):
            segment(whole[:count_at] + b"\xff\xff\xff\xff" + whole[count_at + 4 :])


@pytest.mark.parametrize("segment", [TagSegment, CardSegment])
def test_the_other_kind_of_segment_is_refused(segment: Callable[[bytes], object]) -> None:
    raw = pack_cards([b"aaa"], 0, 1) if segment is TagSegment else pack_tags([(1, bytes(24), 2)], 1)
    with pytest.raises(BadMessage):
        segment(raw)


def test_segments_are_read_from_a_mapped_file_as_from_memory(tmp_path: Path) -> None:
    tags, cards = tmp_path / "tags", tmp_path / "cards"
    tags.write_bytes(pack_tags([(7, bytes(range(24)), 2)], 1))
    cards.write_bytes(pack_cards([b"aaa", b"bb"], 2, 1))
    with tags.open("rb") as tag_file, cards.open("rb") as card_file:
        tag_map = mmap.mmap(tag_file.fileno(), 0, access=mmap.ACCESS_READ)
        card_map = mmap.mmap(card_file.fileno(), 0, access=mmap.ACCESS_READ)
        with tag_map, card_map:
            assert list(TagSegment(tag_map).find(7)) == [(bytes(range(24)), 2)]
            assert CardSegment(card_map).sealed(3) == b"bb"


@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_any_changed_bit_is_another_segment(at: int, bit: int) -> None:
    """The manifest names segments by digest, so a cache or a hub that changes one is found out."""
    raw = bytearray(bytes.fromhex(FROZEN["tag_segment"]))
    raw[at % len(raw)] ^= 1 << bit
    assert segment_digest(bytes(raw)).hex() != FROZEN["tag_segment_sha256"]


# Cards


def test_a_card_opens_with_its_key_in_its_epoch_alone() -> None:
    sealed = seal_card(CARD, CONTENT_KEY, 1)
    assert open_card(sealed, CONTENT_KEY, 1) == CARD
    for changed, key, epoch in (
        (sealed, OTHER_KEY, 1),
        (sealed, CONTENT_KEY, 2),
        (sealed[:-1], CONTENT_KEY, 1),
        (sealed[:20] + bytes([sealed[20] ^ 1]) + sealed[21:], CONTENT_KEY, 1),
        (b"", CONTENT_KEY, 1),
    ):
        with pytest.raises(BadMessage) as refused:
            open_card(changed, key, epoch)
        assert refused.value.culprit == "hub"


def test_what_opens_but_is_no_card_is_the_hubs_fault() -> None:
    label = b"cairn/v1/card" + (1).to_bytes(4, "big")
    for plain in (b"", b"{}", encode(example_of(Manifest)), encode(CARD) + b"\n"):
        with pytest.raises(BadMessage) as refused:
            open_card(AESGCM(CONTENT_KEY).encrypt(bytes(12), plain, label), CONTENT_KEY, 1)
        assert refused.value.culprit == "hub"


@given(
    families=st.lists(st.integers(10, 99).map(lambda n: f"FAM-{n}"), max_size=64),
    linked_by=st.lists(st.sampled_from(Kind), max_size=32),
)
def test_cards_are_padded_so_their_length_tells_little(families: list[str], linked_by: list[Kind]) -> None:
    card = msgspec.structs.replace(CARD, families=tuple(families), linked_by=tuple(linked_by))
    sealed = seal_card(card, CONTENT_KEY, 1)
    assert (len(sealed) - 16) % 64 == 0 and len(sealed) - 16 - len(encode(card)) < 64
    assert open_card(sealed, CONTENT_KEY, 1) == card


def test_cards_that_differ_in_a_digit_or_a_family_mostly_look_alike() -> None:
    lengths = {
        len(seal_card(msgspec.structs.replace(CARD, groups=band(n), version=n), CONTENT_KEY, 1))
        for n in (1, 3, 7, 12)
    }
    assert len(lengths) == 1


def test_a_content_key_unwraps_under_its_own_card_key_alone() -> None:
    wrap = wrap_content_key(CardKey(seed("card key")), CONTENT_KEY)
    assert len(wrap) == 24
    assert unwrap_content_key(CardKey(seed("card key")), wrap) == CONTENT_KEY
    assert unwrap_content_key(CardKey(seed("another")), wrap) is None
    assert unwrap_content_key(CardKey(seed("card key")), wrap[:-1] + bytes([wrap[-1] ^ 1])) is None


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "1"), (1, "1"), (2, "2-4"), (4, "2-4"), (5, "5-9"), (9, "5-9"), (10, "10+"), (10**6, "10+")],
)
def test_numbers_are_told_in_bands(count: int, told: str) -> None:
    assert band(count) == told


# Frozen


def test_the_bytes_of_segments_are_frozen() -> None:
    card_key = CardKey(bytes(range(32)))
    card = Card(
        card_id=UUID("7c8d9e0f-1a2b-8c3d-8e4f-5a6b7c8d9e0f"),
        version=1,
        groups="2-4",
        events="1",
        evidence=Evidence.E2,
        first="2026-Q3",
        last="2026-Q4",
        families=("FAM-VAC",),
        sectors=("exporter",),
        linked_by=(Kind.PHONE,),
        stages=(),
        typologies=(),
        after_decline=False,
        cleared=0,
    )
    content_key = bytes(range(16))
    sealed = seal_card(card, content_key, 1)
    wrap = wrap_content_key(card_key, content_key)
    tags = pack_tags([(0x0102030405060708, wrap, 4), (2**64 - 1, wrap, 5)], 1)
    cards = pack_cards([sealed, sealed], 4, 1)
    assert {
        "source": FROZEN["source"],
        "sealed_card": sealed.hex(),
        "wrap": wrap.hex(),
        "tag_segment": tags.hex(),
        "tag_segment_sha256": segment_digest(tags).hex(),
        "card_segment": cards.hex(),
        "card_segment_sha256": segment_digest(cards).hex(),
    } == FROZEN
    ((found, number), *_) = TagSegment(bytes.fromhex(FROZEN["tag_segment"])).find(0x0102030405060708)
    key = unwrap_content_key(card_key, found)
    assert key == content_key
    assert open_card(CardSegment(bytes.fromhex(FROZEN["card_segment"])).sealed(number), key, 1) == card


def test_a_tag_segment_is_laid_out_as_it_is_written_down() -> None:
    """By hand: magic, epoch, count, prefixes, wraps, card numbers, all big-endian."""
    by_hand = (
        b"CRNT\x01"
        + (3).to_bytes(4, "big")
        + (2).to_bytes(4, "big")
        + (10).to_bytes(8, "big")
        + (11).to_bytes(8, "big")
        + b"w" * 24
        + b"x" * 24
        + (1).to_bytes(4, "big")
        + (2).to_bytes(4, "big")
    )
    assert pack_tags([(10, b"w" * 24, 1), (11, b"x" * 24, 2)], 3) == by_hand
