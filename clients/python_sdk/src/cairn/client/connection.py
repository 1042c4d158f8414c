"""Connection: how requests leave the firm's machine, to the hub and to trustees.

TLS is always verified; plain HTTP goes to this machine's own loopback and nowhere else.
Requests that speak for the firm carry an RFC 9421 signature, made anew for every attempt.
What may be repeated is repeated twice, with back-off, and as the other side asks. Nothing
else is sent: no cookie, no telemetry, no redirect is followed.

Not here: what is asked (`hub`, `trustees`), what an answer proves (`log`).
Source: RFC 9421, RFC 9457 (problems), RFC 9110 10.2.3 (Retry-After).
"""

import asyncio
import base64
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx2
import msgspec
import stamina
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cairn.client.errors import (
    ClientError,
    Conflict,
    Metered,
    Misconfigured,
    ProofInvalid,
    Rejected,
    Unauthorised,
    Unreachable,
)
from cairn.client.state import StateFolder
from cairn_protocol.errors import PartyId
from cairn_protocol.http_signatures import NONCE_BYTES, sign_request

HUB: Final = "hub"
USER_AGENT: Final = "cairn-sdk/1"
ATTEMPTS: Final = 3
MAX_PROBLEM_BYTES: Final = 64 * 1024
MAX_WAIT_SECONDS: Final = 5.0  # whoever asks for a longer wait gets the work from the outbox, later

_LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
_SLUG: Final = re.compile(r"[a-z0-9-]{1,64}")
_SIGNER_SLUGS: Final = frozenset(
    {
        "unsigned",
        "unknown-signer",
        "revoked-signer",
        "bad-signature",
        "uncovered-component",
        "clock-outside-window",
        "replayed-nonce",
    }
)
CONFLICT_SLUGS: Final = frozenset({"report-id-reused"})


@dataclass(frozen=True, slots=True)
class Signer:
    """In whose name requests are signed: the roster's name of the party, and its key."""

    key_id: str
    private_key: Ed25519PrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds.

    connect  until a connection stands
    read     without a byte from the other side; repeats start only within this time
    total    for one attempt, however slowly bytes drip
    compare  for asking trustees for their checkpoints, which nothing waits for
    """

    connect: float = 2.0
    read: float = 10.0
    total: float = 60.0
    compare: float = 3.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back with a 2xx or a 304. `content` is within the limit that the caller set."""

    status: int
    etag: str | None
    content: bytes = field(repr=False)


class Connection:
    """The addresses, the pinned genesis, the signer and the state folder that all calls share.

    Bound to the event loop of its first request. Close it, or use it as an async context manager.
    """

    def __init__(
        self,
        hub_url: str,
        trustees: Mapping[str, str],
        genesis_digest: bytes,
        state_dir: Path,
        signer: Signer | None = None,
        *,
        timeouts: Timeouts = Timeouts(),
        now: Callable[[], float] = time.time,
    ) -> None:
        """
        hub_url         https://..., or http:// on the loopback
        trustees        address by trustee id, such as "t1"
        genesis_digest  32 bytes, from the invitation
        state_dir       where verified state and the index are kept
        signer          None for what needs no name: log, index

        Raises Misconfigured for a plain-HTTP address beyond this machine.
        """
        self._addresses = {HUB: hub_url.rstrip("/")} | {
            f"trustee:{trustee}": url.rstrip("/") for trustee, url in trustees.items()
        }
        for party, url in self._addresses.items():
            _require_safe(party, url)
        self.trustees = tuple(trustees)
        self.genesis_digest = genesis_digest
        self.state = StateFolder(state_dir)
        self.signer = signer
        self.timeouts = timeouts
        self.now = now
        self._client: httpx2.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every socket."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def get(
        self,
        party: PartyId,
        path: str,
        *,
        limit: int,
        etag: str | None = None,
        signed: bool = False,
        repeat: bool = True,
    ) -> Answer:
        """GET `path` (encoded, with its query) from the hub or "trustee:<id>".

        limit   bytes that an answer may have
        signed  in the signer's name; nobody's unless told otherwise, so that a lookup names nobody

        Raises Unreachable, Unauthorised, Rejected, Conflict, Metered, Misconfigured;
        ProofInvalid past `limit`.
        """
        headers = {"If-None-Match": etag} if etag else {}
        return await self._request("GET", party, path, b"", headers, limit, signed=signed, repeat=repeat)

    async def post(
        self,
        party: PartyId,
        path: str,
        body: bytes,
        *,
        limit: int,
        signed: bool = True,
        repeat: bool = True,
        idempotency_key: str | None = None,
    ) -> Answer:
        """POST a message, signed by the signer unless told otherwise.

        repeat  whether the same message twice does no harm

        Raises as `get`; Misconfigured also without a signer.
        """
        headers = {"Content-Type": "application/json"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        return await self._request("POST", party, path, body, headers, limit, signed=signed, repeat=repeat)

    async def _request(
        self,
        method: str,
        party: PartyId,
        path: str,
        body: bytes,
        headers: dict[str, str],
        limit: int,
        *,
        signed: bool,
        repeat: bool,
    ) -> Answer:
        if party not in self._addresses:
            raise Misconfigured(f"no address is known for {party}; enrol again or add it to the settings")
        url = self._addresses[party] + path
        async for attempt in stamina.retry_context(
            on=_wait_before_repeat,
            attempts=ATTEMPTS if repeat else 1,
            timeout=self.timeouts.read,
            wait_max=MAX_WAIT_SECONDS,
            wait_jitter=0.2,
        ):
            with attempt:
                return await self._once(method, party, url, body, headers, limit, signed=signed)
        raise AssertionError("stamina leaves its loop by an answer or an error")

    async def _once(
        self,
        method: str,
        party: PartyId,
        url: str,
        body: bytes,
        headers: dict[str, str],
        limit: int,
        *,
        signed: bool,
    ) -> Answer:
        client = self._open_client()
        request = client.build_request(method, url, content=body, headers=headers)
        if signed:
            request.headers.update(self._signature(method, str(request.url), body))
        try:
            async with asyncio.timeout(self.timeouts.total):
                response = await client.send(request, stream=True)
                try:
                    accepted = response.is_success or response.status_code == 304
                    content = await _read(response, limit if accepted else MAX_PROBLEM_BYTES, party)
                finally:
                    await response.aclose()
        except httpx2.ConnectError as cause:
            raise Unreachable(party, "no connection; is the address right, and does it run?") from cause
        except (httpx2.TimeoutException, TimeoutError) as cause:
            raise Unreachable(party, "no answer in time") from cause
        except httpx2.HTTPError as cause:
            raise Unreachable(party, "the connection broke off before the answer") from cause
        if not accepted:
            raise refusal(party, response.status_code, response.headers, content, self.now())
        return Answer(response.status_code, response.headers.get("etag"), content)

    def _signature(self, method: str, url: str, body: bytes) -> dict[str, str]:
        if self.signer is None:
            raise Misconfigured("this needs a party's key, and none was given; enrol first")
        nonce = base64.b64encode(secrets.token_bytes(NONCE_BYTES)).decode()
        return sign_request(
            method, url, body, self.signer.key_id, self.signer.private_key, int(self.now()), nonce
        )

    def _open_client(self) -> httpx2.AsyncClient:
        if self._client is None:
            timeouts = self.timeouts
            self._client = httpx2.AsyncClient(
                # identity: a compressed answer could grow past its limit before it is counted
                headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                timeout=httpx2.Timeout(timeouts.read, connect=timeouts.connect),
                # A proxy of the environment is for the world outside, not for this machine.
                mounts={f"all://{name}": None for name in _LOOPBACK_NAMES},
            )
        return self._client


def _require_safe(party: PartyId, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname and _is_loopback(parts.hostname):
        return
    raise Misconfigured(f"the address of {party} must begin with https://")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _read(response: httpx2.Response, limit: int, party: PartyId) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > limit:
            raise ProofInvalid("bad-message", f"an answer of more than {limit} bytes", culprit=party)
    return bytes(content)


def _wait_before_repeat(error: Exception) -> bool | float:
    """Whether to repeat after `error`, or how many seconds to wait before."""
    if not isinstance(error, Unreachable):
        return False
    if error.retry_after is None:
        return True
    return error.retry_after if error.retry_after <= MAX_WAIT_SECONDS else False


class _Problem(msgspec.Struct):
    """What we read of a problem document; whatever else it holds is left alone."""

    type: str = ""
    title: str = ""
    reason: str = ""  # what was wrong with this request
    detail: str = ""  # what to do about it
    request_id: str | None = None
    errors: list["_FieldError"] = []

    @property
    def text(self) -> str:
        """Title, reason and what to do, as one line for people."""
        what = ": ".join(part for part in (self.title, self.reason) if part)
        return _printable(". ".join(part for part in (what, self.detail) if part))

    @property
    def pointer(self) -> str | None:
        """Where in the message the first thing wrong is, as a JSON pointer (RFC 6901)."""
        return "".join(f"/{part}" for part in self.errors[0].loc) if self.errors else None


class _FieldError(msgspec.Struct):
    loc: list[str | int] = []


def refusal(
    party: PartyId, status: int, headers: Mapping[str, Any], content: bytes, now: float
) -> ClientError:
    """The typed error for an answer that is neither 2xx nor 304.

    Source: RFC 9457 for the document; a server that sends none gets "http-<status>" as its slug.
    """
    try:
        problem = msgspec.json.decode(content, type=_Problem)
    except msgspec.MsgspecError:
        problem = _Problem()
    last = problem.type.rsplit("/", 1)[-1]
    slug = last if _SLUG.fullmatch(last) else f"http-{status}"
    detail = problem.text or f"{party} refused the request ({slug})"
    request_id = problem.request_id or headers.get("x-request-id")
    retry_after = _seconds(headers.get("retry-after"), now)
    if status >= 500:
        return Unreachable(party, detail, retry_after=retry_after, request_id=request_id)
    if status < 400:
        return Misconfigured(f"the address of {party} redirects; put the final address in its place")
    if status == 429:
        return Metered(detail, retry_after=retry_after, request_id=request_id)
    if status in (401, 403) or slug in _SIGNER_SLUGS:
        return Unauthorised(slug, detail, request_id=request_id)
    if slug in CONFLICT_SLUGS or slug == "http-409":
        return Conflict(slug, detail, request_id=request_id)
    return Rejected(slug, detail, pointer=problem.pointer, request_id=request_id)


def _printable(text: str) -> str:
    """At most 1,000 characters without control characters: it ends up on a terminal."""
    return "".join(character for character in text[:1_000] if character.isprintable())


def _seconds(retry_after: str | None, now: float) -> float | None:
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - now)
    except (ValueError, TypeError):
        return None
