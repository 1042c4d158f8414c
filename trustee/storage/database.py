"""The engine: SQLite in WAL mode with full synchronisation, one writer at a time.

`transact` answers after the commit, which is on the disk then; a locked database or a full disk raises
StoreUnavailable and leaves nothing half-written.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from trustee.errors import StoreUnavailable
from trustee.storage import migrate

_T = TypeVar("_T")
_WRITES = "cairn_writes"


class Store:
    """An open database. Its methods block: call them off the event loop."""

    def __init__(self, path: Path, busy_seconds: float) -> None:
        """Opens or makes the file, for its owner alone, and brings its tables up to date.

        busy_seconds  how long to wait for another process that writes

        Raises StoreUnavailable.
        """
        self._writing = threading.Lock()  # waiting here is fair and quick, waiting in SQLite is neither
        with _telling():
            path.touch(mode=0o600)
            self.engine = create_engine(
                URL.create("sqlite", database=str(path)), connect_args={"timeout": busy_seconds}
            )
            event.listen(self.engine, "connect", _prepare)
            event.listen(self.engine, "begin", _begin)
            self._writer = self.engine.execution_options(**{_WRITES: True})
            self._bring_up_to_date()

    def transact(self, body: Callable[[Session], _T]) -> _T:
        """Run `body` in one transaction and return what it returned, after the commit. Raises StoreUnavailable."""
        with _telling(), self._writing, Session(self._writer, expire_on_commit=False) as db, db.begin():
            return body(db)

    def read(self, body: Callable[[Session], _T]) -> _T:
        """Run `body` on one snapshot. Raises StoreUnavailable."""
        with _telling(), Session(self.engine) as db:
            return body(db)

    def close(self) -> None:
        """Let go of the file."""
        self.engine.dispose()

    def _bring_up_to_date(self) -> None:
        with self.engine.connect() as connection:
            if migrate.is_current(connection):
                return
        with self._writer.begin() as connection:
            if not migrate.is_current(connection):  # unless another process just did it
                migrate.upgrade(connection)


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except (OperationalError, OSError) as cause:
        raise StoreUnavailable("the database is locked, can't be opened, or its disk is full") from cause


def _prepare(connection: Any, _record: object) -> None:
    # The driver's own transactions begin too late; SQLAlchemy's do it (see _begin).
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A writer takes its turn at once: one that reads first could not wait for another's commit.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
