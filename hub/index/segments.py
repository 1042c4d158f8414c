"""Cut the index into segments so that what did not change keeps its name, and caches keep what they have.

A tag's leading bits choose its segment, a card's number chooses its. So a new card touches one
segment of cards and those that its tags fall in, and no others. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from cairn_protocol.messages.index import SegmentRef, pack_cards, pack_tags, prefix_of, segment_digest
from cairn_protocol.tags import Tag

# Tags in a segment when it is cut in two. They are spread evenly, so segments fill up together;
# a manifest of 4,096 of them can name 32 million tags.
MOST_TAGS: Final = 16_000
CARDS_PER_SEGMENT: Final = 4_096


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment and how the manifest names it."""

    content: bytes
    ref: SegmentRef


def depth_for(count: int, depth: int) -> int:
    """How many leading bits choose a tag's segment, for `count` tags and `depth` bits before. It never shrinks."""
    while count > MOST_TAGS << depth:
        depth += 1
    return depth


def tag_segments(rows: Sequence[tuple[Tag, bytes, int]], depth: int, epoch: int) -> list[Segment]:
    """Segments of (tag, wrap, card number), whatever their order. Empty ones are left out."""
    prefixed = sorted((prefix_of(tag), wrap, card) for tag, wrap, card in rows)
    segments = []
    for _, chosen in groupby(prefixed, key=lambda row: row[0] >> (64 - depth)):
        part = list(chosen)
        segments.append(_segment(pack_tags(part, epoch), len(part)))
    return segments


def card_segments(cards: Iterable[tuple[int, bytes]], epoch: int) -> list[Segment]:
    """Segments of (number, sealed card) in the order of numbers. A number without a card has an empty place."""
    segments = []
    for at, chosen in groupby(cards, key=lambda row: row[0] // CARDS_PER_SEGMENT):
        sealed = dict(chosen)
        first = at * CARDS_PER_SEGMENT
        part = [sealed.get(number, b"") for number in range(first, max(sealed) + 1)]
        segments.append(_segment(pack_cards(part, first, epoch), len(part)))
    return segments


def _segment(content: bytes, count: int) -> Segment:
    return Segment(content, SegmentRef(digest=segment_digest(content), count=count, length=len(content)))
