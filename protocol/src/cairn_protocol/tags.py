"""From an OPRF output to all that a match key is at the hub: card key, claim key, line, tag.

`derive` is the firm's: it needs y, the OPRF output. `tag_of` is everyone's: it computes the
tag from the public values in a header, so a right tag can't carry a wrong line, claim key or
card key, whoever files first. A claim is a signature that only who evaluated the value
can make, bound to one header.

Source: design.md 4.2, 4.3; Ed25519 (RFC 8032); HKDF (RFC 5869).
"""

from dataclasses import dataclass, field
from typing import NewType

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cairn_protocol import kdf
from cairn_protocol.errors import BadClaim, BadTag, PartyId
from cairn_protocol.group import Element, reduce_wide
from cairn_protocol.kdf import Use
from cairn_protocol.kinds import Kind, is_lockable
from cairn_protocol.match_lock import Line
from cairn_protocol.voprf import Output

Tag = NewType("Tag", bytes)
CardKey = NewType("CardKey", bytes)
HeaderDigest = NewType("HeaderDigest", bytes)

TAG_PREFIX_BYTES = 8
_CLAIM = b"cairn/v1/claim\0"


@dataclass(frozen=True, slots=True)
class Lock:
    """What a lockable kind has beside its card key."""

    line: Line
    claim_seed: bytes = field(repr=False)
    commitments: tuple[Element, Element]
    claim_key: bytes  # V, the Ed25519 public key, 32 bytes

    def claim(self, header: HeaderDigest) -> bytes:
        """A claim (64 bytes) for the header with this digest."""
        return Ed25519PrivateKey.from_private_bytes(self.claim_seed).sign(_CLAIM + header)


@dataclass(frozen=True, slots=True)
class MatchSecret:
    """A match key after the OPRF. Whoever holds it can open the subject's card."""

    kind: Kind
    card_key: CardKey = field(repr=False)  # K, 32 bytes
    lock: Lock | None
    tag: Tag


def derive(y: Output, kind: Kind, epoch: int) -> MatchSecret:
    """All that follows from the OPRF output y (64 bytes) of a value of `kind`.

    Cost: for a lockable kind two base multiplications and an Ed25519 public key.
    """
    context = (epoch.to_bytes(4, "big"), kind.value.encode())
    card_key = CardKey(kdf.derive(y, Use.CARD_KEY, *context))
    lock = _lock(y, context) if is_lockable(kind) else None
    tag = tag_of(
        kind,
        epoch,
        key_digest(card_key),
        lock.commitments if lock else None,
        lock.claim_key if lock else None,
    )
    return MatchSecret(kind, card_key, lock, tag)


def _lock(y: Output, context: tuple[bytes, bytes]) -> Lock:
    # The number of groups that open the line is in the label: shares of lines and of other
    # polynomials with one a_0 must never coexist.
    wide = kdf.derive(y, Use.LINE, *context, b"\x02", length=128)
    line = Line(reduce_wide(wide[:64]), reduce_wide(wide[64:]))
    seed = kdf.derive(y, Use.CLAIM_KEY, *context)
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return Lock(line, seed, line.commitments(), public)


def key_digest(card_key: CardKey) -> bytes:
    """H(K), 32 bytes: what a header says of the card key."""
    return kdf.digest(Use.KEY_DIGEST, card_key)


def tag_of(
    kind: Kind,
    epoch: int,
    card_key_digest: bytes,
    commitments: tuple[bytes, bytes] | None,
    claim_key: bytes | None,
) -> Tag:
    """The tag of what a header says of a match key: 32 bytes.

    Raises BadTag unless commitments and claim key are there exactly for a lockable kind.
    """
    if (commitments is not None) != is_lockable(kind) or (claim_key is not None) != is_lockable(kind):
        raise BadTag("a line and a claim key belong to lockable kinds, and only to those")
    bracket = (*commitments, claim_key) if commitments is not None and claim_key is not None else ()
    return Tag(kdf.digest(Use.TAG, epoch.to_bytes(4, "big"), kind.value.encode(), *bracket, card_key_digest))


def check_claim(
    claim: bytes, claim_key: bytes, header: HeaderDigest, *, culprit: PartyId | None = None
) -> None:
    """Raise BadClaim unless `claim` is by the holder of `claim_key` (V) over this header."""
    try:
        Ed25519PublicKey.from_public_bytes(claim_key).verify(claim, _CLAIM + header)
    except (InvalidSignature, ValueError) as cause:
        raise BadClaim("a claim is not by whoever knows the value", culprit=culprit) from cause
