"""The firm's encrypted returns: what each period's counted, so that no inquiry counts twice."""

from enum import StrEnum
from typing import Final

import msgspec

from cairn.raw.register.sealed_file import SealedFile

SCHEMA: Final = "CREATE TABLE IF NOT EXISTS returns (row BLOB PRIMARY KEY, sealed BLOB NOT NULL);\n"
_TABLE: Final = b"returns"


class Sent(StrEnum):
    """How far a period's return has come."""

    READY = "ready"  # bytes fixed, not acknowledged
    SENT = "sent"
    HANDED = "handed"  # its counts went to the affiliate that files for the group
    ROLLED = "rolled"  # refused as late or as the group's second: its inquiries count in the next period
    LEFT_OUT = "left-out"  # acknowledged, and not in the sum: the same


class ReturnKept(msgspec.Struct, frozen=True, kw_only=True):
    """A period's return. `counted` says which counters each inquiry moved in it, so that none counts twice."""

    period: str
    state: Sent
    counters: dict[str, int]  # what was sent, by the cells' names; zeros left out
    counted: tuple[tuple[str, tuple[str, ...]], ...]
    signed: bytes | None = None  # the exact bytes
    receipt: bytes | None = None

    def __repr__(self) -> str:
        return f"ReturnKept(period={self.period}, state={self.state.value})"


class Returns:
    """Returns by period."""

    def __init__(self, file: SealedFile) -> None:
        self._file = file

    def keep(self, kept: ReturnKept) -> None:
        """Store or replace a period's return."""
        row = self._file.row(b"return", kept.period.encode())
        sealed = self._file.seal(_TABLE, row, msgspec.json.encode(kept))
        self._file.run("INSERT OR REPLACE INTO returns (row, sealed) VALUES (?, ?)", row, sealed)

    def every(self) -> list[ReturnKept]:
        """Every return of this firm, oldest period first."""
        rows = self._file.every("SELECT row, sealed FROM returns")
        found = [msgspec.json.decode(self._file.open(_TABLE, *row), type=ReturnKept) for row in rows]
        return sorted(found, key=lambda kept: kept.period)
