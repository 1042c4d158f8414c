"""What passes between firms, hub and trustees about a period's returns, and how the key comes to be.

    Dealing (dealer to trustees) -> ApprovedKey, a leaf
    Periods, PeriodShown (hub to everybody) -> Return -> ReturnReceipt (hub to firm)
    Duties (hub to trustee) -> NoiseDeposit; CloseCase, Contributions -> CloseApproval; Parts

The messages that are signed or opened themselves are in `returns`. Nothing here is believed
because the hub says it: terms, keys, closes and results count as leaves of the log.
"""

from enum import StrEnum
from typing import Annotated, ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from cairn_protocol.messages.parties import Approval, TrusteeKeys
from cairn_protocol.messages.returns import (
    MAX_GROUPS,
    CloseStatement,
    PaillierKey,
    PartialDecryptions,
    Period,
    ReturnTerms,
    SignedClose,
    SumResult,
)
from cairn_protocol.messages.wire import (
    Bytes32,
    Bytes64,
    Message,
    Name,
    Part,
    Signed,
    check_signature,
    encode,
)

MAX_PAGE = 100  # returns in one answer: some 20 kB each
_KEY = b"cairn/v1/paillier-key\0"


class Dealing(Message, frozen=True, tag="cairn/paillier-dealing/1"):
    """What a dealer's ceremony leaves, signed by the dealer: the key, and each trustee's share sealed to it.

    shares  in the genesis' order, HPKE ciphertexts (`trustee.returns.dealing`)
    """

    MAX_BYTES: ClassVar[int] = 1024 * 1024
    dealer: Name
    key: PaillierKey
    shares: Annotated[
        tuple[Annotated[bytes, Meta(min_length=1, max_length=2_048)], ...], Meta(min_length=1, max_length=255)
    ]


class ApprovedKey(Message, frozen=True, tag="cairn/approved-paillier-key/1"):
    """A key of returns as a leaf holds it: every trustee of the genesis signed that it holds a share of it."""

    MAX_BYTES: ClassVar[int] = 1024 * 1024
    key: PaillierKey
    approvals: Annotated[tuple[Approval, ...], Meta(max_length=255)]


def approve_key(key: PaillierKey, signing: Ed25519PrivateKey) -> bytes:
    """A trustee's signature (64 bytes): it holds the share that this key's verification value fixes."""
    return signing.sign(_KEY + encode(key))


def check_key_approval(key: PaillierKey, trustee: TrusteeKeys, signature: bytes) -> None:
    """Raise BadSignature, naming the trustee, unless it approved this key."""
    check_signature(trustee.signing_key, _KEY + encode(key), signature, culprit=f"trustee:{trustee.id}")


class PeriodState(StrEnum):
    """Where a period stands, as the hub tells it."""

    OPEN = "open"  # takes returns
    CLOSING = "closing"  # its statement is fixed, trustees sign it
    CLOSED = "closed"  # signed and in the log, trustees open the sum
    PUBLISHED = "published"
    VOID = "void"


class PeriodStanding(Part, frozen=True):
    """A period and where it stands."""

    period: Period
    state: PeriodState


class Periods(Message, frozen=True, tag="cairn/return-periods/1"):
    """Every period, oldest first."""

    MAX_BYTES: ClassVar[int] = 256 * 1024
    periods: Annotated[tuple[PeriodStanding, ...], Meta(max_length=1_200)]


class PeriodShown(Message, frozen=True, tag="cairn/return-period/1"):
    """All that is public of a period: each part is a leaf's content, and what comes later is null until it is."""

    MAX_BYTES: ClassVar[int] = 4 * 1024 * 1024
    key: ApprovedKey
    terms: ReturnTerms
    closed: SignedClose | None
    result: SumResult | None


class ReturnReceipt(Message, frozen=True, tag="cairn/return-receipt/1"):
    """The hub has a group's return, signed by the hub: a close statement that lacks it shows a broken word."""

    period: Period
    group: Name
    member: Name
    digest: Bytes32  # of the signed return


class Wanted(StrEnum):
    """What a period waits for from a trustee."""

    DEPOSIT = "deposit"
    SIGNATURE = "signature"
    PART = "part"


class Duty(Part, frozen=True):
    """One thing that waits for the trustee that asked."""

    period: Period
    wanted: Wanted


class Duties(Message, frozen=True, tag="cairn/return-duties/1"):
    """Everything that waits for the trustee that asked."""

    MAX_BYTES: ClassVar[int] = 256 * 1024
    duties: Annotated[tuple[Duty, ...], Meta(max_length=1_200)]


class CloseCase(Message, frozen=True, tag="cairn/close-case/1"):
    """A close statement as the hub made it, with the noise in it."""

    MAX_BYTES: ClassVar[int] = 8 * 1024 * 1024
    statement: CloseStatement
    deposits: Annotated[tuple[Signed, ...], Meta(max_length=255)]


class Contributions(Message, frozen=True, tag="cairn/contributions/1"):
    """The signed returns in a close statement from place `start` on, in its order."""

    MAX_BYTES: ClassVar[int] = 16 * 1024 * 1024
    start: Annotated[int, Meta(ge=0, le=MAX_GROUPS)]
    returns: Annotated[tuple[Signed, ...], Meta(max_length=MAX_PAGE)]


class CloseApproval(Message, frozen=True, tag="cairn/close-approval/1"):
    """A trustee's signature over a close statement (`returns.sign_close`)."""

    close: Bytes32
    trustee: Name
    signature: Bytes64


class Parts(Message, frozen=True, tag="cairn/sum-parts/1"):
    """What trustees gave to open a sum: with it a trustee computes the result again. For trustees alone."""

    MAX_BYTES: ClassVar[int] = 16 * 1024 * 1024
    parts: Annotated[tuple[PartialDecryptions, ...], Meta(max_length=255)]
