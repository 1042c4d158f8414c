"""One private PostgreSQL for a test session, and a fresh migrated database wherever one is asked for.

The migrated database is made once and copied (CREATE DATABASE ... TEMPLATE), which takes a
few hundredths of a second. Imported by tests/conftest.py, so every test folder has the
fixtures `postgres`, `database_url` (fresh for a test) and `module_database_url`.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest

from hub.storage.embedded import EmbeddedPostgres
from hub.storage.migrate import upgrade

TEMPLATE = "cairn_template"

PREFIX = "cairn-test-postgres-"  # and the process that made it

# A test's data need not survive the machine, so it need not wait for the disk either. A database that autovacuum is at
# work in can't be dropped by its owner.
QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
}


class TestServer:
    """A running server that hands out databases."""

    __test__ = False

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.server = server
        self.url = server.start()
        self._made_template = False

    def empty_database(self) -> str:
        """The URL of a new database without tables."""
        return self._create("template1")

    def database(self) -> str:
        """The URL of a new database with the hub's tables."""
        if not self._made_template:
            upgrade(self._create("template1", name=TEMPLATE))
            self._made_template = True
        return self._create(TEMPLATE)

    def drop(self, url: str) -> None:
        self._execute(f'DROP DATABASE IF EXISTS "{urlsplit(url).path[1:]}" WITH (FORCE)')

    def _create(self, template: str, *, name: str | None = None) -> str:
        name = name or f"test_{uuid.uuid4().hex}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


def clear_leftovers() -> None:
    """End the servers of test sessions that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        if not psutil.pid_exists(int(folder.name.removeprefix(PREFIX).split("-")[0])):
            EmbeddedPostgres(folder / "postgres").stop()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestServer]:
    """One server for the session (one for each worker under xdist)."""
    clear_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    server = EmbeddedPostgres(folder / "postgres", settings=QUICK)
    try:
        yield TestServer(server)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_url(postgres: TestServer) -> Iterator[str]:
    """A fresh database with the hub's tables, for one test."""
    url = postgres.database()
    yield url
    postgres.drop(url)


@pytest.fixture(scope="module")
def module_database_url(postgres: TestServer) -> Iterator[str]:
    """A fresh database with the hub's tables, shared by the tests of a module."""
    url = postgres.database()
    yield url
    postgres.drop(url)
