"""Distributed key generation: n trustees make a joint key that no machine ever holds.

Every trustee deals a random secret to all; the joint key is the sum. Rounds:
1 commit (a digest), 2 reveal (commitments and a proof of knowledge) and deal (a share to
each, over a private channel), 3 combine. Committing first keeps the last to speak from
choosing the key; the proof of knowledge keeps a dealer from cancelling another's part.

What is false names its dealer: BadDealing or BadShare with `culprit`. The ceremony then
ends without a key and is run again without that dealer: nothing is repaired.
Secret types hide their scalars in reprs. Not here: the channel (trustee's), other keys.
Source: Feldman (FOCS 1987); Gennaro, Jarecki, Krawczyk, Rabin (J. Cryptology 2007);
Komlo, Goldberg (FROST, SAC 2020) for the proof of knowledge.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cairn_protocol import kdf, sharing
from cairn_protocol.errors import BadDealing, BadScalar, PartyId, TooFewShares
from cairn_protocol.group import (
    ORDER,
    Element,
    Scalar,
    add,
    decode_element,
    decode_scalar,
    encode_scalar,
    hash_to_scalar,
    multiply,
    multiply_base,
    random_scalar,
)
from cairn_protocol.kdf import Use
from cairn_protocol.sharing import Index, KeyShare


@dataclass(frozen=True, slots=True)
class Ceremony:
    """Which key is made by whom: `identity` (32 bytes) binds every message to this one run."""

    identity: bytes
    key: str  # "names", "values", "assent"
    n: int
    t: int

    def __post_init__(self) -> None:
        if not (1 <= self.t <= self.n <= 255 and 2 * self.t > self.n):
            raise TooFewShares(f"{self.t} of {self.n} is no quorum: more than half must be needed")


@dataclass(frozen=True, slots=True)
class Reveal:
    """Round 2, public: commitments to a dealer's t coefficients, and a proof (64 bytes) that it knows the secret."""

    dealer: Index
    commitments: tuple[Element, ...]
    proof: bytes


@dataclass(frozen=True, slots=True)
class Dealing:
    """A dealer's secret state between rounds."""

    ceremony: Ceremony
    dealer: Index
    coefficients: tuple[Scalar, ...] = field(repr=False)
    reveal: Reveal

    def commitment(self) -> bytes:
        """Round 1: the digest (32 bytes) of what round 2 will reveal."""
        return digest_of(self.ceremony, self.reveal)

    def share_for(self, holder: Index) -> Scalar:
        """Round 2, secret: the share for one holder, to be sent to nobody else."""
        return sharing.value_at(self.coefficients, holder)


@dataclass(frozen=True, slots=True)
class JointKey:
    """Round 3, public: the key, and every holder's share of it, as elements."""

    element: Element
    shares: Mapping[Index, Element]


def deal(ceremony: Ceremony, dealer: Index) -> Dealing:
    """Draw a dealer's polynomial and prepare all it will say."""
    coefficients = tuple(random_scalar() for _ in range(ceremony.t))
    commitments = tuple(sharing.commit(coefficients))
    r = random_scalar()
    nonce = multiply_base(r)
    c = _challenge(ceremony, dealer, commitments[0], nonce)
    proof = encode_scalar(c) + encode_scalar(r + c * coefficients[0])
    return Dealing(ceremony, dealer, coefficients, Reveal(dealer, commitments, proof))


def digest_of(ceremony: Ceremony, reveal: Reveal) -> bytes:
    """The round-1 digest (32 bytes) that commits a dealer to `reveal`."""
    return kdf.digest(
        Use.DEALING,
        ceremony.identity,
        ceremony.key.encode(),
        bytes([ceremony.n, ceremony.t, reveal.dealer]),
        *reveal.commitments,
        reveal.proof,
    )


def check_reveal(ceremony: Ceremony, reveal: Reveal, committed: bytes, *, culprit: PartyId) -> None:
    """Raise BadDealing unless `reveal` is what was committed to and its proof of knowledge holds.

    Raises BadElement and BadScalar for bad encodings. Cost: t decodings, three multiplications.
    """
    if len(reveal.commitments) != ceremony.t or len(reveal.proof) != 64:
        raise BadDealing("a polynomial of another degree", culprit=culprit)
    if not hmac.compare_digest(digest_of(ceremony, reveal), committed):
        raise BadDealing("what was revealed is not what was committed to", culprit=culprit)
    for commitment in reveal.commitments:
        decode_element(commitment, culprit=culprit)
    c = decode_scalar(reveal.proof[:32], culprit=culprit)
    s = decode_scalar(reveal.proof[32:], culprit=culprit)
    if not c or not s:
        raise BadDealing("an empty proof of knowledge", culprit=culprit)
    nonce = add(multiply_base(s), multiply(-c, reveal.commitments[0]))
    if _challenge(ceremony, reveal.dealer, reveal.commitments[0], nonce) != c:
        raise BadDealing("the dealer does not know its own secret", culprit=culprit)


def check_dealt(reveal: Reveal, holder: Index, share: Scalar, *, culprit: PartyId) -> None:
    """Raise BadShare unless the dealt share fits the dealer's commitments."""
    sharing.check(share, holder, reveal.commitments, culprit=culprit)


def combine(
    ceremony: Ceremony, holder: Index, reveals: Sequence[Reveal], dealt: Mapping[Index, Scalar]
) -> tuple[KeyShare, JointKey]:
    """This holder's share of the joint key, and the key, from all n dealers' checked messages.

    dealt  the share from each dealer, by the dealer's index

    Raises TooFewShares unless every dealer is there once; BadScalar if the parts cancel out.
    """
    if [reveal.dealer for reveal in reveals] != list(range(1, ceremony.n + 1)) or set(dealt) != set(
        range(1, ceremony.n + 1)
    ):
        raise TooFewShares("a key needs every dealer's part")
    scalar = Scalar(sum(dealt.values()) % ORDER)
    if not scalar:
        raise BadScalar("the dealers' shares cancel out: run the ceremony again")
    joint = joint_key(ceremony, reveals)
    if multiply_base(scalar) != joint.shares[holder]:
        raise BadDealing("the combined share does not fit the joint key")
    return KeyShare(holder, scalar), joint


def joint_key(ceremony: Ceremony, reveals: Sequence[Reveal]) -> JointKey:
    """The public part alone, as any onlooker computes it."""
    sums = list(reveals[0].commitments)
    for reveal in reveals[1:]:
        sums = [add(left, right) for left, right in zip(sums, reveal.commitments, strict=True)]
    holders = range(1, ceremony.n + 1)
    return JointKey(sums[0], {Index(at): sharing.committed_value_at(sums, at) for at in holders})


def _challenge(ceremony: Ceremony, dealer: Index, public: Element, nonce: Element) -> Scalar:
    transcript = kdf.prefixed(
        ceremony.identity, ceremony.key.encode(), bytes([ceremony.n, ceremony.t, dealer]), public, nonce
    )
    return hash_to_scalar(transcript, kdf.label(Use.DEALING_PROOF))
