"""The resolution record as it is kept: a chain of entries, appended and never changed."""

from collections.abc import Callable
from typing import Final

import msgspec

from cairn.raw.register.sealed_file import SealedFile
from cairn.raw.resolution import FIRST, Entry

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS record (
    number INTEGER PRIMARY KEY,
    once BLOB UNIQUE,              -- keyed digest of what is noted once only, such as a card shown
    until INTEGER NOT NULL,
    sealed BLOB NOT NULL           -- an Entry of the resolution record
);
"""
_TABLE: Final = b"record"


class Record:
    """The entries, in order."""

    def __init__(self, file: SealedFile) -> None:
        self._file = file

    def note(
        self, draft: Callable[[int, bytes], Entry], until: int, *, once: bytes | None = None
    ) -> Entry | None:
        """Append an entry; None if what `once` names was noted before.

        draft  makes the entry from its number and the digest of the entry before
        until  when it may be forgotten (Unix seconds)
        """
        mark = None if once is None else self._file.row(b"once", once)
        with self._file.transaction():
            if mark is not None and self._file.one("SELECT 1 FROM record WHERE once = ?", mark):
                return None
            last = self._file.one("SELECT number, sealed FROM record ORDER BY number DESC LIMIT 1")
            before = self._read(*last) if last else None
            entry = draft(before.number + 1, before.digest()) if before else draft(1, FIRST)
            sealed = self._file.seal(_TABLE, _row(entry.number), msgspec.json.encode(entry))
            self._file.run(
                "INSERT INTO record (number, once, until, sealed) VALUES (?, ?, ?, ?)",
                entry.number,
                mark,
                until,
                sealed,
            )
        return entry

    def entries(self) -> list[Entry]:
        """The whole record, in order."""
        return [
            self._read(*row) for row in self._file.every("SELECT number, sealed FROM record ORDER BY number")
        ]

    def forget_old(self, now: float) -> int:
        """Drop the oldest entries whose time is over, but never the last: the chain goes on from it."""
        return self._file.run(
            "DELETE FROM record WHERE number < (SELECT min(number) FROM record WHERE until > ?) AND until <= ?",
            int(now),
            int(now),
        )

    def _read(self, number: int, sealed: bytes) -> Entry:
        return msgspec.json.decode(self._file.open(_TABLE, _row(number), sealed), type=Entry)


def _row(number: int) -> bytes:
    return number.to_bytes(8, "big")
