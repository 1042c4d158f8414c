"""What was shown and told here before: so that only changes are told, and a recall reaches whoever saw the card."""

from collections.abc import Iterable
from typing import Final

import msgspec

from cairn.client.seen import SeenCard
from cairn.raw.register.sealed_file import SealedFile

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS seen_cards (card_id BLOB PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS told (row BLOB PRIMARY KEY, sealed BLOB NOT NULL);
"""
_CARDS: Final = b"seen_cards"
_TOLD: Final = b"told"


class Told:
    """Cards that were shown, and the state that an alert told last."""

    def __init__(self, file: SealedFile) -> None:
        self._file = file

    def keep_cards(self, cards: Iterable[SeenCard]) -> None:
        """Remember cards that were shown, so that a recall can be told."""
        self._file.run_each(
            "INSERT OR REPLACE INTO seen_cards (card_id, sealed) VALUES (?, ?)",
            [
                (card.card_id.bytes, self._file.seal(_CARDS, card.card_id.bytes, msgspec.json.encode(card)))
                for card in cards
            ],
        )

    def cards(self) -> list[SeenCard]:
        """Every card that was shown here."""
        rows = self._file.every("SELECT card_id, sealed FROM seen_cards")
        return [msgspec.json.decode(self._file.open(_CARDS, *row), type=SeenCard) for row in rows]

    def last(self, about: str) -> bytes | None:
        """What was told last about that."""
        row = self._file.row(_TOLD, about.encode())
        found = self._file.one("SELECT sealed FROM told WHERE row = ?", row)
        return None if found is None else self._file.open(_TOLD, row, found[0])

    def keep(self, about: str, state: bytes) -> None:
        """Remember what was told about that."""
        row = self._file.row(_TOLD, about.encode())
        sealed = self._file.seal(_TOLD, row, state)
        self._file.run("INSERT OR REPLACE INTO told (row, sealed) VALUES (?, ?)", row, sealed)
