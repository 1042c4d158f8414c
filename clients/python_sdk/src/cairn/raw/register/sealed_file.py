"""One SQLite file in which every content is encrypted and every row is found by a keyed digest.

Whoever has the file without the register key learns how many rows there are, their sizes and their
order. WAL mode with full synchronisation: what was kept survives a crash, and nothing is half-written. A
file that is locked by another process, damaged, or on a full disk raises RegisterError with what to do.
"""

import hmac
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cairn_protocol import kdf
from cairn_protocol.errors import CairnError
from cairn_protocol.kdf import Use

BUSY_SECONDS: Final = 5.0


class RegisterError(CairnError):
    """The register can't be used. The text says what to do."""

    slug: ClassVar[str] = "register"


class SealedFile:
    """The open file: statements of SQL, and what seals a row's content and opens it."""

    def __init__(self, path: Path, key: bytes, schema: Iterable[str]) -> None:
        """Raises RegisterError if the file is locked or damaged."""
        self._aead = AESGCM(kdf.derive(key, Use.REGISTER_ROWS))
        self._row_key = kdf.derive(key, Use.REGISTER_DIGESTS)
        with _told():
            fresh = not path.exists()
            self._db = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            if fresh:
                path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript("".join(schema))

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

    def run(self, sql: str, *values: object) -> int:
        """Run one statement. Returns how many rows it changed."""
        with _told():
            return self._db.execute(sql, values).rowcount

    def run_each(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for each row of values, together."""
        with self.transaction(), _told():
            self._db.executemany(sql, rows)

    def one(self, sql: str, *values: object) -> Any:
        """The first row found, or None."""
        with _told():
            return self._db.execute(sql, values).fetchone()

    def every(self, sql: str, *values: object) -> list[Any]:
        """All rows found."""
        with _told():
            return self._db.execute(sql, values).fetchall()

    def row(self, table: bytes, identity: bytes) -> bytes:
        """What a row is found by: 32 bytes that tell nothing of `identity` without the key."""
        return hmac.digest(self._row_key, table + b"\0" + identity, "sha256")

    def seal(self, table: bytes, row: bytes, plain: bytes) -> bytes:
        """Encrypt a row's content, so that it opens only as this row of this table."""
        nonce = secrets.token_bytes(12)
        return nonce + self._aead.encrypt(nonce, plain, table + row)

    def open(self, table: bytes, row: bytes, sealed: bytes) -> bytes:
        """The content of a row. Raises RegisterError if it was sealed under another key, or was changed."""
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
        raise RegisterError(
            f"the register can't be opened or written ({text}): see that its folder is there and that you may write "
            "to it, then run the same again"
        ) from cause
    except sqlite3.DatabaseError as cause:
        raise RegisterError(
            "the register is damaged: move register.db aside and file again (report ids stay the same)"
        ) from cause
