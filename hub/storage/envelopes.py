"""Envelopes: what lies encrypted in the database, under keys that lie elsewhere.

OPEN codes and card keys are sealed under a data key of the month; data keys are kept in
the database wrapped by a key-encryption key that is not. A stolen database alone opens
nothing. Old months can be made unreadable by deleting one row.

An envelope is bound to its context (table, column and row): moved to another row it does
not open. Layout, all of it authenticated:
  version 1 (1 byte) | data key id (4, big-endian) | nonce (12) | AES-256-GCM text and tag

Not here: key-encryption keys in a file (`key_file`). Source: RFC 3394 (AES-KW), SP 800-38D.
"""

import os
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import NewType, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Date, Identity, Integer, LargeBinary, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from hub.errors import HubError
from hub.storage.database import Base, Store

Envelope = NewType("Envelope", bytes)

VERSION = 1
HEAD = struct.Struct(">BI")
NONCE_BYTES, TAG_BYTES, KEY_BYTES = 12, 16, 32
OVERHEAD_BYTES = HEAD.size + NONCE_BYTES + TAG_BYTES


class EnvelopeDamaged(HubError):
    """An envelope is not one of ours, was changed, or lies in another row than it was sealed for."""

    slug = "internal"


class DataKeyUnknown(HubError):
    """The data key of an envelope is not loaded: `ready` was not called, or its row was deleted."""

    slug = "internal"


class KeyEncryptionKeyWrong(HubError):
    """A data key does not unwrap: the key file is missing a version or is another hub's."""

    slug = "internal"


class KeyEncryptionKeys(Protocol):
    """Where key-encryption keys are: a file here, a key service elsewhere."""

    async def wrap(self, data_key: bytes) -> tuple[int, bytes]:
        """The key wrapped, and the version of the key-encryption key that did it."""
        ...

    async def unwrap(self, version: int, wrapped: bytes) -> bytes:
        """The key again. Raises KeyEncryptionKeyWrong."""
        ...


class DataKey(Base):
    """A month's data key, wrapped. Deleting the row makes that month's envelopes unreadable."""

    __tablename__ = "data_keys"

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    month: Mapped[date] = mapped_column(Date, unique=True)  # its first day
    kek_version: Mapped[int]
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)  # nobody without the key-encryption key


class Envelopes:
    """Seals and opens, without I/O once `ready` was awaited.

    keks   who wraps the data keys
    today  the date in UTC; a parameter for tests of the turn of a month
    """

    def __init__(
        self, keks: KeyEncryptionKeys, *, today: Callable[[], date] = lambda: datetime.now(UTC).date()
    ) -> None:
        self._keks = keks
        self._today = today
        self._ciphers: dict[int, AESGCM] = {}
        self._ids_by_month: dict[date, int] = {}
        self._sealing: tuple[bytes, AESGCM] | None = None  # head and cipher of the current month

    async def ready(self, store: Store) -> None:
        """Have this month's data key, made if need be, and all earlier ones.

        Await it before the transaction that seals or opens; it costs nothing while the month
        lasts. A new key is committed by a transaction of its own before anything is sealed under it.

        Raises StoreUnavailable, KeyEncryptionKeyWrong.
        """
        month = self._today().replace(day=1)
        if month not in self._ids_by_month:
            await self._load(store, month)
        key_id = self._ids_by_month[month]
        self._sealing = (HEAD.pack(VERSION, key_id), self._ciphers[key_id])

    def seal(self, context: bytes, plain: bytes) -> Envelope:
        """Encrypt `plain` for the place that `context` names. Raises DataKeyUnknown before `ready`."""
        if self._sealing is None:
            raise DataKeyUnknown("no data key is loaded")
        head, cipher = self._sealing
        nonce = os.urandom(NONCE_BYTES)
        return Envelope(head + nonce + cipher.encrypt(nonce, plain, head + context))

    def open(self, context: bytes, envelope: bytes) -> bytes:
        """Decrypt what was sealed for `context`. Raises EnvelopeDamaged, DataKeyUnknown."""
        if len(envelope) < OVERHEAD_BYTES:
            raise EnvelopeDamaged("too short for an envelope")
        head, nonce = envelope[: HEAD.size], envelope[HEAD.size : HEAD.size + NONCE_BYTES]
        version, key_id = HEAD.unpack(head)
        if version != VERSION:
            raise EnvelopeDamaged(f"version {version} of an envelope")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise DataKeyUnknown(f"data key {key_id} is not loaded")
        try:
            return cipher.decrypt(nonce, envelope[HEAD.size + NONCE_BYTES :], head + context)
        except InvalidTag:
            raise EnvelopeDamaged("an envelope was changed or lies in the wrong row") from None

    async def rewrap(self, store: Store) -> int:
        """Wrap every data key under the newest key-encryption key; returns how many changed.

        After it the older key-encryption keys can be destroyed. Envelopes stay as they are.
        """

        async def body(db: AsyncSession) -> int:
            changed = 0
            for row in (await db.scalars(select(DataKey).with_for_update())).all():
                version, wrapped = await self._keks.wrap(
                    await self._keks.unwrap(row.kek_version, row.wrapped)
                )
                if version != row.kek_version:
                    row.kek_version, row.wrapped = version, wrapped
                    changed += 1
            return changed

        return await store.transact("rewrap data keys", body)

    async def _load(self, store: Store, month: date) -> None:
        async def body(db: AsyncSession) -> list[DataKey]:
            known = await db.scalar(select(DataKey.id).where(DataKey.month == month))
            if known is None:
                version, wrapped = await self._keks.wrap(os.urandom(KEY_BYTES))
                # Another process may be making it too: one of the two stays.
                await db.execute(
                    insert(DataKey)
                    .values(month=month, kek_version=version, wrapped=wrapped)
                    .on_conflict_do_nothing()
                )
            return list((await db.scalars(select(DataKey))).all())

        for row in await store.transact("load data keys", body):
            if row.id not in self._ciphers:
                self._ciphers[row.id] = AESGCM(await self._keks.unwrap(row.kek_version, row.wrapped))
            self._ids_by_month[row.month] = row.id
