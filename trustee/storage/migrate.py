"""Bringing a trustee's tables up to date, by the migrations that ship with it."""

from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def scripts() -> Path:
    """The folder of migrations: beside this package in a wheel, at the top in a checkout."""
    shipped = Path(str(files("trustee"))) / "migrations"
    return shipped if shipped.exists() else Path(__file__).parents[2] / "migrations" / "trustee"


def is_current(connection: Connection) -> bool:
    """Whether every migration has run."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == newest


def upgrade(connection: Connection) -> None:
    """Run what has not run yet. The caller commits."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    return config
