"""Checkpoint: the hub's signed word on the log's size and root, and the trustees' that it only grew.

`open_note` gives a checkpoint only if the hub signed it and enough trustees cosigned it;
a `Verified` comes from nowhere else. The type of signature is part of the key id, so a cosignature
never passes for the hub's signature, nor the other way round.

What a cosignature says is true only of a trustee that checked consistency with the
last checkpoint it cosigned (`merkle.verify_consistency`) before it called `cosign`.

Not here: consistency and inclusion (`merkle`), clocks: a caller compares the cosigners' times with its own.
Source: C2SP tlog-checkpoint, tlog-cosignature (Ed25519, type 0x04), signed-note.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cairn_protocol.errors import BadMessage, BadSignature, PartyId, TooFewCosignatures
from cairn_protocol.merkle import HASH_BYTES, MAX_SIZE
from cairn_protocol.signed_note import (
    NoteSignature,
    SignatureType,
    SignedNote,
    key_id,
    parse_note,
    parse_signatures,
    require_name,
    sign_text,
    verify_bytes,
    verify_text,
)

MAX_TIME: Final = 2**63 - 1

_TIME_BYTES: Final = 8
# Extension lines are allowed by the standard and not by us: no monitor could check them.
_TEXT: Final = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of one log.

    origin  names the log, as a key name does: no space, no plus
    size    leaves
    root    32 bytes
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        require_name(self.origin)
        if not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_BYTES:
            raise BadMessage("a checkpoint has a size and a root of 32 bytes")

    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The checkpoint that has this `text`. Raises BadMessage."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise BadMessage("a checkpoint is an origin, a size and a root on three lines")
        checkpoint = cls(match["origin"], int(match["size"]), b64decode(match["root"]))
        if checkpoint.text() != text:
            raise BadMessage("a checkpoint's root is not canonical base64")
        return checkpoint


@dataclass(frozen=True, slots=True)
class Verified:
    """A checkpoint that the hub signed, and the trustees that cosigned it.

    cosigners  trustee's name: seconds since 1970 when it cosigned, by its own clock
    """

    checkpoint: Checkpoint
    cosigners: Mapping[str, int]


def sign_checkpoint(checkpoint: Checkpoint, private_key: Ed25519PrivateKey) -> str:
    """The note with the hub's signature alone. The hub's key has the origin as its name."""
    text = checkpoint.text()
    return SignedNote(text, (sign_text(text, checkpoint.origin, private_key),)).written


def cosign(checkpoint: Checkpoint, name: str, private_key: Ed25519PrivateKey, at: int) -> str:
    """A trustee's signature line, newline included, for a checkpoint it opened and checked.

    at  seconds since 1970
    """
    require_name(name)
    if not 0 <= at <= MAX_TIME:
        raise BadMessage("a cosignature's time is in seconds since 1970")
    identity = key_id(name, SignatureType.COSIGNATURE, private_key.public_key())
    value = at.to_bytes(_TIME_BYTES, "big") + private_key.sign(_cosigned(checkpoint.text(), at))
    return NoteSignature(name, identity, value).line


def verify_cosignature(
    checkpoint: Checkpoint,
    line: str,
    name: str,
    public_key: Ed25519PublicKey,
    *,
    culprit: PartyId | None = None,
) -> int:
    """The time of a trustee's cosignature, as the hub checks it on arrival.

    Raises BadMessage if `line` is no signature line, BadSignature if it is not this trustee's over
    this checkpoint. The culprit is `name` unless told otherwise: who answered is who signed.
    """
    culprit = culprit or name
    try:
        (signature,) = parse_signatures([line])
    except BadMessage as malformed:
        raise BadMessage(malformed.detail, culprit=culprit) from None
    if (signature.name, signature.key_id) != (name, key_id(name, SignatureType.COSIGNATURE, public_key)):
        raise BadSignature(f"the cosignature is not by {name}", culprit=culprit)
    return _verified_time(checkpoint.text(), signature, public_key, culprit)


def with_cosignatures(note: str, lines: Iterable[str]) -> str:
    """`note` with more signature lines. Raises BadMessage if the result is no note, or has a line twice."""
    signed = parse_note(note)
    added = parse_signatures(lines)
    together = parse_note(SignedNote(signed.text, signed.signatures + added).written)
    for signature in together.signatures:
        together.signature_of(signature.name, signature.key_id)
    return together.written


def open_note(
    note: str,
    origin: str,
    hub_key: Ed25519PublicKey,
    trustees: Mapping[str, Ed25519PublicKey],
    threshold: int,
    *,
    sender: PartyId | None = None,
) -> Verified:
    """The checkpoint of a note that the hub signed and at least `threshold` of `trustees` cosigned.

    origin     of the log that was pinned, and the name of the hub's key
    trustees   name: key, from the genesis; a cosignature does not say its name, so no two may share a key
    threshold  0 for a trustee about to be among the first to cosign
    sender     who gave the note, the hub unless said: a false line is its doing, whomever the line names

    Lines of unknown keys are ignored. One false line of a known key condemns the note.
    Raises BadMessage, BadSignature or TooFewCosignatures.
    """
    culprit = sender or origin
    signed = parse_note(note, culprit=culprit)
    try:
        checkpoint = Checkpoint.parse(signed.text)
        if checkpoint.origin != origin:
            raise BadMessage("the checkpoint is of another log")
        cosignatures = {
            name: signature
            for name, key in trustees.items()
            if (signature := signed.signature_of(name, key_id(name, SignatureType.COSIGNATURE, key)))
        }
        verify_text(signed, origin, hub_key, culprit=culprit)
    except BadMessage as malformed:
        raise BadMessage(malformed.detail, culprit=culprit) from None
    cosigners = {
        name: _verified_time(signed.text, signature, trustees[name], culprit)
        for name, signature in cosignatures.items()
    }
    if len(cosigners) < threshold:
        raise TooFewCosignatures(
            f"{len(cosigners)} trustees cosigned the checkpoint, {threshold} are needed", culprit=culprit
        )
    return Verified(checkpoint, cosigners)


def _verified_time(
    text: str, signature: NoteSignature, public_key: Ed25519PublicKey, culprit: PartyId
) -> int:
    at = int.from_bytes(signature.value[:_TIME_BYTES], "big")
    if at > MAX_TIME:
        raise BadSignature(f"the cosignature of {signature.name} has no time", culprit=culprit)
    message = _cosigned(text, at)
    verify_bytes(public_key, signature.value[_TIME_BYTES:], message, signature.name, culprit=culprit)
    return at


def _cosigned(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()
