"""Many rows at once: in by PostgreSQL's binary COPY, and looked up by one array, of any length."""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import TypeVar

import psycopg
from psycopg import sql
from sqlalchemy import ARRAY, ColumnElement, Table, any_, literal
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from hub.storage.database import Base

_T = TypeVar("_T")


async def copy_rows(db: AsyncSession, model: type[Base], rows: Iterable[Sequence[object]]) -> None:
    """Copy rows, each a value for every column of `model` in the order of its columns.

    Raises what the database raised, for `Store.transact` to judge.
    """
    statement, types = _copying(model)
    await db.flush()
    connection = (await (await db.connection()).get_raw_connection()).driver_connection
    assert isinstance(connection, psycopg.AsyncConnection)
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            await copy.write_row(row)


def among(column: InstrumentedAttribute[_T], values: Collection[_T]) -> ColumnElement[bool]:
    """`column` is one of `values`. One parameter, however many there are: `in_` ends at 65,535."""
    return column == any_(literal(list(values), ARRAY(column.type)))


@cache
def _copying(model: type[Base]) -> tuple[sql.Composed, list[str]]:
    """The statement for a model's table, and the names of its columns' types."""
    table = model.__table__
    assert isinstance(table, Table)
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns.keys()))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(table.name), columns)
    dialect = postgresql.dialect()
    return statement, [column.type.compile(dialect).lower() for column in table.columns]
