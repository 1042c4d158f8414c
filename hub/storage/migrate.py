"""Bring a database to the tables this version of the hub needs.

`upgrade` may be called by several processes at once: they take turns, and the later ones
find nothing to do. The migrations ship with the hub (`hub/migrations` in a wheel,
`migrations/hub` in the checkout).
"""

from contextlib import AbstractContextManager

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from hub.storage import models
from hub.storage.database import driver_url
from hub.storage.revision import migrations_folder

# Any number will do, as long as no other lock of ours has it.
MIGRATION_LOCK = 0x6361_6972_6E


def upgrade(url: str, revision: str = "head") -> None:
    """Run the migrations up to `revision` on the database at `url`, all or none. Blocks.

    Raises sqlalchemy.exc.OperationalError if the database can't be reached.
    """
    with _connected(url) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        command.upgrade(config(connection), revision)


def drift(url: str) -> list[object]:
    """The differences between the models and the migrated database; empty if there are none."""
    with _connected(url) as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_ours, "compare_type": True})
        return list(compare_metadata(context, models.Base.metadata))


def config(connection: Connection) -> Config:
    """Alembic's configuration for a connection that is already open (its transaction is ours)."""
    alembic = Config()
    alembic.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    alembic.attributes["connection"] = connection
    return alembic


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether autogenerate should look at a table: the job queue brings its own."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


def _connected(url: str) -> AbstractContextManager[Connection]:
    return create_engine(driver_url(url), poolclass=NullPool).begin()
