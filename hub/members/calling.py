"""Who is calling: a request signed by a party in force, its nonce used up before anything is answered.

A route takes `CallingMember` and gets the party's entry and the body as it was signed. The
nonce is committed first: the same signed request never acts twice, also after a crash.
Source: RFC 9421 in the profile of `cairn_protocol.http_signatures`.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import UnknownSigner
from cairn_protocol.http_signatures import verify_request
from cairn_protocol.messages.parties import Entry, Role, TrusteeKeys
from hub.asked import services_of
from hub.services import Services
from hub.storage import nonces


@dataclass(frozen=True, slots=True)
class Caller:
    """A party whose signature holds over this very request.

    entry  its roster entry in force
    body   the request's body, byte for byte
    """

    entry: Entry
    body: bytes = field(repr=False)


async def authenticate(services: Services, request: Request, role: Role) -> Caller:
    """The caller of `request`, if a party of that role signed it and did so for the first time.

    Raises what `verify_request` raises, UnknownSigner for another role, RevokedSigner,
    ReplayedNonce, StoreUnavailable.
    """
    body = await request.body()
    now = int(time.time())
    window = services.settings.signature_window_seconds

    async def admit(db: AsyncSession) -> Entry:
        roster = await services.roster.current(db)

        def key_of(party: str) -> Ed25519PublicKey:
            entry = roster.entry(party, now, culprit=party)
            if entry.role is not role:
                raise UnknownSigner(f"no {role} of that name is on the roster", culprit=party)
            return Ed25519PublicKey.from_public_bytes(entry.signing_key)

        url = address_of(request, services.settings.public_url)
        signed = verify_request(request.method, url, request.headers, body, key_of, now, window)
        expires = datetime.fromtimestamp(signed.created + window + 1, UTC)
        await nonces.spend(db, signed.key_id, signed.nonce, expires)
        return roster.entry(signed.key_id, now)

    return Caller(await services.store.transact("admit", admit), body)


def address_of(request: Request, public_url: str | None) -> str:
    """The URL the caller signed: path and query as they came, not decoded.

    public_url  scheme and host that members use, if the hub is behind a proxy that changes them
    """
    scope = request.scope
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = b"?" + scope["query_string"] if scope["query_string"] else b""
    if public_url is None:
        origin = f"{scope['scheme']}://{request.headers.get('host', '')}"
    else:
        parts = urlsplit(public_url)
        origin = f"{parts.scheme}://{parts.netloc}"
    return origin + (path + query).decode("ascii", "replace")


def calling(role: Role) -> Callable[[Request], Awaitable[Caller]]:
    """The dependency of a route that only a party of `role` may call."""

    async def dependency(request: Request) -> Caller:
        return await authenticate(services_of(request), request, role)

    return dependency


@dataclass(frozen=True, slots=True)
class Trustee:
    """A trustee of the genesis whose signature holds over this very request."""

    keys: TrusteeKeys
    body: bytes = field(repr=False)


async def calling_trustee(request: Request) -> Trustee:
    """The dependency of a route that only a trustee may call. Raises as `authenticate`."""
    services = services_of(request)
    trustees = {trustee.id: trustee for trustee in services.genesis.trustees}

    def key_of(party: str) -> Ed25519PublicKey:
        if party not in trustees:
            raise UnknownSigner("no trustee of that name is in the genesis", culprit=party)
        return Ed25519PublicKey.from_public_bytes(trustees[party].signing_key)

    body = await request.body()
    signed = verify_request(
        request.method,
        address_of(request, services.settings.public_url),
        request.headers,
        body,
        key_of,
        int(time.time()),
        services.settings.signature_window_seconds,
    )
    expires = datetime.fromtimestamp(signed.created + services.settings.signature_window_seconds + 1, UTC)
    await services.store.transact(
        "admit", lambda db: nonces.spend(db, f"trustee:{signed.key_id}", signed.nonce, expires)
    )
    return Trustee(trustees[signed.key_id], body)


CallingTrustee = Annotated[Trustee, Depends(calling_trustee)]
CallingMember = Annotated[Caller, Depends(calling(Role.MEMBER))]

# Refusals that every route with a caller may answer with; for its OpenAPI description.
REFUSALS = (
    "unsigned",
    "bad-message",
    "uncovered-component",
    "clock-outside-window",
    "unknown-signer",
    "revoked-signer",
    "bad-signature",
    "wrong-digest",
    "replayed-nonce",
    "body-too-large",
    "store-unavailable",
)
