"""The one way to the database: a body run in a transaction, answered after the commit.

`Store.transact` keeps three promises to whoever calls it (G7):
  what it returns is committed; what it raises on is rolled back whole;
  a body that the database found in conflict with another is run again.
So a body holds no side effect but on its session, and a 2xx follows `transact`, never
precedes it.

Not here: tables (each stage has its own module, listed in `models`), migrations (`migrate`).
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self, TypeVar

import psycopg
import structlog
from sqlalchemy import MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from hub.errors import HubError
from hub.settings import Settings

log = structlog.get_logger(__name__)

T = TypeVar("T")

# Constraint names are part of migrations, so they are fixed here and not left to the server.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# The transactions the database asks to be run again (SQLSTATE class 40).
CONFLICTS = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.01, 0.5


class Base(DeclarativeBase):
    """Root of every table of the hub."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)


class StoreUnavailable(HubError):
    """The database is gone, frozen or out of connections. Nothing was kept; trying again later helps.

    One case can't be told from inside: the connection broke while the commit was on its way.
    It may have happened, so whoever tries again must find what was kept (receipts do).
    """

    slug = "store-unavailable"


class Store:
    """The hub's database, for one event loop. Use as `async with Store.connect(url, settings) as store`."""

    def __init__(self, engine: AsyncEngine, settings: Settings) -> None:
        self.engine = engine
        self._settings = settings
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)

    @classmethod
    def connect(cls, url: str, settings: Settings) -> Self:
        """A store on the database at `url` (libpq's form). Opens no connection yet."""
        statement_ms = int(settings.statement_seconds * 1000)
        engine = create_async_engine(
            driver_url(url),
            pool_size=settings.pool_size,
            max_overflow=settings.pool_overflow,
            pool_timeout=settings.pool_wait_seconds,
            pool_pre_ping=True,  # a database restarted meanwhile costs a reconnect, not a request
            hide_parameters=True,  # an error must not carry the row it failed on into a log (G1)
            connect_args={
                "connect_timeout": settings.connect_seconds,
                "application_name": "cairn-hub",
                "options": f"-c statement_timeout={statement_ms} "
                f"-c idle_in_transaction_session_timeout={statement_ms}",
            },
        )
        return cls(engine, settings)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the pool's connections."""
        await self.engine.dispose()

    async def transact(
        self, name: str, body: Callable[[AsyncSession], Awaitable[T]], *, serializable: bool = False
    ) -> T:
        """Run `body` in one transaction and return its answer once that is committed.

        name          what is being done, for the log
        body          may be run several times; its session is its only side effect
        serializable  as if no other transaction ran meanwhile. Else READ COMMITTED, where
                      uniqueness and locks are the body's to ask for.

        Raises StoreUnavailable, or whatever the body raised; in both cases nothing is kept.
        """
        options = {"isolation_level": "SERIALIZABLE"} if serializable else {}
        for attempt in range(1, self._settings.transaction_attempts + 1):
            try:
                return await self._attempt(body, options)
            except _Conflict:
                log.info("transaction_repeated", transaction=name, attempt=attempt)
                await asyncio.sleep(_pause(attempt))
        log.warning("transaction_given_up", transaction=name, attempt=self._settings.transaction_attempts)
        raise StoreUnavailable(f"too many conflicting transactions: {name}")

    async def read(self, name: str, body: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Run `body` on one unchanging view of the database; it can't write.

        Raises StoreUnavailable, or whatever the body raised.
        """
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        try:
            return await self._attempt(body, options)
        except _Conflict as conflict:
            raise StoreUnavailable(f"the database ended a read: {name}") from conflict

    async def _attempt(self, body: Callable[[AsyncSession], Awaitable[T]], options: dict[str, Any]) -> T:
        with _as_our_errors():
            try:
                async with (
                    asyncio.timeout(self._settings.transaction_seconds) as limit,
                    self._sessions.begin() as session,
                ):
                    if options:
                        await session.connection(execution_options=options)
                    return await body(session)
            except TimeoutError as error:
                if limit.expired():
                    raise StoreUnavailable("the database did not answer in time") from error
                raise


class _Conflict(Exception):
    """The database asks for the transaction to be run again."""


@contextmanager
def _as_our_errors() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, CONFLICTS):
            raise _Conflict from error
        # OperationalError is libpq's word for anything outside the program: gone, refusing, full, too slow.
        if isinstance(cause, (psycopg.OperationalError, psycopg.InterfaceError)):
            raise StoreUnavailable("the database is not available") from error
        raise
    except (NoConnectionFree, ConnectionError) as error:
        raise StoreUnavailable("no connection to the database") from error


def _pause(attempt: int) -> float:
    """Seconds before the next attempt: doubling, and random so that two in conflict part."""
    return random.uniform(0, min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt))


def driver_url(url: str) -> str:
    """The same database for SQLAlchemy: libpq's URL with the driver named."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
