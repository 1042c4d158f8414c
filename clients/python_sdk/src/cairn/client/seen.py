"""Cards that people at the firm were shown, so that a recall reaches them (G10).

The list belongs to the firm's register and its backup, which implement `SeenCards`; here is
only what it must offer, and the comparison with a manifest.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cairn_protocol.messages.index import Manifest, RecallReason


@dataclass(frozen=True, slots=True)
class SeenCard:
    """A card as it was shown, and when (seconds since 1970)."""

    card_id: UUID
    version: int
    seen_at: int


class SeenCards(Protocol):
    """Where the firm keeps them."""

    def note(self, cards: Iterable[SeenCard]) -> None:
        """Keep that these cards were shown."""

    def all(self) -> Iterable[SeenCard]:
        """Every card that was ever shown."""


@dataclass(frozen=True, slots=True)
class Recall:
    """A card that was shown and is no more, and why."""

    card: SeenCard
    reason: RecallReason


def recalled(manifest: Manifest, seen: Iterable[SeenCard]) -> list[Recall]:
    """Of the cards `seen`, those that the manifest recalls, in their order."""
    reasons = {tombstone.card_id: tombstone.reason for tombstone in manifest.tombstones}
    return [Recall(card, reasons[card.card_id]) for card in seen if card.card_id in reasons]
