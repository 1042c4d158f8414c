"""Bringing a trustee's tables up to date, by the migrations that ship with it."""

from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine


def scripts() -> Path:
    """The folder of migrations: beside this package in a wheel, at the top in a checkout."""
    shipped = Path(str(files("trustee"))) / "migrations"
    return shipped if shipped.exists() else Path(__file__).parents[2] / "migrations" / "trustee"


def upgrade(engine: Engine) -> None:
    """Run what has not run yet."""
    config = Config()
    config.set_main_option("script_location", str(scripts()))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
