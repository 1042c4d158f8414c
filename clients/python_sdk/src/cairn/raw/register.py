"""The firm's register: its inquiries, the exact bytes it sent, and what it derived from values.

Everything that could name somebody is encrypted under the register key; rows are found by
keyed digests. An inquiry moves one way: waiting (no trustees yet), held (bytes fixed, a second person
must release them), ready (bytes fixed, not acknowledged), promised, proven; or refused, or withdrawn.
The bytes are stored before they are sent, so a retry after any crash sends the same ones (G7).

One file, SQLite in WAL mode with full synchronisation. A register locked by another process,
damaged, or on a full disk raises RegisterError with what to do; nothing is half-written.
"""

import hmac
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cairn.client.seen import SeenCard
from cairn.raw.normalise.match_key import MatchKey
from cairn.raw.resolution import FIRST, Entry
from cairn_protocol import kdf
from cairn_protocol.errors import CairnError
from cairn_protocol.kdf import Use
from cairn_protocol.kinds import oprf_input
from cairn_protocol.messages.corrections import ClearReason, Said
from cairn_protocol.tags import CardKey, Tag
from cairn_protocol.voprf import Output

BYTES_KEPT_SECONDS: Final = 90 * 24 * 3600  # a hub restored from a backup may ask for them again
_BUSY_SECONDS: Final = 5.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS inquiries (
    row BLOB PRIMARY KEY,          -- keyed digest of the inquiry's id
    arrived INTEGER NOT NULL,      -- order of arrival
    state TEXT NOT NULL,
    sealed BLOB NOT NULL           -- a Filed record
);
CREATE INDEX IF NOT EXISTS inquiries_by_state ON inquiries (state, arrived);
CREATE TABLE IF NOT EXISTS waiting_checks (row BLOB PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS own_tags (tag BLOB NOT NULL, row BLOB NOT NULL, PRIMARY KEY (tag, row));
CREATE TABLE IF NOT EXISTS derived (row BLOB PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS opened (row BLOB PRIMARY KEY, until INTEGER NOT NULL, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS returns (row BLOB PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS seen_cards (card_id BLOB PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS record (
    number INTEGER PRIMARY KEY,
    once BLOB UNIQUE,              -- keyed digest of what is noted once only, such as a card shown
    until INTEGER NOT NULL,
    sealed BLOB NOT NULL           -- an Entry of the resolution record
);
CREATE TABLE IF NOT EXISTS statements (
    row BLOB NOT NULL,             -- keyed digest of the inquiry's id
    said TEXT NOT NULL,
    sealed BLOB NOT NULL,          -- a Stated record
    PRIMARY KEY (row, said)
);
CREATE TABLE IF NOT EXISTS told (row BLOB PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS progress (row BLOB PRIMARY KEY, done INTEGER NOT NULL);
"""


class RegisterError(CairnError):
    """The register can't be used. The text says what to do."""

    slug: ClassVar[str] = "register"


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

    def __repr__(self) -> str:
        return f"Filed(state={self.state.value})"


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """What the firm said of a report of its own, and the hub's promise to log it."""

    said: Said
    reason: ClearReason | None
    week: str
    promise: bytes

    def __repr__(self) -> str:
        return f"Stated(said={self.said.value})"


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


class Derived(msgspec.Struct, frozen=True, array_like=True):
    """What a value became: y, and what is looked up again and again."""

    y: Output
    tag: Tag
    card_key: CardKey

    def __repr__(self) -> str:
        return "Derived()"


class Register:
    """An open register. Use it as a context manager."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Raises RegisterError if the file is locked, damaged or was made under another key."""
        self._aead = AESGCM(kdf.derive(key, Use.REGISTER_ROWS))
        self._row_key = kdf.derive(key, Use.REGISTER_DIGESTS)
        self.key = key
        with _told():
            fresh = not path.exists()
            self._db = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            if fresh:
                path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
            first = self._db.execute("SELECT row, sealed FROM inquiries LIMIT 1").fetchone()
        if first is not None:
            self._open(b"inquiries", *first)

    def __enter__(self) -> "Register":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside are kept together, or none is. Inside another one it is part of that."""
        if self._db.in_transaction:
            yield
            return
        with _told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    # Inquiries

    def filed(self, inquiry_id: str) -> Filed | None:
        """The record of an inquiry, if the register has it."""
        row = self._row(b"inquiry", inquiry_id.encode())
        with _told():
            found = self._db.execute("SELECT sealed FROM inquiries WHERE row = ?", (row,)).fetchone()
        return (
            None
            if found is None
            else msgspec.json.decode(self._open(b"inquiries", row, found[0]), type=Filed)
        )

    def keep(self, filed: Filed, tags: Iterable[Tag] = ()) -> None:
        """Store or replace a record; `tags` are those that say "you are one of them" on a card."""
        row = self._row(b"inquiry", filed.inquiry_id.encode())
        sealed = self._seal(b"inquiries", row, msgspec.json.encode(filed))
        with _told():
            self._db.execute(
                "INSERT INTO inquiries (row, arrived, state, sealed)"
                " VALUES (?, (SELECT coalesce(max(arrived), 0) + 1 FROM inquiries), ?, ?)"
                " ON CONFLICT (row) DO UPDATE SET state = excluded.state, sealed = excluded.sealed",
                (row, filed.state.value, sealed),
            )
            if tags or filed.state is State.WITHDRAWN:
                # A new revision has tags of its own, and nothing was said of it yet.
                self._db.execute("DELETE FROM own_tags WHERE row = ?", (row,))
                self._db.execute("DELETE FROM statements WHERE row = ?", (row,))
            self._db.executemany(
                "INSERT OR IGNORE INTO own_tags (tag, row) VALUES (?, ?)", [(tag, row) for tag in tags]
            )

    def in_state(self, *states: State, limit: int = 1_000) -> list[Filed]:
        """The oldest records in these states."""
        marks = ",".join("?" * len(states))
        with _told():
            rows = self._db.execute(
                f"SELECT row, sealed FROM inquiries WHERE state IN ({marks}) ORDER BY arrived LIMIT ?",  # noqa: S608
                (*(state.value for state in states), limit),
            ).fetchall()
        return [msgspec.json.decode(self._open(b"inquiries", *row), type=Filed) for row in rows]

    def ids_among(self, report_ids: Iterable[UUID]) -> list[str]:
        """The inquiry ids of our own reports among these."""
        wanted = set(report_ids)
        every = self.in_state(*State, limit=1_000_000) if wanted else []
        return [filed.inquiry_id for filed in every if filed.report_id in wanted]

    def counts(self) -> dict[State, int]:
        """How many inquiries are in each state."""
        with _told():
            rows = self._db.execute("SELECT state, count(*) FROM inquiries GROUP BY state").fetchall()
        counted = dict(rows)
        return {state: counted.get(state.value, 0) for state in State}

    def is_ours(self, tags: Sequence[Tag]) -> bool:
        """Whether a report of this firm, not withdrawn, carries one of these tags."""
        with _told():
            return any(
                self._db.execute("SELECT 1 FROM own_tags WHERE tag = ? LIMIT 1", (tag,)).fetchone()
                for tag in tags
            )

    # What was said of own reports

    def keep_statement(self, inquiry_id: str, stated: Stated) -> None:
        """Remember what was said of the report on this inquiry."""
        row = self._row(b"inquiry", inquiry_id.encode())
        sealed = self._seal(b"statements", row, msgspec.json.encode(stated))
        with _told():
            self._db.execute(
                "INSERT OR REPLACE INTO statements (row, said, sealed) VALUES (?, ?, ?)",
                (row, stated.said.value, sealed),
            )

    def statements(self, inquiry_id: str) -> list[Stated]:
        """What was said of the latest revision of the report on this inquiry."""
        return self._statements("row = ?", self._row(b"inquiry", inquiry_id.encode()))

    def cleared_by_us(self, tags: Sequence[Tag], since_week: str) -> bool:
        """Whether a report of this firm that carries one of these tags was cleared here, in that week or later."""
        every = (
            stated
            for tag in tags
            for stated in self._statements("row IN (SELECT row FROM own_tags WHERE tag = ?)", tag)
        )
        return any(stated.said is Said.CLEARED and stated.week >= since_week for stated in every)

    def _statements(self, where: str, value: bytes) -> list[Stated]:
        with _told():
            rows = self._db.execute(
                f"SELECT row, sealed FROM statements WHERE {where} ORDER BY said",  # noqa: S608
                (value,),
            ).fetchall()
        return [msgspec.json.decode(self._open(b"statements", *row), type=Stated) for row in rows]

    def inquiries_with(self, tag: Tag, limit: int = 100) -> list[Filed]:
        """The latest records of own inquiries, not withdrawn, whose report carries this tag."""
        with _told():
            rows = self._db.execute(
                "SELECT inquiries.row, sealed FROM own_tags JOIN inquiries USING (row)"
                " WHERE tag = ? ORDER BY arrived DESC LIMIT ?",
                (tag, limit),
            ).fetchall()
        return [msgspec.json.decode(self._open(b"inquiries", *row), type=Filed) for row in rows]

    # What was told of earlier, so that only changes are told

    def told(self, about: str) -> bytes | None:
        """What was told last about that."""
        row = self._row(b"told", about.encode())
        with _told():
            found = self._db.execute("SELECT sealed FROM told WHERE row = ?", (row,)).fetchone()
        return None if found is None else self._open(b"told", row, found[0])

    def keep_told(self, about: str, state: bytes) -> None:
        """Remember what was told about that."""
        row = self._row(b"told", about.encode())
        with _told():
            self._db.execute(
                "INSERT OR REPLACE INTO told (row, sealed) VALUES (?, ?)",
                (row, self._seal(b"told", row, state)),
            )

    def forget_old_bytes(self, now: float | None = None) -> int:
        """Drop the bytes of reports proven long ago; what was filed and its proof stay. Returns how many."""
        before = int((time.time() if now is None else now) - BYTES_KEPT_SECONDS)
        old = [
            filed
            for filed in self.in_state(State.PROVEN, State.WITHDRAWN)
            if filed.report is not None and (filed.promised_at or 0) < before
        ]
        with self.transaction():
            for filed in old:
                self.keep(msgspec.structs.replace(filed, report=None))
        return len(old)

    # Checks that wait for trustees

    def keep_check(self, inquiry_id: str, inquiry: bytes) -> None:
        """Remember a check that could not be answered."""
        row = self._row(b"check", inquiry_id.encode())
        with _told():
            self._db.execute(
                "INSERT OR REPLACE INTO waiting_checks (row, sealed) VALUES (?, ?)",
                (row, self._seal(b"waiting_checks", row, inquiry)),
            )

    def waiting_checks(self) -> list[bytes]:
        """The inquiries whose check waits, as canonical JSON."""
        with _told():
            rows = self._db.execute("SELECT row, sealed FROM waiting_checks").fetchall()
        return [self._open(b"waiting_checks", *row) for row in rows]

    def drop_check(self, inquiry_id: str) -> None:
        """A check was answered."""
        with _told():
            self._db.execute(
                "DELETE FROM waiting_checks WHERE row = ?", (self._row(b"check", inquiry_id.encode()),)
            )

    # Values and what they became

    def derived(self, keys: Sequence[MatchKey], epoch: int) -> Mapping[MatchKey, Derived]:
        """What is known of these values in this epoch; those not yet evaluated are left out."""
        known: dict[MatchKey, Derived] = {}
        with _told():
            for key in keys:
                row = self._value_row(key, epoch)
                found = self._db.execute("SELECT sealed FROM derived WHERE row = ?", (row,)).fetchone()
                if found is not None:
                    known[key] = msgspec.msgpack.decode(self._open(b"derived", row, found[0]), type=Derived)
        return known

    def keep_derived(self, derived: Mapping[MatchKey, Derived], epoch: int) -> None:
        """Store what values became."""
        rows = []
        for key, value in derived.items():
            row = self._value_row(key, epoch)
            rows.append((row, self._seal(b"derived", row, msgspec.msgpack.encode(value))))
        with self.transaction():
            self._db.executemany("INSERT OR REPLACE INTO derived (row, sealed) VALUES (?, ?)", rows)

    # Returns

    def keep_return(self, kept: ReturnKept) -> None:
        """Store or replace a period's return."""
        row = self._row(b"return", kept.period.encode())
        with _told():
            self._db.execute(
                "INSERT OR REPLACE INTO returns (row, sealed) VALUES (?, ?)",
                (row, self._seal(b"returns", row, msgspec.json.encode(kept))),
            )

    def returns(self) -> list[ReturnKept]:
        """Every return of this firm, oldest period first."""
        with _told():
            rows = self._db.execute("SELECT row, sealed FROM returns").fetchall()
        found = [msgspec.json.decode(self._open(b"returns", *row), type=ReturnKept) for row in rows]
        return sorted(found, key=lambda kept: kept.period)

    # Cards shown here

    def keep_seen(self, cards: Iterable[SeenCard]) -> None:
        """Remember cards that were shown, so that a recall can be told."""
        with self.transaction():
            for card in cards:
                row = card.card_id.bytes
                self._db.execute(
                    "INSERT OR REPLACE INTO seen_cards (card_id, sealed) VALUES (?, ?)",
                    (row, self._seal(b"seen_cards", row, msgspec.json.encode(card))),
                )

    def seen(self) -> list[SeenCard]:
        """Every card that was shown here."""
        with _told():
            rows = self._db.execute("SELECT card_id, sealed FROM seen_cards").fetchall()
        return [msgspec.json.decode(self._open(b"seen_cards", *row), type=SeenCard) for row in rows]

    # The resolution record

    def note(
        self, draft: Callable[[int, bytes], Entry], until: int, *, once: bytes | None = None
    ) -> Entry | None:
        """Append to the record; None if what `once` names was noted before.

        draft  makes the entry from its number and the digest of the entry before
        until  when it may be forgotten (Unix seconds)
        """
        mark = self._row(b"once", once) if once is not None else None
        with self.transaction(), _told():
            if (
                mark is not None
                and self._db.execute("SELECT 1 FROM record WHERE once = ?", (mark,)).fetchone()
            ):
                return None
            last = self._db.execute(
                "SELECT number, sealed FROM record ORDER BY number DESC LIMIT 1"
            ).fetchone()
            before = self._entry(*last) if last else None
            entry = draft(before.number + 1, before.digest()) if before else draft(1, FIRST)
            sealed = self._seal(b"record", entry.number.to_bytes(8, "big"), msgspec.json.encode(entry))
            self._db.execute(
                "INSERT INTO record (number, once, until, sealed) VALUES (?, ?, ?, ?)",
                (entry.number, mark, until, sealed),
            )
        return entry

    def record(self) -> list[Entry]:
        """The whole record, in order."""
        with _told():
            rows = self._db.execute("SELECT number, sealed FROM record ORDER BY number").fetchall()
        return [self._entry(*row) for row in rows]

    def forget_old_record(self, now: float) -> int:
        """Drop the oldest entries whose time is over, but never the last: the chain goes on from it."""
        with self.transaction(), _told():
            return self._db.execute(
                "DELETE FROM record WHERE number < (SELECT min(number) FROM record WHERE until > ?)"
                " AND until <= ?",
                (int(now), int(now)),
            ).rowcount

    def _entry(self, number: int, sealed: bytes) -> Entry:
        return msgspec.json.decode(self._open(b"record", number.to_bytes(8, "big"), sealed), type=Entry)

    # How far a file was gone through

    def progress(self, batch: bytes) -> int:
        """The rows of a file that were done when the work on it stopped; 0 if it never began or was finished."""
        with _told():
            row = (self._row(b"progress", batch),)
            found = self._db.execute("SELECT done FROM progress WHERE row = ?", row).fetchone()
        return int(found[0]) if found else 0

    def keep_progress(self, batch: bytes, done: int | None) -> None:
        """Remember how far it is; None: it is finished."""
        row = self._row(b"progress", batch)
        with _told():
            if done is None:
                self._db.execute("DELETE FROM progress WHERE row = ?", (row,))
            else:
                self._db.execute("INSERT OR REPLACE INTO progress (row, done) VALUES (?, ?)", (row, done))

    # What an analyst opened, for a set time

    def keep_opened(self, opening: str, text: bytes, until: float) -> None:
        """Keep the text of an opening until then (Unix seconds)."""
        row = self._row(b"opened", opening.encode())
        with _told():
            self._db.execute(
                "INSERT OR REPLACE INTO opened (row, until, sealed) VALUES (?, ?, ?)",
                (row, int(until), self._seal(b"opened", row, text)),
            )

    def opened(self, opening: str, now: float) -> bytes | None:
        """The text of an opening, if it was read and its time is not over. What is over is deleted."""
        row = self._row(b"opened", opening.encode())
        with _told():
            self._db.execute("PRAGMA secure_delete=ON")
            self._db.execute("DELETE FROM opened WHERE until <= ?", (int(now),))
            found = self._db.execute("SELECT sealed FROM opened WHERE row = ?", (row,)).fetchone()
        return None if found is None else self._open(b"opened", row, found[0])

    def _value_row(self, key: MatchKey, epoch: int) -> bytes:
        return self._row(b"value", epoch.to_bytes(4, "big") + oprf_input(key.kind, key.value))

    def _row(self, table: bytes, identity: bytes) -> bytes:
        return hmac.digest(self._row_key, table + b"\0" + identity, "sha256")

    def _seal(self, table: bytes, row: bytes, plain: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + self._aead.encrypt(nonce, plain, table + row)

    def _open(self, table: bytes, row: bytes, sealed: bytes) -> bytes:
        try:
            return self._aead.decrypt(sealed[:12], sealed[12:], table + row)
        except InvalidTag as cause:
            raise RegisterError(
                "the register was made under other keys, or is damaged: bring back the keys that belong to it, or "
                "move register.db aside and file again (report ids stay the same)"
            ) from cause


@contextmanager
def _told() -> Iterator[None]:
    """SQLite's refusals as sentences."""
    try:
        yield
    except sqlite3.OperationalError as cause:
        text = str(cause)
        if "locked" in text or "busy" in text:
            raise RegisterError(
                "another Cairn process is writing the register: wait for it and try again"
            ) from cause
        if "full" in text or "disk I/O" in text:
            raise RegisterError(
                "the disk is full: nothing was changed; make room and run the same again"
            ) from cause
        raise RegisterError(f"the register can't be opened: {text}") from cause
    except sqlite3.DatabaseError as cause:
        raise RegisterError(
            "the register is damaged: move register.db aside and file again (report ids stay the same)"
        ) from cause
