"""How a message becomes bytes and back: canonical JSON, strict types, one form only.

`encode` writes UTF-8 JSON with sorted keys and no spaces; byte strings are base64 with
padding, there are no floats, and every field is present. `decode` accepts exactly what
`encode` would write: other spellings of the same content are refused, so a digest or a
signature has one meaning. For the values used here the form equals RFC 8785.

Every message names its type and version in its field `type`.
"""

import re
from typing import Annotated, ClassVar, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta

from cairn_protocol import kdf
from cairn_protocol.errors import BadMessage, BadSignature, PartyId
from cairn_protocol.kdf import Use

Bytes16 = Annotated[bytes, Meta(min_length=16, max_length=16)]
Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Bytes64 = Annotated[bytes, Meta(min_length=64, max_length=64)]
Epoch = Annotated[int, Meta(ge=1, le=2**31)]
Seconds = Annotated[int, Meta(ge=0, le=2**40)]  # since 1970, UTC
Count = Annotated[int, Meta(ge=0, le=2**40)]


def whole(pattern: str, *, max_length: int | None = None) -> Meta:
    """A text that `pattern` matches from end to end. Python's $ alone lets a line feed follow."""
    return Meta(pattern=rf"^({pattern})$(?!\n)", max_length=max_length)


# What a party is called: short, lower case, no personal name in it.
Name = Annotated[str, whole(r"[a-z0-9][a-z0-9-]{0,31}")]
IsoWeek = Annotated[str, whole(r"20[0-9]{2}-W(0[1-9]|[1-4][0-9]|5[0-3])")]
FamilyCode = Annotated[str, whole(r"FAM-[A-Z0-9]{2,8}|ALL")]

_SIGNED = b"cairn/v1/signed\0"


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type"):
    """A message on the wire. Its tag is "cairn/<name>/<version>"."""

    MAX_BYTES: ClassVar[int] = 64 * 1024


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A piece of a message, without a type of its own."""


# y-coordinates of the curve's eight points of small order, in all their encodings without the sign bit.
_SMALL_ORDER = frozenset(
    bytes.fromhex(y)
    for y in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)
_PATH = re.compile(r" - at `(\$[a-z0-9_.\[\]]*)`$")

_encoder = msgspec.json.Encoder(order="sorted")
_decoders: dict[type[msgspec.Struct], msgspec.json.Decoder[msgspec.Struct]] = {}
_M = TypeVar("_M", bound=msgspec.Struct)


def encode(message: msgspec.Struct) -> bytes:
    """The one canonical form of a message or part."""
    return _encoder.encode(message)


def decode(raw: bytes, cls: type[_M], *, culprit: PartyId | None = None) -> _M:
    """The message that `raw` is the canonical form of.

    Raises BadMessage for anything `encode` would not write, or more bytes than its type allows.
    The text names the field, never its value, and no error that quotes one hangs behind it.
    """
    limit: int = getattr(cls, "MAX_BYTES", Message.MAX_BYTES)
    if len(raw) > limit:
        raise BadMessage(f"more than {limit} bytes", culprit=culprit)
    decoder = _decoders.get(cls)
    if decoder is None:
        decoder = _decoders[cls] = msgspec.json.Decoder(cls)
    wrong = None
    try:
        message = decoder.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as cause:
        wrong = _place(cause)
    if wrong is not None:
        raise BadMessage(f"not a {cls.__name__}: {wrong}", culprit=culprit)
    if _encoder.encode(message) != raw:
        raise BadMessage(f"a {cls.__name__} in another than its canonical form", culprit=culprit)
    return message  # type: ignore[return-value]


def _place(error: Exception) -> str:
    """Which field is wrong. msgspec quotes unknown fields and enum values: only a path of ours is kept."""
    text = str(error)
    path = _PATH.search(text)
    if path is None or text.startswith("Object contains unknown field"):
        return "its bytes are no JSON of that shape"
    return f"see {path[1]}"


def digest_of(message: msgspec.Struct) -> bytes:
    """32 bytes that stand for a message."""
    return kdf.digest(Use.MESSAGE, encode(message))


class Signed(Message, frozen=True, tag="cairn/signed/1"):
    """A message's canonical bytes with one party's Ed25519 signature over them."""

    MAX_BYTES: ClassVar[int] = 2 * 1024 * 1024
    body: Annotated[bytes, Meta(max_length=1024 * 1024)]
    signature: Bytes64


def sign(message: Message, key: Ed25519PrivateKey) -> Signed:
    """The message with a signature by `key`."""
    body = encode(message)
    return Signed(body=body, signature=key.sign(_SIGNED + body))


def open_signed(signed: Signed, cls: type[_M], key: bytes, *, culprit: PartyId | None = None) -> _M:
    """The message inside, once its signature by `key` (32 bytes) holds.

    Raises BadSignature; BadMessage for another type of message.
    """
    check_signature(key, _SIGNED + signed.body, signed.signature, culprit=culprit)
    return decode(signed.body, cls, culprit=culprit)


def check_signature(key: bytes, data: bytes, signature: bytes, *, culprit: PartyId | None = None) -> None:
    """Raise BadSignature, naming `culprit`, unless `signature` over `data` is by `key` (Ed25519, 32 bytes).

    A key of small order is refused: one signature would hold for every text, and anybody could make it.
    """
    if len(key) == 32 and key[:31] + bytes([key[31] & 0x7F]) in _SMALL_ORDER:
        raise BadSignature("a key that anybody can sign for", culprit=culprit)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, data)
    except (InvalidSignature, ValueError) as cause:
        raise BadSignature("the signature does not hold", culprit=culprit) from cause
