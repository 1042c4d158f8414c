"""A report on the wire: the signed header, and beside it what the hub checks against it.

The header proves things without content: trustees see headers as evidence, so OPEN codes
stand in it only as a salted digest. Card keys and line shares go beside the header, to the
hub alone. Match keys stand in one order, fuzzy kinds exactly as often as `kinds.FUZZY_COUNT`
says, so a report's shape tells nothing but how many identifying values it has.

A report without a lockable key has no sealed part, and says so: `sealed` and `sealed_digest` are null.
"""

from collections import Counter
from enum import StrEnum
from functools import cached_property
from typing import Annotated, ClassVar
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from cairn_protocol import kdf
from cairn_protocol.errors import BadMessage, PartyId
from cairn_protocol.kdf import Use
from cairn_protocol.kinds import FUZZY_COUNT, LOCKABLE, MAX_LOCKABLE, MAX_TRANSACTIONS, Kind, is_lockable
from cairn_protocol.messages.open_codes import OpenCodes
from cairn_protocol.messages.sealed import SealedPart
from cairn_protocol.messages.wire import (
    Bytes16,
    Bytes32,
    Bytes64,
    Epoch,
    IsoWeek,
    Message,
    Name,
    Part,
    Signed,
    check_signature,
    encode,
    whole,
)
from cairn_protocol.tags import CardKey, HeaderDigest, Tag, tag_of

Revision = Annotated[int, Meta(ge=1, le=1_000)]

_REPORT = b"cairn/v1/report\0"
_KIND_ORDER = {kind: at for at, kind in enumerate(Kind)}


class Confidence(StrEnum):
    """How the firm knows. HEARSAY never counts to a threshold."""

    DOCUMENT = "DOCUMENT"
    STATEMENT = "STATEMENT"
    INFERENCE = "INFERENCE"
    HEARSAY = "HEARSAY"


class Tlp(StrEnum):
    """TLP 2.0 levels."""

    RED = "RED"
    AMBER_STRICT = "AMBER+STRICT"
    AMBER = "AMBER"
    GREEN = "GREEN"
    CLEAR = "CLEAR"


class Caveat(StrEnum):
    """What binds every later use, beyond the TLP level."""

    NO_GOV = "no-gov"
    NO_FOREIGN_GOV = "no-foreign-gov"
    COUNSEL_ONLY = "counsel-only"
    EMBARGO_UNTIL = "embargo-until"


class GovRelease(StrEnum):
    """What the firm lets a government have."""

    NONE = "none"
    AGGREGATE_ONLY = "aggregate-only"
    CONTACT_ME = "contact-me"
    PARTY_AFTER_MY_APPROVAL = "party-after-my-approval"


class Handling(Part, frozen=True):
    """TLP level, caveats in alphabetical order, and the week until which an embargo holds."""

    tlp: Tlp
    caveats: Annotated[tuple[Caveat, ...], Meta(max_length=4)]
    embargo_until: IsoWeek | None


class HeaderKey(Part, frozen=True):
    """What the header says of one match key: the tag is computed from these."""

    kind: Kind
    key_digest: Bytes32  # H(K)
    line: tuple[Bytes32, Bytes32] | None  # C_0, C_1
    claim_key: Bytes32 | None  # V

    def tag(self, epoch: int) -> Tag:
        """The tag. Raises BadTag if line and claim key don't belong to the kind."""
        return tag_of(self.kind, epoch, self.key_digest, self.line, self.claim_key)


class Header(Message, frozen=True, dict=True, tag="cairn/header/1"):
    """The part of a report that proves something without content."""

    epoch: Epoch
    report_id: UUID
    revision: Revision
    supersedes: Bytes32 | None  # digest of the revision before
    member: Name
    normaliser: Bytes32
    week: IsoWeek
    confidence: Confidence
    handling: Handling
    consent: GovRelease
    open_digest: Bytes32
    sealed_digest: Bytes32 | None
    keys: Annotated[tuple[HeaderKey, ...], Meta(max_length=64)]

    def digest(self) -> HeaderDigest:
        """What claims and the member's signature are made over: 32 bytes. Computed once."""
        return self._digest

    @cached_property
    def _digest(self) -> HeaderDigest:
        return HeaderDigest(kdf.digest(Use.HEADER, encode(self)))

    def lockable(self) -> list[HeaderKey]:
        """The keys that carry a line and a claim, in their order."""
        return [key for key in self.keys if is_lockable(key.kind)]

    def tags(self) -> list[Tag]:
        """The tag of every key, in order. Raises BadTag."""
        return [key.tag(self.epoch) for key in self.keys]


class SignedHeader(Message, frozen=True, tag="cairn/signed-header/1"):
    """A header with its claims, one for each lockable key in order, and the member's signature over all."""

    header: Header
    claims: Annotated[tuple[Bytes64, ...], Meta(max_length=MAX_LOCKABLE)]
    signature: Bytes64

    def digest(self) -> bytes:
        """The digest of the signed report: what a leaf, a receipt and a later revision name."""
        return kdf.digest(Use.REPORT, self.header.digest(), *self.claims, self.signature)

    def check(self, key: bytes) -> None:
        """Raise BadSignature, naming the member, unless its roster key signed header and claims."""
        signed = _REPORT + _signed_part(self.header, self.claims)
        check_signature(key, signed, self.signature, culprit=f"member:{self.header.member}")


def sign_header(header: Header, claims: tuple[bytes, ...], key: Ed25519PrivateKey) -> SignedHeader:
    """The member's signature over header and claims. Deterministic, as Ed25519 is."""
    return SignedHeader(
        header=header, claims=claims, signature=key.sign(_REPORT + _signed_part(header, claims))
    )


def _signed_part(header: Header, claims: tuple[bytes, ...]) -> bytes:
    return kdf.prefixed(header.digest(), *claims)


class OpenPart(Part, frozen=True):
    """OPEN codes with the salt that keeps their digest from being guessed by who sees the header."""

    codes: OpenCodes
    salt: Bytes16

    def digest(self) -> bytes:
        """32 bytes, for the header."""
        return kdf.digest(Use.OPEN_PART, encode(self))


class Report(Message, frozen=True, tag="cairn/report/1"):
    """One report as it is sent: signed header, OPEN part, and the secrets that go to the hub alone."""

    MAX_BYTES: ClassVar[int] = 64 * 1024
    signed: SignedHeader
    open: OpenPart
    card_keys: Annotated[tuple[Bytes32, ...], Meta(max_length=64)]  # K of every match key, in order
    shares: Annotated[tuple[Bytes32, ...], Meta(max_length=MAX_LOCKABLE)]  # of every lockable key's line
    sealed: SealedPart | None

    def card_key(self, at: int) -> CardKey:
        """K of the match key at that place."""
        return CardKey(self.card_keys[at])


class Batch(Message, frozen=True, tag="cairn/batch/1"):
    """Up to 100 reports of one member, each accepted or refused on its own."""

    MAX_BYTES: ClassVar[int] = 4 * 1024 * 1024
    reports: Annotated[tuple[Report, ...], Meta(min_length=1, max_length=100)]


class Promise(Message, frozen=True, tag="cairn/promise/1"):
    """The hub's word that a report's leaf will be in the log. Without a time, so receipts are equal for ever."""

    member: Name
    report_id: UUID
    revision: Revision
    digest: Bytes32
    leaf_hash: Bytes32


class BatchResult(Part, frozen=True):
    """What became of one report of a batch: a signed promise, or the slug of the problem and what to do."""

    promise: Signed | None
    problem: Annotated[str, whole(r"[a-z0-9-]{1,64}")] | None
    detail: Annotated[str, Meta(max_length=1_000)] | None


class BatchAnswer(Message, frozen=True, tag="cairn/batch-answer/1"):
    """The results of a batch, in its order."""

    MAX_BYTES: ClassVar[int] = 1024 * 1024
    results: Annotated[tuple[BatchResult, ...], Meta(min_length=1, max_length=100)]


class Retraction(Message, frozen=True, tag="cairn/retraction/1"):
    """A member takes a report back: it links, counts and shows nothing from then on."""

    member: Name
    report_id: UUID
    digest: Bytes32  # of the signed report


def check_shape(header: Header, *, culprit: PartyId | None = None) -> None:
    """Raise BadMessage unless the match keys are in order and as many of each kind as a report carries.

    One name fingerprint of either kind; each fuzzy kind exactly `FUZZY_COUNT`; at most four
    lockable keys and two transactions; sorted by kind, then by key digest; none twice.
    """
    places = [(_KIND_ORDER[key.kind], key.key_digest) for key in header.keys]
    if places != sorted(set(places)):
        raise BadMessage("match keys out of order, or one twice", culprit=culprit)
    counts = Counter(key.kind for key in header.keys)
    fuzzy_as_agreed = all(counts[kind] == wanted for kind, wanted in FUZZY_COUNT.items())
    if not fuzzy_as_agreed or counts[Kind.NAME] + counts[Kind.NAME_COMMON] != 1:
        raise BadMessage("another number of name keys than a report carries", culprit=culprit)
    if sum(counts[kind] for kind in LOCKABLE) > MAX_LOCKABLE or counts[Kind.TRANSACTION] > MAX_TRANSACTIONS:
        raise BadMessage("more identifying values than a report carries", culprit=culprit)
    if list(header.handling.caveats) != sorted(set(header.handling.caveats)):
        raise BadMessage("caveats out of order, or one twice", culprit=culprit)
    if (Caveat.EMBARGO_UNTIL in header.handling.caveats) != (header.handling.embargo_until is not None):
        raise BadMessage("an embargo needs its week, and a week its embargo", culprit=culprit)
    if header.sealed_digest is not None and not header.lockable():
        raise BadMessage("a sealed part without a key that could ever open it", culprit=culprit)
    if (header.revision == 1) != (header.supersedes is None):
        raise BadMessage(
            "the first revision supersedes nothing, every later one the one before", culprit=culprit
        )


def header_order(key: HeaderKey) -> tuple[int, bytes]:
    """The place of a match key in the header, as a sort key."""
    return _KIND_ORDER[key.kind], key.key_digest
