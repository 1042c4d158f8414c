"""What an analyst opened, for a set time."""

from typing import Final

from cairn.raw.register.sealed_file import SealedFile

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS opened (row BLOB PRIMARY KEY, until INTEGER NOT NULL, sealed BLOB NOT NULL);
"""
_TABLE: Final = b"opened"


class Opened:
    """Texts of openings. What is over is deleted, and overwritten in the file."""

    def __init__(self, file: SealedFile) -> None:
        self._file = file

    def keep(self, opening: str, text: bytes, until: float) -> None:
        """Keep the text of an opening until then (Unix seconds)."""
        row = self._file.row(_TABLE, opening.encode())
        sealed = self._file.seal(_TABLE, row, text)
        self._file.run(
            "INSERT OR REPLACE INTO opened (row, until, sealed) VALUES (?, ?, ?)", row, int(until), sealed
        )

    def text(self, opening: str, now: float) -> bytes | None:
        """The text of an opening, if it was read and its time is not over."""
        row = self._file.row(_TABLE, opening.encode())
        self._file.run("PRAGMA secure_delete=ON")
        self._file.run("DELETE FROM opened WHERE until <= ?", int(now))
        found = self._file.one("SELECT sealed FROM opened WHERE row = ?", row)
        return None if found is None else self._file.open(_TABLE, row, found[0])
