"""Errors of the protocol: what broke, who broke it, and never a value from an inquiry.

Each class has a `slug`, the last part of the problem type on the wire
(`messages.problems` lists them with the sentence a person reads). The edge alone
turns a slug into an HTTP status.
"""

from typing import ClassVar

# A party is named as the roster or the genesis names it: "trustee:t1", "member:m04", "hub".
PartyId = str


class CairnError(Exception):
    """Root of everything this project raises on purpose."""


class ProtocolError(CairnError):
    """A message broke the protocol. `culprit` sent it, where that can be known."""

    slug: ClassVar[str] = "protocol-error"

    def __init__(self, detail: str, *, culprit: PartyId | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.culprit = culprit

    def __str__(self) -> str:
        return f"{self.detail} (sent by {self.culprit})" if self.culprit else self.detail


class BadElement(ProtocolError):
    """Not the canonical encoding of a group element, or the identity."""

    slug = "bad-element"


class BadScalar(ProtocolError):
    """Not the canonical encoding of a scalar below the group order."""

    slug = "bad-scalar"


class BadProof(ProtocolError):
    """A discrete-log-equality proof does not hold: the evaluation used another key."""

    slug = "bad-proof"


class BadShare(ProtocolError):
    """A share is not on its committed line. Retrying won't help."""

    slug = "bad-share"


class BadDealing(ProtocolError):
    """A dealer's commitment, share or proof of knowledge in a key generation is false."""

    slug = "bad-dealing"


class TooFewShares(ProtocolError):
    """Fewer than t distinct parties answered."""

    slug = "too-few-shares"


class BadTag(ProtocolError):
    """A tag does not follow from its kind, commitments, claim key and card key."""

    slug = "bad-tag"


class BadClaim(ProtocolError):
    """A claim is not a signature by the claim key of its tag over this header."""

    slug = "bad-claim"


class BadSignature(ProtocolError):
    """A party's signature does not hold."""

    slug = "bad-signature"


class BadMessage(ProtocolError):
    """Bytes that are not a message of this version in its one canonical form."""

    slug = "bad-message"


class BadInclusion(ProtocolError):
    """A leaf is not where the log says it is."""

    slug = "bad-inclusion"


class BadConsistency(ProtocolError):
    """Two checkpoints are not two states of one append-only log."""

    slug = "bad-consistency"


class TooFewCosignatures(ProtocolError):
    """A checkpoint carries fewer trustee cosignatures than the genesis asks for."""

    slug = "too-few-cosignatures"


class Unsigned(ProtocolError):
    """A request that must be signed carries no signature."""

    slug = "unsigned"


class UncoveredComponent(ProtocolError):
    """A signature leaves out a part of the request that it must cover."""

    slug = "uncovered-component"


class ClockOutsideWindow(ProtocolError):
    """A request was signed too long ago or in the future. Setting the clock helps."""

    slug = "clock-outside-window"


class WrongDigest(ProtocolError):
    """A body is not the one whose digest was signed."""

    slug = "wrong-digest"


class RevokedSigner(ProtocolError):
    """The key was revoked: what it signs counts nothing."""

    slug = "revoked-signer"


class BadRoster(ProtocolError):
    """An act can't stand on the roster: too few approvals, or it contradicts an earlier one."""

    slug = "bad-roster"


class WrongEpoch(ProtocolError):
    """Made for another epoch's keys."""

    slug = "wrong-epoch"


class UnknownSigner(ProtocolError):
    """Nobody in force of that name: not on the roster, or not yet."""

    slug = "unknown-signer"


class BadPaillierKey(ProtocolError):
    """Not a public key that returns may be encrypted under."""

    slug = "bad-paillier-key"


class BadCiphertext(ProtocolError):
    """Not the one encoding of a unit modulo n squared, or not as many as the layout has."""

    slug = "bad-ciphertext"


class BadPlaintextProof(ProtocolError):
    """Whoever sent these ciphertexts did not show that it knows what is in them, here and for this period."""

    slug = "bad-plaintext-proof"


class BadPartial(ProtocolError):
    """A partial decryption was not made with the trustee's share."""

    slug = "bad-partial-decryption"


class CounterOutOfRange(ProtocolError):
    """A counter is negative, above its cap, or more than its slot holds."""

    slug = "counter-out-of-range"


class WrongTerms(ProtocolError):
    """Made for another period, layout, key or cap than the terms in force."""

    slug = "wrong-return-terms"


class TooFewGroups(ProtocolError):
    """Fewer groups than the rule asks for. `groups` is how many there are."""

    slug = "too-few-groups"

    def __init__(self, detail: str, *, groups: int, culprit: PartyId | None = None) -> None:
        super().__init__(detail, culprit=culprit)
        self.groups = groups


class BadClose(ProtocolError):
    """A close statement does not follow from the period's returns and noise, or too few trustees signed it."""

    slug = "bad-close-statement"


class PeriodClosed(ProtocolError):
    """The period has its one close statement, and this is another."""

    slug = "period-closed"


class BadSumResult(ProtocolError):
    """A published result is not what the period's signed sum opens to."""

    slug = "bad-sum-result"


class VoidSum(ProtocolError):
    """A sum lies where honest returns can't bring it: it is published as void, and nothing of it."""

    slug = "void-sum"


class BadCapsule(ProtocolError):
    """A capsule of the assent lock was made for another report, or was tampered with."""

    slug = "bad-capsule"


class BadSealedPart(ProtocolError):
    """A sealed part is not in its form, not the one its header names, or does not open with its keys."""

    slug = "bad-sealed-part"


class BadOpening(ProtocolError):
    """An opening was not asked for by two analysts as it must be, or an answer belongs to another one."""

    slug = "bad-opening"


class TooLittleEvidence(ProtocolError):
    """The evidence for an opening does not bear it out. The text says, by code, what is missing."""

    slug = "too-little-evidence"
