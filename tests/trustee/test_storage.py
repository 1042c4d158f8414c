"""The trustee's tables: the migrations make what the models say, on the file that is used."""

import sqlite3
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from trustee.storage import migrate
from trustee.storage.database import Store
from trustee.storage.tables import Base


def test_the_migrations_make_the_tables_of_the_models(tmp_path: Path) -> None:
    store = Store(tmp_path / "trustee.db", 1)
    with store.engine.connect() as connection:
        differences = compare_metadata(
            MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata
        )

    assert differences == []
    store.close()


def test_the_newest_revision_is_the_end_of_the_one_chain() -> None:
    assert ScriptDirectory(str(migrate.scripts())).get_heads() == [migrate.newest()]


def test_opening_it_again_changes_nothing(tmp_path: Path) -> None:
    Store(tmp_path / "trustee.db", 1).close()
    before = (tmp_path / "trustee.db").read_bytes()

    Store(tmp_path / "trustee.db", 1).close()

    assert (tmp_path / "trustee.db").read_bytes() == before


def test_a_commit_is_on_the_disk_before_it_is_answered(tmp_path: Path) -> None:
    """WAL alone would keep a charge in memory, and a power cut would give it back."""
    store = Store(tmp_path / "trustee.db", 1)

    def pragmas(db):  # type: ignore[no-untyped-def]
        connection = db.connection()
        return [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        ]

    assert store.transact(pragmas) == ["wal", 2]  # 2 is FULL
    store.close()
    assert sqlite3.connect(tmp_path / "trustee.db").execute("PRAGMA journal_mode").fetchone() == ("wal",)
