"""What the firm said of its own reports: cleared, or not ours, with the hub's promise to log it."""

from collections.abc import Sequence
from typing import Final

import msgspec

from cairn.raw.register.inquiries import row_of
from cairn.raw.register.sealed_file import SealedFile
from cairn_protocol.messages.corrections import ClearReason, Said
from cairn_protocol.tags import Tag

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS statements (
    row BLOB NOT NULL,             -- keyed digest of the inquiry's id
    said TEXT NOT NULL,
    sealed BLOB NOT NULL,          -- a Stated record
    PRIMARY KEY (row, said)
);
"""
_TABLE: Final = b"statements"


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """What the firm said of a report of its own, and the hub's promise to log it."""

    said: Said
    reason: ClearReason | None
    week: str
    promise: bytes

    def __repr__(self) -> str:
        return f"Stated(said={self.said.value})"


class Statements:
    """Statements by inquiry. They are about the latest revision of its report."""

    def __init__(self, file: SealedFile) -> None:
        self._file = file

    def keep(self, inquiry_id: str, stated: Stated) -> None:
        """Remember what was said of the report on this inquiry."""
        row = row_of(self._file, inquiry_id)
        self._file.run(
            "INSERT OR REPLACE INTO statements (row, said, sealed) VALUES (?, ?, ?)",
            row,
            stated.said.value,
            self._file.seal(_TABLE, row, msgspec.json.encode(stated)),
        )

    def drop(self, inquiry_id: str) -> None:
        """Of a new revision nothing was said yet."""
        self._file.run("DELETE FROM statements WHERE row = ?", row_of(self._file, inquiry_id))

    def cleared(self, tags: Sequence[Tag], since_week: str) -> bool:
        """Whether a report of this firm that carries one of these tags was cleared here, in that week or later."""
        for tag in tags:
            rows = self._file.every(
                "SELECT row, sealed FROM statements WHERE row IN (SELECT row FROM own_tags WHERE tag = ?)",
                tag,
            )
            for row in rows:
                stated = msgspec.json.decode(self._file.open(_TABLE, *row), type=Stated)
                if stated.said is Said.CLEARED and stated.week >= since_week:
                    return True
        return False
