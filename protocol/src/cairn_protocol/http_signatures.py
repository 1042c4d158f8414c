"""HTTP signatures: who sent a request, that nothing in it changed, when it was made, and a nonce to burn.

One profile of RFC 9421: one Ed25519 signature over @method, @authority, @path, @query where
the url has one, and a Content-Digest of sha-256, with created, nonce and keyid. The library
builds and checks the signature base; what is refused beyond its rules is refused here. A
`VerifiedRequest` comes from `verify_request` alone.

Not here: nonces seen before (the caller burns one before it answers), who may do what,
the clock, the random bytes of a nonce.
Source: RFC 9421, RFC 9530; http-message-signatures.
"""

import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

import http_sf
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    ContentDigest,
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)

from cairn_protocol.errors import (
    BadMessage,
    BadSignature,
    ClockOutsideWindow,
    UncoveredComponent,
    Unsigned,
    WrongDigest,
)

NONCE_BYTES: Final = 16
MAX_NONCE_BYTES: Final = 64
MAX_FIELD_CHARACTERS: Final = 2_048
MAX_TIME: Final = 253_402_300_799  # the last second of the year 9999, which datetime still holds

_LABEL: Final = "cairn"
_KEY_ID: Final = re.compile(r"[!-~]{1,255}")
_SIGNED_FIELDS: Final = ("content-digest", "signature-input", "signature")
_REQUIRED_PARAMETERS: Final = frozenset({"created", "nonce", "keyid"})


class Headers(Protocol):
    """Header fields as every framework has them; a field sent twice is two items, or one joined by commas."""

    def items(self) -> Iterable[tuple[str, str]]: ...


@dataclass(frozen=True, slots=True)
class VerifiedRequest:
    """Whose key signed the request.

    nonce    base64 of 16 to 64 bytes, as it was sent: unique to a key, if the caller sees to it
    created  seconds since 1970, by the signer's clock, within the window
    """

    key_id: str
    nonce: str
    created: int


@dataclass(slots=True)
class _Request:
    """A request as the library reads it."""

    method: str
    url: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Input:
    """What Signature-Input claims, before the signature is checked."""

    key_id: str
    nonce: str
    created: int


def sign_request(
    method: str,
    url: str,
    body: bytes,
    key_id: str,
    private_key: Ed25519PrivateKey,
    created: int,
    nonce: str,
) -> dict[str, str]:
    """The headers to add: Content-Digest, Signature-Input, Signature.

    method   in capitals
    url      absolute and encoded, as it goes on the wire: the server sees its host as the Host header
    body     as sent; empty for a request without one, and then signed as empty
    created  seconds since 1970
    nonce    base64 of 16 to 64 random bytes, never used again with this key

    Raises BadMessage if any of these can't be signed.
    """
    _require_key_id(key_id)
    _require_nonce(nonce)
    _require_created(created)
    request = _Request(method, url, {})
    key = _OneKey(private_key=private_key)
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=key)
    try:
        signer.sign(
            request,
            key_id=key_id,
            created=datetime.fromtimestamp(created, UTC),
            nonce=nonce,
            label=_LABEL,
            include_alg=False,
            covered_component_ids=_components(url),
            body=body,
        )
    except HTTPMessageSignaturesException as refused:
        raise BadMessage(f"the request can't be signed: {refused}") from None
    return request.headers


def verify_request(
    method: str,
    url: str,
    headers: Headers,
    body: bytes,
    resolve: Callable[[str], Ed25519PublicKey],
    now: int,
    window_seconds: int,
) -> VerifiedRequest:
    """Raise unless the request is whole, fresh and signed by the key that `resolve` gives for its key id.

    method, url  as received: the url from scheme, Host header, raw path and query, not decoded
    resolve      key id: key, or raises UnknownSigner; called only for a well-formed, fresh request
    now          seconds since 1970; `created` may differ by `window_seconds` either way

    Raises, in this order:
      Unsigned            no signature
      BadMessage          two signatures, other parameters, or not in the profile's form
      UncoveredComponent  the signature leaves out a part of the request
      ClockOutsideWindow  made too long ago, or in the future
      UnknownSigner       by `resolve`
      BadSignature        another key, or the request was changed
      WrongDigest         the body was changed
    """
    fields = _signed_fields(headers)
    claimed = _parse_input(fields, _components(url))
    if abs(now - claimed.created) > window_seconds:
        raise ClockOutsideWindow(f"the signature is {now - claimed.created} seconds old by this clock")
    key = _OneKey(public_key=resolve(claimed.key_id))
    verifier = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=key)
    try:
        verifier.verify(_Request(method, url, fields), max_age=None)
    except HTTPMessageSignaturesException:
        raise BadSignature("the request's signature does not hold") from None
    if fields["content-digest"] != ContentDigest.create(body):
        raise WrongDigest("the body is not the one whose sha-256 was signed")
    return VerifiedRequest(claimed.key_id, claimed.nonce, claimed.created)


class _OneKey(HTTPSignatureKeyResolver):
    """The key was chosen before the library is asked: it must not swallow what choosing raised."""

    def __init__(
        self, *, public_key: Ed25519PublicKey | None = None, private_key: Ed25519PrivateKey | None = None
    ) -> None:
        self._public_key = public_key
        self._private_key = private_key

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        return self._public_key

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey | None:
        return self._private_key


class _Verifier(HTTPMessageVerifier):
    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Nothing: `verify_request` has compared `created` with the caller's clock, not this machine's."""


def _components(url: str) -> tuple[str, ...]:
    """The parts of a request that its signature covers, in the order we write them."""
    try:
        # A bare "?" does not reach a server's application, so it counts as no query.
        query = ("@query",) if urlsplit(url).query else ()
    except ValueError:
        raise BadMessage("the url is malformed") from None
    return ("@method", "@authority", "@path", *query, "content-digest")


def _signed_fields(headers: Headers) -> dict[str, str]:
    """The three fields of the profile. Each once: of two, another reader might believe the other."""
    fields: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.lower()
        if lower not in _SIGNED_FIELDS:
            continue
        if lower in fields:
            raise BadMessage(f"the field {lower} is there twice")
        if len(value) > MAX_FIELD_CHARACTERS or not value.isascii():
            raise BadMessage(f"the field {lower} is too long or not ASCII")
        fields[lower] = value
    if "signature" not in fields or "signature-input" not in fields:
        raise Unsigned("the request is not signed")
    return fields


def _parse_input(fields: Mapping[str, str], components: tuple[str, ...]) -> _Input:
    """What the one signature claims, its form checked against the profile."""
    inputs, signatures = (_parse_dictionary(fields[name]) for name in ("signature-input", "signature"))
    if len(inputs) != 1 or inputs.keys() != signatures.keys():
        raise BadMessage("a request has one signature, under one label")
    ((label, (signature, _)),) = signatures.items()
    # The field itself is under no signature, so only one way of writing it is read.
    if (
        not isinstance(signature, bytes)
        or fields["signature"] != f"{label}=:{b64encode(signature).decode()}:"
    ):
        raise BadMessage("a signature is a label and canonical base64, without parameters")
    ((covered, parameters),) = inputs.values()
    if not isinstance(covered, list):
        raise BadMessage("a signature input is a list of components")
    names = [name for name, item_parameters in covered if isinstance(name, str) and not item_parameters]
    if len(set(names)) != len(covered):
        raise BadMessage("a signature covers each component once and plainly")
    missing = [component for component in components if component not in names]
    if missing:
        raise UncoveredComponent(f"the signature must cover {', '.join(missing)}")
    if "content-digest" not in fields:
        raise BadMessage("the request has no Content-Digest")
    if len(names) != len(components):
        raise BadMessage("the signature covers more than the profile says")
    if parameters.keys() - {"alg"} != _REQUIRED_PARAMETERS or parameters.get("alg", "ed25519") != "ed25519":
        raise BadMessage("a signature has created, nonce and keyid, and nothing else")
    key_id, nonce, created = parameters["keyid"], parameters["nonce"], parameters["created"]
    _require_key_id(key_id)
    _require_nonce(nonce)
    _require_created(created)
    return _Input(key_id, nonce, created)


def _parse_dictionary(value: str) -> dict[str, Any]:
    def refuse(key: str, context: str) -> None:
        raise BadMessage("a signature field names something twice")

    try:
        parsed = http_sf.parse(value.encode(), tltype="dictionary", on_duplicate_key=refuse)
    except http_sf.StructuredFieldError:
        raise BadMessage("a signature field is not a structured dictionary") from None
    return cast("dict[str, Any]", parsed)


def _require_key_id(key_id: object) -> None:
    if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id):
        raise BadMessage("a key id is a string of 1 to 255 visible ASCII characters")


def _require_nonce(nonce: object) -> None:
    try:
        value = a2b_base64(nonce, strict_mode=True) if isinstance(nonce, str) else b""
    except (Base64Error, ValueError):
        value = b""
    if not NONCE_BYTES <= len(value) <= MAX_NONCE_BYTES or b64encode(value).decode() != nonce:
        raise BadMessage("a nonce is the base64 of 16 to 64 bytes")


def _require_created(created: object) -> None:
    if type(created) is not int or not 0 <= created <= MAX_TIME:
        raise BadMessage("the time of a signature is in whole seconds since 1970")
