"""Work that was begun: checks that wait for trustees, and how far a file was gone through."""

from typing import Final

from cairn.raw.register.sealed_file import SealedFile

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS waiting_checks (row BLOB PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS progress (row BLOB PRIMARY KEY, done INTEGER NOT NULL);
"""
_CHECKS: Final = b"waiting_checks"


class Unfinished:
    """What a later run goes on with."""

    def __init__(self, file: SealedFile) -> None:
        self._file = file

    def keep_check(self, inquiry_id: str, inquiry: bytes) -> None:
        """Remember a check that could not be answered."""
        row = self._file.row(b"check", inquiry_id.encode())
        sealed = self._file.seal(_CHECKS, row, inquiry)
        self._file.run("INSERT OR REPLACE INTO waiting_checks (row, sealed) VALUES (?, ?)", row, sealed)

    def checks(self) -> list[bytes]:
        """The inquiries whose check waits, as canonical JSON."""
        rows = self._file.every("SELECT row, sealed FROM waiting_checks")
        return [self._file.open(_CHECKS, *row) for row in rows]

    def drop_check(self, inquiry_id: str) -> None:
        """A check was answered."""
        self._file.run(
            "DELETE FROM waiting_checks WHERE row = ?", self._file.row(b"check", inquiry_id.encode())
        )

    def progress(self, batch: bytes) -> int:
        """The rows of a file that were done when the work on it stopped; 0 if it never began or was finished."""
        found = self._file.one("SELECT done FROM progress WHERE row = ?", self._file.row(b"progress", batch))
        return int(found[0]) if found else 0

    def keep_progress(self, batch: bytes, done: int | None) -> None:
        """Remember how far it is; None: it is finished."""
        row = self._file.row(b"progress", batch)
        if done is None:
            self._file.run("DELETE FROM progress WHERE row = ?", row)
        else:
            self._file.run("INSERT OR REPLACE INTO progress (row, done) VALUES (?, ?)", row, done)
