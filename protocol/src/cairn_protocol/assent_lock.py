"""Assent lock: a secret that t trustees together give back, each part provable, each capsule bound to one report.

    capsule, secret = seal(joint, label, seed)                # at the firm
    part = release(share, public, capsule, label, opening)    # at each trustee that agrees
    secret = combine(capsule, label, opening, parts, ...)     # at the analyst

A capsule carries a proof that whoever made it knew its randomness and meant this label. So one that
was copied into another report, or changed, is refused before any trustee computes with its share:
trustees are no decryption oracle. A part holds for one opening and names the trustee if it is false.

`seal` draws nothing: the same seed, key and label give the same bytes.
Not here: on what evidence a trustee agrees (`evidence`), what the secret locks (`sealing`).
Source: TDH2 of Shoup and Gennaro (J. Cryptology 2002), as a key encapsulation, on ristretto255; the
parts' proofs by RFC 9497 2.2.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NewType
from uuid import UUID

from cairn_protocol import dleq, kdf
from cairn_protocol.errors import BadCapsule, PartyId, TooFewShares
from cairn_protocol.group import (
    ELEMENT_BYTES,
    SCALAR_BYTES,
    Element,
    Scalar,
    add,
    decode_scalar,
    encode_scalar,
    hash_to_group,
    hash_to_scalar,
    multiply,
    multiply_base,
    reduce_wide,
    weighted_sum,
)
from cairn_protocol.kdf import Use
from cairn_protocol.sharing import Index, KeyShare, lagrange_at_zero
from cairn_protocol.voprf import PublicShare

AssentSecret = NewType("AssentSecret", bytes)  # 32 bytes

CAPSULE_BYTES: Final = 2 * ELEMENT_BYTES + 2 * SCALAR_BYTES

# Nobody knows its logarithm. Without the second base a copied capsule could be blinded into a new one.
_SECOND_BASE: Final = hash_to_group(b"second base", kdf.label(Use.ASSENT_GENERATOR))


@dataclass(frozen=True, slots=True)
class Label:
    """Which report a capsule belongs to. A trustee takes it from the signed header, never from a request."""

    epoch: int
    report_id: UUID
    member: str

    def encoded(self) -> bytes:
        """The one form of the label in hashes and keys."""
        return kdf.prefixed(self.epoch.to_bytes(4, "big"), self.report_id.bytes, self.member.encode())


@dataclass(frozen=True, slots=True)
class Part:
    """One trustee's part of a secret: share * u, and the proof (64 bytes) that it is.

    Whoever has t of a capsule has its secret: parts travel sealed to the analysts, and don't show in a repr.
    """

    element: Element | bytes
    proof: bytes

    def __repr__(self) -> str:
        return "Part(...)"


def seal(joint: Element, label: Label, seed: bytes) -> tuple[bytes, AssentSecret]:
    """A capsule (128 bytes) for `label` under the assent key, and the secret it holds.

    seed  uniform, 32 bytes or more, secret; another one for other content, so that no two texts share a secret

    Cost: five multiplications, two of them of the base.
    Source: Shoup, Gennaro 2002, section 4: u, u' = rB, rB'; e = H(label, u, u', sB, sB'); f = s + re.
    """
    context = (joint, label.encoded())
    wide = kdf.derive(seed, Use.ASSENT_NONCE, *context, length=128)
    r, s = reduce_wide(wide[:64]), reduce_wide(wide[64:])
    u, u_second = multiply_base(r), multiply(r, _SECOND_BASE)
    e = _challenge(label, u, u_second, multiply_base(s), multiply(s, _SECOND_BASE))
    capsule = u + u_second + encode_scalar(e) + encode_scalar(s + r * e)
    return capsule, _secret(multiply(r, joint), capsule, label)


def check(capsule: bytes, label: Label, *, culprit: PartyId | None = None) -> Element:
    """The capsule's element u, once its proof holds for `label`.

    Raises BadCapsule for another label, another length or any change; BadElement and BadScalar for what is no
    canonical encoding. All name `culprit`. Cost: four multiplications, one of them of the base.
    """
    if len(capsule) != CAPSULE_BYTES:
        raise BadCapsule("a capsule of another length", culprit=culprit)
    u, u_second = Element(capsule[:32]), Element(capsule[32:64])
    e = decode_scalar(capsule[64:96], culprit=culprit)
    f = decode_scalar(capsule[96:], culprit=culprit)
    if not e or not f:  # an honest maker hits either with probability 2^-252
        raise BadCapsule("a capsule with a zero scalar", culprit=culprit)
    w = add(multiply_base(f), multiply(-e, u, culprit=culprit))
    w_second = add(multiply(f, _SECOND_BASE), multiply(-e, u_second, culprit=culprit))
    expected = _challenge(label, u, u_second, w, w_second)
    if not hmac.compare_digest(encode_scalar(expected), capsule[64:96]):
        raise BadCapsule("a capsule that was not made for this report", culprit=culprit)
    return u


def release(
    share: KeyShare,
    public: Element,
    capsule: bytes,
    label: Label,
    opening: bytes,
    *,
    culprit: PartyId | None = None,
) -> Part:
    """A trustee's part of the secret, for one opening, once the capsule is the label's own.

    public   share * B, as the genesis has it
    opening  digest (32 bytes) of the opening's leaf: the proof holds for no other
    culprit  who sent the capsule

    Raises as `check`; then nothing was computed with the share. Cost: four multiplications beyond it.
    """
    u = check(capsule, label, culprit=culprit)
    element = multiply(share.scalar, u)
    proof = dleq.prove(share.scalar, public, [u], [element], _context(opening))
    return Part(element, proof)


def combine(
    capsule: bytes,
    label: Label,
    opening: bytes,
    parts: Mapping[Index, Part],
    publics: Mapping[Index, PublicShare],
    t: int,
) -> AssentSecret:
    """The secret, from the parts of t trustees for this opening.

    parts    by the trustee's index; the first t that the genesis knows are used
    publics  the trustees' shares of the assent key, as elements, from the genesis

    Raises BadProof, BadElement or BadScalar with the trustee as culprit: leave it out and ask another.
    TooFewShares for fewer than t; BadCapsule as `check`.
    """
    u = check(capsule, label, culprit=f"member:{label.member}")
    used = [index for index in parts if index in publics][:t]
    if len(used) < t:
        raise TooFewShares(f"{len(used)} trustees agreed, {t} are needed")
    for index in used:
        part, public = parts[index], publics[index]
        dleq.verify(public.element, [u], [part.element], part.proof, _context(opening), culprit=public.holder)
    shared = weighted_sum(lagrange_at_zero(used), [parts[index].element for index in used])
    return _secret(shared, capsule, label)


def _challenge(label: Label, *elements: Element) -> Scalar:
    return hash_to_scalar(kdf.prefixed(label.encoded(), *elements), kdf.label(Use.ASSENT_CHALLENGE))


def _context(opening: bytes) -> bytes:
    return kdf.label(Use.ASSENT_PART) + b"\0" + opening


def _secret(shared: Element, capsule: bytes, label: Label) -> AssentSecret:
    return AssentSecret(kdf.derive(shared, Use.ASSENT_OUTPUT, label.encoded(), capsule))
