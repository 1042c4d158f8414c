"""The engine: SQLite in WAL mode with full synchronisation, one writer at a time.

`transact` answers after the commit; a locked database or a full disk raises StoreUnavailable and
leaves nothing half-written.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from trustee.errors import StoreUnavailable
from trustee.storage.migrate import upgrade

_T = TypeVar("_T")
_BUSY_SECONDS = 10


class Store:
    """An open database. Its methods block: call them off the event loop."""

    def __init__(self, path: Path) -> None:
        """Opens or makes the file, and brings its tables up to date."""
        fresh = not path.exists()
        self.engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY_SECONDS})
        event.listen(self.engine, "connect", _prepare)
        event.listen(self.engine, "begin", _begin)
        self._writing = threading.Lock()
        if fresh:
            path.touch(mode=0o600)
        upgrade(self.engine)

    def transact(self, body: Callable[[Session], _T]) -> _T:
        """Run `body` in one transaction and return what it returned, after the commit. Raises StoreUnavailable."""
        try:
            with self._writing, Session(self.engine, expire_on_commit=False) as db, db.begin():
                return body(db)
        except OperationalError as cause:
            raise StoreUnavailable("the database is locked, or its disk is full") from cause

    def read(self, body: Callable[[Session], _T]) -> _T:
        """Run `body` on one snapshot. Raises StoreUnavailable."""
        try:
            with Session(self.engine) as db:
                return body(db)
        except OperationalError as cause:
            raise StoreUnavailable("the database is locked, or its disk is full") from cause

    def close(self) -> None:
        """Let go of the file."""
        self.engine.dispose()


def _prepare(connection: Any, _record: object) -> None:
    # The driver's own transactions begin too late; SQLAlchemy's do it (see _begin).
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN")
