"""The firm's inquiries, and the exact bytes of what it sent about each.

An inquiry moves one way: waiting (no trustees yet), held (bytes fixed, a second person must release them),
ready (bytes fixed, not acknowledged), promised, proven; or refused, or withdrawn. The bytes are stored
before they are sent, so a retry after any crash sends the same ones (G7); they stay as long as the register: a hub
restored from a backup may ask for them again, and an auditor for what was told.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from cairn.raw.register.sealed_file import SealedFile
from cairn_protocol.tags import Tag

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS inquiries (
    row BLOB PRIMARY KEY,          -- keyed digest of the inquiry's id
    arrived INTEGER NOT NULL,      -- order of arrival
    state TEXT NOT NULL,
    sealed BLOB NOT NULL           -- a Filed record
);
CREATE INDEX IF NOT EXISTS inquiries_by_state ON inquiries (state, arrived);
CREATE INDEX IF NOT EXISTS inquiries_by_arrival ON inquiries (arrived);  -- the next number, without a scan
CREATE TABLE IF NOT EXISTS own_tags (tag BLOB NOT NULL, row BLOB NOT NULL, PRIMARY KEY (tag, row));
"""
_TABLE: Final = b"inquiries"


class State(StrEnum):
    """How far an inquiry has come."""

    WAITING = "waiting"
    HELD = "held"
    READY = "ready"
    PROMISED = "promised"
    PROVEN = "proven"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """One inquiry's record. `inquiry` is its canonical JSON; `report` the exact bytes sent."""

    inquiry_id: str
    state: State
    inquiry: bytes
    narrative: bool = False  # whether it goes into the sealed part
    report_id: UUID | None = None
    digest: bytes | None = None  # of the signed report
    leaf_hash: bytes | None = None
    report: bytes | None = None
    promise: bytes | None = None
    promised_at: int | None = None
    leaf_index: int | None = None
    reason: str | None = None
    revision: int = 1
    before: "Filed | None" = None  # the revision that this one supersedes, for as long as it is not promised
    filed_by: str | None = None  # a named person of the firm; never sent
    released_by: str | None = None
    stands: str | None = None  # the outcome last sent, while the inquiry has one that is never sent

    def __repr__(self) -> str:
        return f"Filed(state={self.state.value})"


def row_of(file: SealedFile, inquiry_id: str) -> bytes:
    """What an inquiry's rows are found by."""
    return file.row(b"inquiry", inquiry_id.encode())


class Inquiries:
    """The records of inquiries, and the tags that say "you are one of them" on a card."""

    def __init__(self, file: SealedFile) -> None:
        """Raises RegisterError if the file was made under another key."""
        self._file = file
        first = file.one("SELECT row, sealed FROM inquiries LIMIT 1")
        if first is not None:
            self._read(*first)

    def filed(self, inquiry_id: str) -> Filed | None:
        """The record of an inquiry, if there is one."""
        row = row_of(self._file, inquiry_id)
        found = self._file.one("SELECT sealed FROM inquiries WHERE row = ?", row)
        return None if found is None else self._read(row, found[0])

    def keep(self, filed: Filed, tags: Iterable[Tag] = ()) -> None:
        """Store or replace a record. A new revision has tags of its own; a withdrawn report has none."""
        row = row_of(self._file, filed.inquiry_id)
        with self._file.transaction():
            self._file.run(
                "INSERT INTO inquiries (row, arrived, state, sealed)"
                " VALUES (?, (SELECT coalesce(max(arrived), 0) + 1 FROM inquiries), ?, ?)"
                " ON CONFLICT (row) DO UPDATE SET state = excluded.state, sealed = excluded.sealed",
                row,
                filed.state.value,
                self._file.seal(_TABLE, row, msgspec.json.encode(filed)),
            )
            if tags or filed.state is State.WITHDRAWN:
                self._file.run("DELETE FROM own_tags WHERE row = ?", row)
            self._file.run_each(
                "INSERT OR IGNORE INTO own_tags (tag, row) VALUES (?, ?)", [(tag, row) for tag in tags]
            )

    def in_state(self, *states: State, limit: int = 1_000) -> list[Filed]:
        """The oldest records in these states."""
        marks = ",".join("?" * len(states))
        rows = self._file.every(
            f"SELECT row, sealed FROM inquiries WHERE state IN ({marks}) ORDER BY arrived LIMIT ?",  # noqa: S608
            *(state.value for state in states),
            limit,
        )
        return [self._read(*row) for row in rows]

    def ids_among(self, report_ids: Iterable[UUID]) -> list[str]:
        """The inquiry ids of our own reports among these."""
        wanted = set(report_ids)
        every = self.in_state(*State, limit=1_000_000) if wanted else []
        return [filed.inquiry_id for filed in every if filed.report_id in wanted]

    def counts(self) -> dict[State, int]:
        """How many inquiries are in each state."""
        counted = dict(self._file.every("SELECT state, count(*) FROM inquiries GROUP BY state"))
        return {state: counted.get(state.value, 0) for state in State}

    def is_ours(self, tags: Sequence[Tag]) -> bool:
        """Whether a report of this firm, not withdrawn, carries one of these tags."""
        return any(self._file.one("SELECT 1 FROM own_tags WHERE tag = ? LIMIT 1", tag) for tag in tags)

    def with_tag(self, tag: Tag, limit: int = 100) -> list[Filed]:
        """The latest records of own inquiries, not withdrawn, whose report carries this tag."""
        rows = self._file.every(
            "SELECT inquiries.row, sealed FROM own_tags JOIN inquiries USING (row)"
            " WHERE tag = ? ORDER BY arrived DESC LIMIT ?",
            tag,
            limit,
        )
        return [self._read(*row) for row in rows]

    def _read(self, row: bytes, sealed: bytes) -> Filed:
        return msgspec.json.decode(self._file.open(_TABLE, row, sealed), type=Filed)
