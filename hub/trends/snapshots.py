"""Snapshots: what live reports told in codes, at one moment, encrypted in a file of columns.

The file is parquet in its own encryption (AES-GCM, 256 bits, every column and the footer) under a key
of its own, which lies in the database in an envelope: who steals the folder reads nothing, nor who steals the
database without the key-encryption key. DuckDB opens only some of what pyarrow encrypts, so pyarrow decrypts
and hands the columns on in memory.

Promises: the same reports give the same digest. A snapshot never changes. Members join and leave
between snapshots only: who joined after the month began counts from the next month on.
Source: Apache Parquet, Modular Encryption; domain brief 2.2 (`submitted_at`), P10.
"""

import asyncio
import base64
import datetime as dt
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.parties import Role
from cairn_protocol.roster import Roster
from hub.disclosure.releases import Membership, counted_groups
from hub.services import Services
from hub.trends.refusals import NoSnapshot, SnapshotDamaged
from hub.trends.rows import SCHEMA, digest_of_rows, read_rows, table_of
from hub.trends.tables import SnapshotRow

_KEY_BYTES: Final = 32
_TEXTS: Final = [field.name for field in SCHEMA if field.type == pa.string()]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot that can be asked."""

    number: int
    month: dt.date
    made_on: dt.date
    digest: bytes
    table: pa.Table

    def group_by_event(self) -> dict[int, str]:
        """The group that each event counts for."""
        counted = self.table.filter(self.table["counted"])
        return dict(zip(counted["event"].to_pylist(), counted["group"].to_pylist(), strict=True))


async def make(services: Services, today: dt.date | None = None) -> SnapshotRow:
    """Put together a snapshot of what is live and linked now, and keep it. The newest one is asked."""
    day = today or dt.datetime.now(dt.UTC).date()
    await services.envelopes.ready(services.store)

    async def gather(db: AsyncSession) -> tuple[int, list[str], list[tuple[object, ...]]]:
        before = await newest_row(db)
        roster = await services.roster.current(db)
        groups = counting(roster, day, before.groups if before else None)
        rows = await read_rows(db, services.envelopes, groups, day)
        return (before.number if before else 0) + 1, sorted(groups), rows

    number, groups, rows = await services.store.transact("gather snapshot", gather)
    key = os.urandom(_KEY_BYTES)
    await asyncio.to_thread(write, path_of(services, number), table_of(rows), key)
    row = SnapshotRow(
        number=number,
        month=day.replace(day=1),
        made_on=day,
        rows_digest=digest_of_rows(rows),
        key=services.envelopes.seal(_key_of(number), key),
        events=len({told[0] for told in rows}),
        groups=groups,
    )

    async def keep(db: AsyncSession) -> None:
        db.add(row)

    await services.store.transact("keep snapshot", keep)
    return row


def counting(roster: Roster, day: dt.date, before: list[str] | None) -> frozenset[str]:
    """The groups that count in a snapshot of that day.

    before  those of the snapshot before, which go on counting: what a firm reported stays when it leaves.
            None for the first: with nothing earlier, no difference shows who joined
    """
    memberships = [
        Membership(standing.entry.group, _date(standing.entry.not_before))
        for party in roster.parties()
        for standing in roster.standings(party)
        if standing.entry.role is Role.MEMBER and standing.entry.group is not None
    ]
    if before is None:
        return frozenset(one.group for one in memberships)
    return counted_groups(memberships, day.replace(day=1)) | frozenset(before)


async def newest_row(db: AsyncSession) -> SnapshotRow | None:
    """The row of the newest snapshot."""
    newest: SnapshotRow | None = await db.scalar(
        select(SnapshotRow).order_by(SnapshotRow.number.desc()).limit(1)
    )
    return newest


async def newest(services: Services) -> tuple[Snapshot, Snapshot | None]:
    """The newest snapshot, and the one before it. Raises NoSnapshot, SnapshotDamaged."""

    async def body(db: AsyncSession) -> list[SnapshotRow]:
        rows = await db.scalars(select(SnapshotRow).order_by(SnapshotRow.number.desc()).limit(2))
        return list(rows)

    rows = await services.store.read("snapshots", body)
    if not rows:
        raise NoSnapshot("no snapshot was made yet: `cairn-hub trends snapshot` makes the first")
    opened = [await opened_of(services, row) for row in rows]
    return opened[0], opened[1] if len(opened) > 1 else None


async def numbered(services: Services, number: int) -> tuple[Snapshot, Snapshot | None]:
    """The snapshot of that number, and the one before it. Raises NoSnapshot, SnapshotDamaged."""

    async def body(db: AsyncSession) -> list[SnapshotRow]:
        rows = await db.scalars(
            select(SnapshotRow)
            .where(SnapshotRow.number.in_([number, number - 1]))
            .order_by(SnapshotRow.number.desc())
        )
        return list(rows)

    rows = await services.store.read("snapshots", body)
    if not rows or rows[0].number != number:
        raise NoSnapshot("there is no snapshot of that number")
    opened = [await opened_of(services, row) for row in rows]
    return opened[0], opened[1] if len(opened) > 1 else None


async def opened_of(services: Services, row: SnapshotRow) -> Snapshot:
    """The snapshot of a row, decrypted in memory. Raises SnapshotDamaged."""
    await services.envelopes.ready(services.store)
    key = services.envelopes.open(_key_of(row.number), row.key)
    table = await asyncio.to_thread(read, path_of(services, row.number), key)
    return Snapshot(row.number, row.month, row.made_on, row.rows_digest, table)


def path_of(services: Services, number: int) -> Path:
    """Where a snapshot's file is."""
    return services.settings.data / "trends" / f"snapshot-{number}.parquet"


def write(path: Path, table: pa.Table, key: bytes) -> None:
    """Write a table encrypted. The file is whole or not there.

    key  32 bytes; it wraps the file's own
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = pe.EncryptionConfiguration(
        footer_key="snapshot", uniform_encryption=True, double_wrapping=False, data_key_length_bits=256
    )
    new = path.with_suffix(".new")
    properties = _factory(key).file_encryption_properties(pe.KmsConnectionConfig(), config)
    with new.open("wb") as file:
        with pq.ParquetWriter(file, table.schema, encryption_properties=properties) as writer:
            writer.write_table(table)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)


@lru_cache(maxsize=2)
def read(path: Path, key: bytes, columns: tuple[str, ...] | None = None) -> pa.Table:
    """Read it again, all of it or only these columns. Raises SnapshotDamaged."""
    try:
        properties = _factory(key).file_decryption_properties(pe.KmsConnectionConfig())
        return pq.read_table(
            path,
            columns=columns and list(columns),
            read_dictionary=_TEXTS,  # as the file has them: a text that recurs is decoded once
            decryption_properties=properties,
        )
    except (OSError, ValueError, pa.ArrowException, InvalidUnwrap) as error:
        raise SnapshotDamaged("a snapshot's file is missing, was changed, or has another key") from error


class _OneKey(pe.KmsClient):
    """Wraps a file's key under the snapshot's (RFC 3394)."""

    def __init__(self, key: bytes) -> None:
        super().__init__()
        self._key = key

    def wrap_key(self, key_bytes: bytes, _: str) -> bytes:
        return base64.b64encode(aes_key_wrap(self._key, key_bytes))

    def unwrap_key(self, wrapped_key: bytes, _: str) -> bytes:
        return aes_key_unwrap(self._key, base64.b64decode(wrapped_key))


def _factory(key: bytes) -> pe.CryptoFactory:
    return pe.CryptoFactory(lambda _: _OneKey(key))


def _key_of(number: int) -> bytes:
    return b"trend_snapshots.key/%d" % number


def _date(seconds: int) -> dt.date:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).date()
