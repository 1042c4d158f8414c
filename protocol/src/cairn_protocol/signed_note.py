"""Signed note: a text and the lines of those who signed it, in one canonical form.

`parse_note` takes only bytes that `SignedNote.written` would give. A signature names its key
by name and key id; who is known, and what a signature is over, is for the caller.

Not here: what the text says (`checkpoint`).
Source: C2SP signed-note, signature type 0x01 (Ed25519).
"""

import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cairn_protocol.errors import BadMessage, BadSignature, PartyId

# The standard asks for room for 16 signatures of up to 5 kB, in base64.
MAX_NOTE_BYTES: Final = 131_072
MAX_SIGNATURES: Final = 32
MAX_NAME_BYTES: Final = 255

KEY_ID_BYTES: Final = 4

_SIGNATURE_LINE: Final = re.compile(r"— (?P<name>[^ \n]+) (?P<signature>[A-Za-z0-9+/]+={0,2})\n")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


class SignatureType(IntEnum):
    """The byte in a key id that keeps one key's signatures of different meaning apart."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line. `value` is opaque to whoever does not know the key."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        return f"— {self.name} {b64encode(self.key_id + self.value).decode()}\n"


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A note whose form was checked, and whose signatures were not."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @property
    def written(self) -> str:
        return self.text + "\n" + "".join(signature.line for signature in self.signatures)

    def signature_of(self, name: str, key_id: bytes) -> NoteSignature | None:
        """The line of that key, or None. Raises BadMessage if the key signed twice."""
        found = [one for one in self.signatures if (one.name, one.key_id) == (name, key_id)]
        if len(found) > 1:
            raise BadMessage(f"{name} signed the note twice")
        return found[0] if found else None


def key_id(name: str, kind: SignatureType, public_key: Ed25519PublicKey) -> bytes:
    """4 bytes that name a key together with its name. Not a secure hash: a clash only fails to verify."""
    named_key = name.encode() + b"\n" + bytes([kind]) + public_key.public_bytes_raw()
    return sha256(named_key).digest()[:KEY_ID_BYTES]


def sign_text(text: str, name: str, private_key: Ed25519PrivateKey) -> NoteSignature:
    """An Ed25519 signature over `text`, which ends in a newline. Raises BadMessage on a bad name."""
    require_name(name)
    identity = key_id(name, SignatureType.ED25519, private_key.public_key())
    return NoteSignature(name, identity, private_key.sign(text.encode()))


def verify_text(
    note: SignedNote, name: str, public_key: Ed25519PublicKey, *, culprit: PartyId | None = None
) -> None:
    """Raise BadSignature unless the key of that name signed the text of `note`."""
    signature = note.signature_of(name, key_id(name, SignatureType.ED25519, public_key))
    if signature is None:
        raise BadSignature(f"the note is not signed by {name}", culprit=culprit)
    verify_bytes(public_key, signature.value, note.text.encode(), name, culprit=culprit)


def verify_bytes(
    public_key: Ed25519PublicKey, signature: bytes, message: bytes, name: str, *, culprit: PartyId | None
) -> None:
    """Raise BadSignature, naming whose signature it claims to be, unless it holds."""
    try:
        public_key.verify(signature, message)
    except InvalidSignature:
        raise BadSignature(f"the signature of {name} does not hold", culprit=culprit) from None


def parse_note(note: str, *, culprit: PartyId | None = None) -> SignedNote:
    """The note's text and signatures. Raises BadMessage on anything not in the one canonical form.

    Lines of keys nobody here knows are kept as they are: what to do with them is the caller's.
    """

    def refuse(why: str) -> BadMessage:
        return BadMessage(why, culprit=culprit)

    try:
        size = len(note.encode())
    except UnicodeEncodeError:
        raise refuse("a note is UTF-8") from None
    if size > MAX_NOTE_BYTES:
        raise refuse(f"a note has at most {MAX_NOTE_BYTES} bytes")
    if _CONTROL.search(note):
        raise refuse("a note has no control characters")
    text, blank_line, block = note.rpartition("\n\n")
    if not blank_line or not text or not block.endswith("\n"):
        raise refuse("a note is text, a blank line and signature lines")
    lines = [line + "\n" for line in block.split("\n")[:-1]]
    if len(lines) > MAX_SIGNATURES:
        raise refuse(f"a note has at most {MAX_SIGNATURES} signatures")
    try:
        return SignedNote(text + "\n", parse_signatures(lines))
    except BadMessage as malformed:
        raise refuse(malformed.detail) from None


def parse_signatures(lines: Iterable[str]) -> tuple[NoteSignature, ...]:
    """Each line, with its newline, as a signature. Raises BadMessage."""
    return tuple(_parse_signature(line) for line in lines)


def require_name(name: str) -> None:
    """Raise BadMessage unless `name` can name a key: not empty, no space, no plus."""
    if not name or "+" in name or len(name.encode()) > MAX_NAME_BYTES or any(map(str.isspace, name)):
        raise BadMessage("a key name is 1 to 255 bytes without spaces and plus signs")


def _parse_signature(line: str) -> NoteSignature:
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise BadMessage("a signature line is a dash, a name and base64")
    require_name(match["name"])
    try:
        value = a2b_base64(match["signature"], strict_mode=True)
    except Base64Error:
        raise BadMessage("a signature is not base64") from None
    # Python lets the unused bits of the last character be anything; then two texts mean one.
    if b64encode(value).decode() != match["signature"] or len(value) <= KEY_ID_BYTES:
        raise BadMessage("a signature is not a key id and a value in canonical base64")
    return NoteSignature(match["name"], value[:KEY_ID_BYTES], value[KEY_ID_BYTES:])
