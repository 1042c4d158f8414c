"""Segments: every tag is found in exactly one, and what did not change keeps its name."""

import random

from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.messages.index import CardSegment, TagSegment, prefix_of, segment_digest
from cairn_protocol.tags import Tag
from hub.index.segments import CARDS_PER_SEGMENT, MOST_TAGS, card_segments, depth_for, tag_segments

tags = st.binary(min_size=32, max_size=32).map(Tag)
rows = st.lists(st.tuples(tags, st.binary(min_size=24, max_size=24), st.integers(0, 2**32 - 1)), max_size=40)


@given(rows=rows, depth=st.integers(0, 12))
def test_every_tag_is_in_one_segment_with_its_wrap_and_card(
    rows: list[tuple[Tag, bytes, int]], depth: int
) -> None:
    segments = [TagSegment(segment.content) for segment in tag_segments(rows, depth, 1)]

    found = [
        (wrap, card)
        for segment in segments
        for prefix in {prefix_of(tag) for tag, _, _ in rows}
        for wrap, card in segment.find(prefix)
    ]
    assert sorted(found) == sorted((wrap, card) for _, wrap, card in rows)


@given(rows=rows, depth=st.integers(0, 12), shuffle=st.randoms())
def test_the_same_rows_give_the_same_segments_in_any_order(
    rows: list[tuple[Tag, bytes, int]], depth: int, shuffle: random.Random
) -> None:
    shuffled = list(rows)
    shuffle.shuffle(shuffled)

    assert tag_segments(shuffled, depth, 1) == tag_segments(rows, depth, 1)


def test_a_new_tag_changes_one_segment() -> None:
    dice = random.Random(5)
    many = [(Tag(dice.randbytes(32)), dice.randbytes(24), at) for at in range(2_000)]
    before = {segment.ref.digest for segment in tag_segments(many, 5, 1)}

    after = {segment.ref.digest for segment in tag_segments([*many, (Tag(bytes(32)), bytes(24), 1)], 5, 1)}

    assert len(before) == 32
    assert len(after - before) == len(before - after) == 1


def test_segments_stay_small_enough_to_fetch_one() -> None:
    assert depth_for(0, 0) == depth_for(MOST_TAGS, 0) == 0
    assert depth_for(MOST_TAGS + 1, 0) == 1
    assert depth_for(1_000_000, 0) == 6
    assert depth_for(10, 6) == 6


@given(numbers=st.sets(st.integers(0, 3 * CARDS_PER_SEGMENT), max_size=30))
def test_every_card_is_found_by_its_number_and_gaps_are_empty(numbers: set[int]) -> None:
    cards = [(number, b"card %d" % number) for number in sorted(numbers)]

    segments = [CardSegment(segment.content) for segment in card_segments(cards, 1)]

    held = {
        number: segment.sealed(number)
        for segment in segments
        for number in range(segment.first, segment.first + segment.count)
        if segment.sealed(number)
    }
    assert held == dict(cards)


def test_a_segment_is_named_by_its_sha256() -> None:
    (segment,) = card_segments([(0, b"card")], 1)

    assert (segment.ref.digest, segment.ref.length) == (segment_digest(segment.content), len(segment.content))
