"""Which version of the tables a database has, told without loading what migrates it."""

from functools import cache
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def is_migrated(db: AsyncSession) -> bool:
    """Whether the database has the tables of this version, neither older nor newer ones."""
    if await db.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return False
    return await db.scalar(text("SELECT version_num FROM alembic_version")) == newest()


def migrations_folder() -> Path:
    """Where the revisions are, in a wheel or in the checkout."""
    package = Path(__file__).parents[1]
    shipped = package / "migrations"
    return shipped if shipped.is_dir() else package.parent / "migrations" / "hub"


@cache
def newest() -> str:
    """The revision this version needs: they are one chain, and each file's name begins with its own."""
    return max(path.name.partition("_")[0] for path in (migrations_folder() / "versions").glob("*_*.py"))
