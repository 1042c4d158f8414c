"""What a member finds in an index: the card that a value opens, from manifest and segments alone."""

from collections.abc import Callable, Sequence

from cairn_protocol.kinds import Kind
from cairn_protocol.messages.index import (
    Card,
    CardSegment,
    Manifest,
    SegmentRef,
    TagSegment,
    open_card,
    prefix_of,
    segment_digest,
    unwrap_content_key,
)
from tests.support.reports import EPOCH, secret_of


class IndexReader:
    """An index as a member holds it. `fetch` gives a segment by its SHA-256."""

    def __init__(self, manifest: Manifest, fetch: Callable[[bytes], bytes]) -> None:
        self.manifest = manifest
        self.tag_segments = [TagSegment(self._checked(fetch, ref)) for ref in manifest.tag_segments]
        self.card_segments = [CardSegment(self._checked(fetch, ref)) for ref in manifest.card_segments]

    def cards(self, kind: Kind, value: str) -> Sequence[Card]:
        """The cards that open to who knows the value."""
        secret = secret_of(kind, value)
        cards = []
        for segment in self.tag_segments:
            for wrap, number in segment.find(prefix_of(secret.tag)):
                content_key = unwrap_content_key(secret.card_key, wrap)
                if content_key is not None:
                    cards.append(open_card(self._sealed(number), content_key, EPOCH))
        return cards

    def card(self, kind: Kind, value: str) -> Card:
        """The one card that the value opens."""
        (card,) = self.cards(kind, value)
        return card

    @property
    def rows(self) -> int:
        """How many tags the index has."""
        return sum(segment.count for segment in self.tag_segments)

    def _sealed(self, number: int) -> bytes:
        (segment,) = [one for one in self.card_segments if one.first <= number < one.first + one.count]
        return segment.sealed(number)

    @staticmethod
    def _checked(fetch: Callable[[bytes], bytes], ref: SegmentRef) -> bytes:
        content = fetch(ref.digest)
        assert segment_digest(content) == ref.digest
        assert len(content) == ref.length
        return content
