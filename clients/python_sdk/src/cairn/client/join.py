"""The local join: own tags against the synced index, on this machine alone.

Nothing is sent and nothing is asked, so nobody learns what a firm looks up, nor that it
did (G4). A card opens only with the card key of one of its tags. Recalled cards and
quarantined tags give nothing.

Not here: syncing (`index_sync`), where own tags come from (the register).
"""

import mmap
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from cairn.client.connection import HUB
from cairn.client.errors import Misconfigured, ProofInvalid
from cairn.client.index_state import IndexState, Synced, index_dir, read_synced, segment_name
from cairn_protocol.errors import BadMessage
from cairn_protocol.messages.index import (
    Card,
    CardSegment,
    Manifest,
    SegmentRef,
    TagSegment,
    open_card,
    prefixes_of,
    unwrap_content_key,
)
from cairn_protocol.tags import CardKey, Tag

__all__ = ["FoundCard", "LocalIndex", "index_dir"]

# A sync of another process may remove a segment between reading the manifest and the segment.
_LOAD_ATTEMPTS: Final = 3

# A set of all prefixes answers which own tags are there, at about 90 bytes a prefix in memory. For few own
# tags it isn't worth making, and beyond a million prefixes it isn't worth its memory: then each is searched.
_MANY_OWN: Final = 500
_MOST_IN_SET: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class FoundCard:
    """A card, and the own tags that opened it."""

    card: Card
    via: tuple[Tag, ...]


class LocalIndex:
    """One version of the index, mapped from disk. It stays whole while a newer one is synced."""

    def __init__(self, synced: Synced, tags: Sequence[TagSegment], cards: Sequence[CardSegment]) -> None:
        self.state: IndexState = synced.state
        self.manifest: Manifest = synced.manifest
        self._tags = tags
        self._cards = sorted(cards, key=lambda segment: segment.first)
        self._first_numbers = [segment.first for segment in self._cards]
        self._quarantined = frozenset(synced.manifest.quarantined)
        self._recalled = frozenset(tombstone.card_id for tombstone in synced.manifest.tombstones)
        self._prefixes: frozenset[int] | None = None

    @classmethod
    def load(cls, directory: Path) -> Self:
        """The index that was synced last into `directory` (`index_dir`).

        Raises Misconfigured before the first sync, or if a file is missing or damaged.
        """
        for _ in range(_LOAD_ATTEMPTS):
            synced = read_synced(directory)
            if synced is None:
                raise Misconfigured("there is no index yet; sync it first")
            try:
                return cls(synced, *_segments(directory, synced.manifest))
            except FileNotFoundError:
                continue
            except BadMessage as error:
                raise Misconfigured(
                    f"a file in {directory} is damaged: sync again, and it is fetched anew"
                ) from error
        raise Misconfigured(f"a segment is missing in {directory}: sync again, and it is fetched anew")

    def find(self, own: Sequence[tuple[Tag, CardKey]]) -> list[FoundCard]:
        """The cards that any of the own tags opens, each once, in the order of the tags.

        own  tag and card key (32 bytes) of each match key

        Raises ProofInvalid if a card doesn't open with the key that its own tag gives.
        """
        found: dict[int, tuple[Card, list[Tag]]] = {}
        for _, tag, content_key, number in sorted(self._openings(own)):
            if number not in found:
                found[number] = (self._open(number, content_key), [])
            found[number][1].append(tag)
        return [
            FoundCard(card, tuple(dict.fromkeys(tags)))
            for card, tags in found.values()
            if card.card_id not in self._recalled
        ]

    def _openings(self, own: Sequence[tuple[Tag, CardKey]]) -> Iterator[tuple[int, Tag, bytes, int]]:
        """Place among the own tags, tag, content key and card number of each row that an own tag unwraps."""
        own_by_prefix = self._candidates(own)
        prefixes = sorted(own_by_prefix)
        for segment in self._tags:
            if not segment.count:
                continue
            begin = bisect_left(prefixes, segment.prefixes[0])
            end = bisect_right(prefixes, segment.prefixes[-1])
            for prefix in prefixes[begin:end]:
                for wrap, number in segment.find(prefix):
                    for place in own_by_prefix[prefix]:
                        tag, card_key = own[place]
                        content_key = unwrap_content_key(card_key, wrap)
                        if content_key is not None:  # else another tag has the same prefix
                            yield place, tag, content_key, number

    def _candidates(self, own: Sequence[tuple[Tag, CardKey]]) -> dict[int, list[int]]:
        """Places of own tags, by prefix, without those that surely have no row and those in quarantine."""
        prefixes = prefixes_of([tag for tag, _ in own])
        places: Iterable[int] = range(len(own))
        if len(own) >= _MANY_OWN and sum(segment.count for segment in self._tags) <= _MOST_IN_SET:
            present = self._all_prefixes().intersection(prefixes)
            places = [place for place, prefix in enumerate(prefixes) if prefix in present]
        candidates: dict[int, list[int]] = defaultdict(list)
        for place in places:
            if own[place][0] not in self._quarantined:
                candidates[prefixes[place]].append(place)
        return candidates

    def _all_prefixes(self) -> frozenset[int]:
        if self._prefixes is None:
            self._prefixes = frozenset().union(*(segment.prefixes for segment in self._tags))
        return self._prefixes

    def _open(self, number: int, content_key: bytes) -> Card:
        at = bisect_right(self._first_numbers, number) - 1
        try:
            if at < 0:
                raise BadMessage("a tag of a card that no segment holds", culprit=HUB)
            return open_card(self._cards[at].sealed(number), content_key, self.state.epoch)
        except BadMessage as error:
            raise ProofInvalid.of(error, HUB) from error


def _segments(directory: Path, manifest: Manifest) -> tuple[list[TagSegment], list[CardSegment]]:
    return (
        [TagSegment(_mapped(directory, ref)) for ref in manifest.tag_segments],
        [CardSegment(_mapped(directory, ref)) for ref in manifest.card_segments],
    )


def _mapped(directory: Path, ref: SegmentRef) -> mmap.mmap:
    with (directory / segment_name(ref)).open("rb") as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as error:  # an empty file
            raise BadMessage("an empty segment", culprit=HUB) from error
