"""Bringing a trustee's tables up to date, by the migrations that ship with it.

What migrates is loaded when there is something to do: it takes as long as a short verb does.
"""

from functools import cache
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection, inspect, text


def scripts() -> Path:
    """The folder of migrations: beside this package in a wheel, at the top in a checkout."""
    shipped = Path(str(files("trustee"))) / "migrations"
    return shipped if shipped.exists() else Path(__file__).parents[2] / "migrations" / "trustee"


def is_current(connection: Connection) -> bool:
    """Whether every migration has run."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    return connection.scalar(text("SELECT version_num FROM alembic_version")) == newest()


@cache
def newest() -> str:
    """The revision this version needs: they are one chain, and each file's name begins with its own."""
    return max(path.name.partition("_")[0] for path in (scripts() / "versions").glob("*_*.py"))


def upgrade(connection: Connection) -> None:
    """Run what has not run yet. The caller commits."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
