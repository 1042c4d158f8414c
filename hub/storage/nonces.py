"""Nonces of signed requests: each is good once.

A nonce is kept until its request would be refused for its age anyway, no longer: the table
must not tell when a firm was active.
"""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Text, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from hub.errors import HubError
from hub.storage.database import Base

# More than one, so that the table shrinks; few, so that no request pays for all.
FORGOTTEN_PER_REQUEST = 100


class ReplayedNonce(HubError):
    """This signed request was seen before. Signing it anew helps."""

    slug = "replayed-nonce"


class RequestNonce(Base):
    """A nonce that was used. Nothing else about the request."""

    __tablename__ = "request_nonces"

    key_id: Mapped[str] = mapped_column(Text, primary_key=True)
    nonce: Mapped[str] = mapped_column(Text, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


async def spend(db: AsyncSession, key_id: str, nonce: str, expires_at: datetime) -> None:
    """Use up a nonce, and forget those that expired. Raises ReplayedNonce if it was used."""
    # Rows another request is deleting are left to it: waiting would make requests queue up.
    expired = (
        select(RequestNonce.key_id, RequestNonce.nonce)
        .where(RequestNonce.expires_at < datetime.now(UTC))
        .limit(FORGOTTEN_PER_REQUEST)
        .with_for_update(skip_locked=True)
    )
    await db.execute(delete(RequestNonce).where(tuple_(RequestNonce.key_id, RequestNonce.nonce).in_(expired)))
    added = await db.execute(
        insert(RequestNonce)
        .values(key_id=key_id, nonce=nonce, expires_at=expires_at)
        .on_conflict_do_nothing()
        .returning(RequestNonce.nonce)
    )
    if added.one_or_none() is None:
        raise ReplayedNonce("the nonce of this request was used before")
