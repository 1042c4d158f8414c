"""Returns and their sum, from a period's terms to the published figures.

    PaillierKey -> ReturnTerms -> Return (each group), NoiseDeposit (each trustee listed)
        -> CloseStatement, signed by a quorum -> PartialDecryptions (t trustees) -> SumResult

Everything after the terms names their digest, so nothing made for one period, key, layout or
cap fits another. Ciphertexts are big-endian, of one length under a key; what they must
satisfy is checked in `paillier` and `closing`.
"""

from enum import StrEnum
from typing import Annotated, ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from cairn_protocol.messages.parties import Approval, TrusteeKeys
from cairn_protocol.messages.wire import (
    Bytes32,
    Count,
    Message,
    Name,
    Part,
    check_signature,
    digest_of,
    encode,
    whole,
)

MAX_MODULUS_BYTES = 512
MAX_CIPHERTEXTS = 64
MAX_GROUPS = 5_000

_CLOSE = b"cairn/v1/close\0"

Period = Annotated[str, whole(r"20[0-9]{2}-(0[1-9]|1[0-2])")]  # a calendar month
Modulus = Annotated[bytes, Meta(min_length=1, max_length=MAX_MODULUS_BYTES)]
Residue = Annotated[bytes, Meta(min_length=1, max_length=2 * MAX_MODULUS_BYTES)]  # modulo n squared
Residues = Annotated[tuple[Residue, ...], Meta(min_length=1, max_length=MAX_CIPHERTEXTS)]
Proof = Annotated[bytes, Meta(min_length=32, max_length=4 * MAX_MODULUS_BYTES)]
Cap = Annotated[int, Meta(ge=1, le=1_000_000)]
Figure = Annotated[int, Meta(ge=-(2**31), le=2**32)]


class PaillierKey(Message, frozen=True, tag="cairn/paillier-key/1"):
    """The public key of returns, as the dealer of the ceremony made it: t trustees open a sum.

    n             the modulus
    mask_base     h_s: ciphertexts are masked by its powers
    base          v, and `verification`[i - 1] = v^(shares' factorial * share i): what partials are checked by
    """

    n: Modulus
    mask_base: Residue
    t: Annotated[int, Meta(ge=1, le=255)]
    base: Residue
    verification: Annotated[tuple[Residue, ...], Meta(min_length=1, max_length=255)]


class Caps(Part, frozen=True):
    """The most one group may count, by class of counter. A group's own total counts no more than that."""

    handled: Cap
    flagged: Cap
    band: Cap
    cell: Cap
    code: Cap


class ReturnTerms(Message, frozen=True, tag="cairn/return-terms/1"):
    """What holds for one period: published before it, named by everything made for it.

    noise_from       the trustees that must each add full noise before the period can be closed
    rho_thousandths  the zCDP that each of them alone gives to one inquiry, in thousandths
    """

    period: Period
    layout: Annotated[int, Meta(ge=1, le=65_535)]
    layout_digest: Bytes32
    key_digest: Bytes32
    caps: Caps
    noise_from: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=255)]
    rho_thousandths: Annotated[int, Meta(ge=1, le=10_000)]


class Return(Message, frozen=True, tag="cairn/return/1"):
    """One group's counters of a period, encrypted, sent by one of its members and signed by it (`wire.sign`)."""

    terms: Bytes32
    period: Period
    layout: Annotated[int, Meta(ge=1, le=65_535)]
    group: Name
    member: Name
    ciphertexts: Residues
    proof: Proof  # that the sender knows the counters, for these terms and in this name


class NoiseDeposit(Message, frozen=True, tag="cairn/noise-deposit/1"):
    """One trustee's noise for a period, encrypted like a return and signed by it (`wire.sign`)."""

    terms: Bytes32
    period: Period
    trustee: Name
    ciphertexts: Residues
    proof: Proof


class Contribution(Part, frozen=True):
    """A return in a sum: whose, and the digest of what was signed."""

    group: Name
    member: Name
    digest: Bytes32


class Deposit(Part, frozen=True):
    """Noise in a sum: whose, and the digest of what was signed."""

    trustee: Name
    digest: Bytes32


class CloseStatement(Message, frozen=True, tag="cairn/close-statement/1"):
    """The one sum of a period: the terms, who is in it, and the product that may be opened."""

    MAX_BYTES: ClassVar[int] = 1024 * 1024
    terms: ReturnTerms
    contributions: Annotated[tuple[Contribution, ...], Meta(max_length=MAX_GROUPS)]  # by group
    deposits: Annotated[tuple[Deposit, ...], Meta(max_length=255)]  # by trustee
    total: Residues


class SignedClose(Message, frozen=True, tag="cairn/signed-close/1"):
    """A close statement with the signatures of a quorum of trustees, in the genesis' order."""

    MAX_BYTES: ClassVar[int] = 1024 * 1024
    statement: CloseStatement
    approvals: Annotated[tuple[Approval, ...], Meta(max_length=255)]


def sign_close(statement: CloseStatement, key: Ed25519PrivateKey) -> bytes:
    """A trustee's signature (64 bytes) over a close statement."""
    return key.sign(_CLOSE + encode(statement))


def check_close_signature(statement: CloseStatement, trustee: TrusteeKeys, signature: bytes) -> None:
    """Raise BadSignature, naming the trustee, unless it signed this close statement."""
    check_signature(
        trustee.signing_key, _CLOSE + encode(statement), signature, culprit=f"trustee:{trustee.id}"
    )


class PartialDecryptions(Message, frozen=True, tag="cairn/partial-decryptions/1"):
    """One trustee's part of opening the sum that a close statement fixes, with one proof for all of it."""

    MAX_BYTES: ClassVar[int] = 256 * 1024
    close: Bytes32  # digest of the close statement
    trustee: Name
    parts: Residues
    proof: Proof


class SumState(StrEnum):
    """What became of a sum."""

    PUBLISHED = "published"
    VOID = "void"  # outside its window: some return was not honest, or some noise


class SumFigure(Part, frozen=True):
    """A published counter: the noisy sum, and the interval in which 95 of 100 true sums lie."""

    cell: Annotated[str, whole(r"[a-z0-9-]+(/[A-Za-z0-9_-]+)*", max_length=64)]
    value: Figure
    low: Figure
    high: Figure


class SumResult(Message, frozen=True, tag="cairn/sum-result/1"):
    """What is published of a period: the counters whose sum hides every group in it, in the layout's order.

    margin    how far noise may carry a sum; a counter is here if it exceeds 4 caps by more than that
    withheld  how many counters stay below
    """

    MAX_BYTES: ClassVar[int] = 512 * 1024
    close: Bytes32
    period: Period
    layout: Annotated[int, Meta(ge=1, le=65_535)]
    groups: Count
    state: SumState
    margin: Count
    figures: Annotated[tuple[SumFigure, ...], Meta(max_length=4_096)]
    withheld: Count


def return_context(terms: ReturnTerms, group: str, member: str) -> bytes:
    """What a return's proof is bound to: its terms (so its period, key, layout and caps) and its sender."""
    return b"return\0" + digest_of(terms) + group.encode() + b"\0" + member.encode()


def deposit_context(terms: ReturnTerms, trustee: str) -> bytes:
    """What a noise deposit's proof is bound to: its terms and its trustee."""
    return b"noise\0" + digest_of(terms) + trustee.encode()
