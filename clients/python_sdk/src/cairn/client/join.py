"""The local join: own tags against the synced index, on this machine alone.

Nothing is sent and nothing is asked, so nobody learns what a firm looks up, nor that it
did (G4). A card opens only with the card key of one of its tags. Recalled cards and
quarantined tags give nothing.

Not here: syncing (`index_sync`), where own tags come from (the register).
"""

import mmap
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

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

from cairn.client.connection import HUB
from cairn.client.errors import Misconfigured, ProofInvalid
from cairn.client.index_state import IndexState, Synced, index_dir, read_synced, segment_name

__all__ = ["FoundCard", "LocalIndex", "index_dir"]

# A sync of another process may remove a segment between reading the manifest and the segment.
_LOAD_ATTEMPTS: Final = 3


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
                raise Misconfigured(f"a file in {directory} is damaged; remove it and sync again") from error
        raise Misconfigured(f"a segment is missing in {directory}; remove the folder and sync again")

    def find(self, own: Sequence[tuple[Tag, CardKey]]) -> list[FoundCard]:
        """The cards that any of the own tags opens, each once, in the order of the tags.

        own  tag and card key (32 bytes) of each match key

        Raises ProofInvalid if a card doesn't open with the key that its own tag gives.
        """
        prefixes = prefixes_of(tag for tag, _ in own)
        found: dict[int, tuple[Card, list[Tag]]] = {}
        for tag, content_key, number in self._openings(own, prefixes):
            if number not in found:
                found[number] = (self._open(number, content_key), [])
            found[number][1].append(tag)
        return [
            FoundCard(card, tuple(dict.fromkeys(tags)))
            for card, tags in found.values()
            if card.card_id not in self._recalled
        ]

    def _openings(
        self, own: Sequence[tuple[Tag, CardKey]], prefixes: Sequence[int]
    ) -> Iterator[tuple[Tag, bytes, int]]:
        """Tag, content key and card number of each row that an own tag unwraps."""
        for segment in self._tags:
            present = segment.present(prefixes)
            if not present:
                continue
            for (tag, card_key), prefix in zip(own, prefixes, strict=True):
                if prefix not in present or tag in self._quarantined:
                    continue
                for wrap, number in segment.find(prefix):
                    content_key = unwrap_content_key(card_key, wrap)
                    if content_key is not None:  # else another tag has the same prefix
                        yield tag, content_key, number

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
