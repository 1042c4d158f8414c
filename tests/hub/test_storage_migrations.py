"""Migrations: they make exactly the tables of the models, once, whoever runs them first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import procrastinate
import psycopg
import pytest
from alembic.script import ScriptDirectory

from hub.storage import nonces
from hub.storage.database import Store
from hub.storage.migrate import drift, upgrade
from hub.storage.revision import migrations_folder, newest
from tests.support.postgres import TestServer


def test_models_and_migrated_tables_do_not_differ(database_url: str) -> None:
    assert drift(database_url) == []


def test_drift_is_seen(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE data_keys DROP COLUMN wrapped")

    assert len(drift(database_url)) == 1


def test_the_newest_revision_is_the_end_of_the_one_chain() -> None:
    assert ScriptDirectory(str(migrations_folder())).get_heads() == [newest()]


def test_two_processes_may_upgrade_at_once(postgres: TestServer) -> None:
    url = postgres.empty_database()
    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(upgrade, [url, url]))
        assert drift(url) == []
    finally:
        postgres.drop(url)


def test_the_queues_schema_is_of_the_version_the_first_revision_was_written_for() -> None:
    """Another version of procrastinate needs a revision with its sql/migrations first."""
    assert procrastinate.__version__.startswith("3.10.")


@pytest.mark.anyio
async def test_a_nonce_is_good_once_for_each_key(store: Store) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=5)
    await store.transact("spend", lambda db: nonces.spend(db, "member:m01", "n1", soon))

    await store.transact("spend", lambda db: nonces.spend(db, "member:m02", "n1", soon))
    with pytest.raises(nonces.ReplayedNonce):
        await store.transact("spend", lambda db: nonces.spend(db, "member:m01", "n1", soon))


@pytest.mark.anyio
async def test_an_expired_nonce_is_forgotten(store: Store, database_url: str) -> None:
    """The table must not tell when a firm was active."""
    now = datetime.now(UTC)
    await store.transact(
        "spend", lambda db: nonces.spend(db, "member:m01", "old", now - timedelta(seconds=1))
    )
    await store.transact(
        "spend", lambda db: nonces.spend(db, "member:m02", "new", now + timedelta(minutes=5))
    )

    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT nonce FROM request_nonces").fetchall() == [("new",)]
