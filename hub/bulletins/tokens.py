"""Passwords for TAXII: scoped to collections, revocable, hashed, and rotated without a gap.

The operator gives a liaison its scope with the first token. From then on the liaison rotates by a request
signed with its roster key: the new password works at once, the old ones for another day. A password
lets in to the named collections and to nothing else of the hub; it ends with the liaison's roster entry.
Source: RFC 7617 (Basic); 256 random bits are hashed once, for there is nothing to guess.
"""

import base64
import binascii
import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import RevokedSigner, UnknownSigner
from cairn_protocol.messages.bulletins import TaxiiToken
from cairn_protocol.messages.parties import Role
from cairn_protocol.roster import Roster
from hub.bulletins.catalogue import EVERYTHING
from hub.bulletins.tables import TaxiiTokenRow
from hub.errors import HubError

TOKEN_SECONDS: Final = 180 * 86_400
OVERLAP_SECONDS: Final = 86_400


class BadToken(HubError):
    """No password in force, for whatever reason: which one is not told."""

    slug = "bad-token"


@dataclass(frozen=True, slots=True)
class Reader:
    """A liaison that a token let in, and the collections it may use."""

    liaison: str
    collections: frozenset[str]


async def issue(
    db: AsyncSession, liaison: str, collections: Sequence[str], now: int | None = None
) -> TaxiiToken:
    """A new token. Earlier ones of the liaison end within OVERLAP_SECONDS. Raises BadToken for no collection."""
    now = int(time.time()) if now is None else now
    if not collections or not set(collections) <= set(EVERYTHING):
        raise BadToken(f"a token's collections are of: {', '.join(EVERYTHING)}")
    password = secrets.token_urlsafe(32)
    until = now + OVERLAP_SECONDS
    await db.execute(
        update(TaxiiTokenRow)
        .where(TaxiiTokenRow.liaison == liaison, TaxiiTokenRow.expires_at > until)
        .values(expires_at=until)
    )
    db.add(
        TaxiiTokenRow(
            digest=_digest(password),
            liaison=liaison,
            collections=list(collections),
            expires_at=now + TOKEN_SECONDS,
            revoked=False,
        )
    )
    return TaxiiToken(
        user=liaison,
        password=password,
        collections=tuple(collections),
        expires_at=now + TOKEN_SECONDS,
        others_until=until,
    )


async def rotate(db: AsyncSession, liaison: str) -> TaxiiToken:
    """A new token with the scope of the newest one in force. Raises BadToken if there is none."""
    now = int(time.time())
    newest = await db.scalar(
        select(TaxiiTokenRow)
        .where(TaxiiTokenRow.liaison == liaison, ~TaxiiTokenRow.revoked, TaxiiTokenRow.expires_at > now)
        .order_by(TaxiiTokenRow.expires_at.desc())
        .limit(1)
    )
    if newest is None:
        raise BadToken("no token in force: the operator gives the first one, with its scope")
    return await issue(db, liaison, newest.collections, now)


async def revoke_all(db: AsyncSession, liaison: str) -> int:
    """Void every token of a liaison at once. Returns how many were in force."""
    ended = await db.execute(
        update(TaxiiTokenRow)
        .where(TaxiiTokenRow.liaison == liaison, ~TaxiiTokenRow.revoked)
        .values(revoked=True)
    )
    return int(ended.rowcount)  # type: ignore[attr-defined]


async def admit(db: AsyncSession, roster: Roster, header: str | None) -> Reader:
    """Whom an Authorization header lets in. Raises BadToken."""
    user, password = _basic(header)
    now = int(time.time())
    row = await db.get(TaxiiTokenRow, _digest(password))
    if row is None or row.liaison != user or row.revoked or row.expires_at <= now:
        raise BadToken("no such token is in force")
    try:
        entry = roster.entry(user, now)
    except (UnknownSigner, RevokedSigner) as left:
        raise BadToken("the token's owner is not on the roster") from left
    if entry.role is not Role.LIAISON:
        raise BadToken("the token's owner is no liaison")
    return Reader(user, frozenset(row.collections))


def _basic(header: str | None) -> tuple[str, str]:
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        raise BadToken("HTTP Basic is asked for")
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise BadToken("not HTTP Basic") from None
    if not colon:
        raise BadToken("not HTTP Basic")
    return user, password


def _digest(password: str) -> bytes:
    return hashlib.sha256(b"cairn/v1/taxii-token\0" + password.encode()).digest()
