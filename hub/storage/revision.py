"""Which version of the tables a database has."""

from functools import cache

from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from hub.storage.migrate import migrations_folder


async def is_migrated(db: AsyncSession) -> bool:
    """Whether the database has the tables of this version, neither older nor newer ones."""
    if await db.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return False
    return await db.scalar(text("SELECT version_num FROM alembic_version")) == _newest()


@cache
def _newest() -> str | None:
    return ScriptDirectory(str(migrations_folder())).get_current_head()
