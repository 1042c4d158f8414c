"""An opening on the wire: two analysts ask, the log has it, trustees see evidence and answer.

    OpeningRequest   one analyst asks, with a reason code and a legal basis
    Confirmation     a second analyst agrees to exactly that request
    Opening          both, as the leaf's content: whoever reads the log sees which reports, why, who and when
    Evidence         from the hub to a trustee: for each report the headers that bear the opening out, no more
    Assent, Refusal  a trustee's signed answer; an assent's parts are sealed to each of the two analysts
    Material         from the hub to the two analysts: the sealed parts, and two groups' shares of one line

Everything after the request names the digest of the opening's leaf, and nothing made for one opening
holds for another. Not here: what evidence is asked for (`cairn_protocol.evidence`).
Source: design 4.4; HPKE (RFC 9180) with X25519, HKDF-SHA-256 and AES-256-GCM.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, ClassVar, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from msgspec import Meta

from cairn_protocol import kdf
from cairn_protocol.errors import BadMessage, BadOpening, PartyId
from cairn_protocol.kdf import Use
from cairn_protocol.kinds import MAX_LOCKABLE
from cairn_protocol.match_lock import MAX_GROUP_INDEX
from cairn_protocol.messages.log import content_digest
from cairn_protocol.messages.parties import Entry, TrusteeKeys
from cairn_protocol.messages.report import SignedHeader
from cairn_protocol.messages.sealed import Capsule, SealedPart
from cairn_protocol.messages.wire import (
    Bytes32,
    Bytes64,
    Count,
    Epoch,
    Message,
    Name,
    Part,
    Seconds,
    Signed,
    decode,
    digest_of,
    encode,
    open_signed,
    sign,
    whole,
)

MAX_REPORTS: Final = 16
MAX_NEIGHBOURS: Final = 8
MAX_PENDING_SECONDS: Final = 30 * 86_400  # a request that nobody answered is void after this

_SUITE: Final = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class Reason(StrEnum):
    """Why an opening is asked for. None of them, LEGAL included, lowers the evidence that is asked for."""

    T1 = "T1"  # shopping around
    T2 = "T2"  # complementary items
    T3 = "T3"  # identity churn
    T7 = "T7"  # velocity
    DISPUTE = "DISPUTE"
    LEGAL = "LEGAL"


# Every member reads it in the log: a law and its paragraph, with no room for an address, a mailbox or a phone.
LegalBasis = Annotated[str, whole(r"(?!.*[0-9]{6})[A-Za-z0-9 .,;:()/§'&-]{1,200}")]


class OpeningRequest(Message, frozen=True, tag="cairn/opening-request/1"):
    """One analyst asks for reports to be opened. `reports` in ascending order, each once."""

    epoch: Epoch
    reports: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=MAX_REPORTS)]
    reason: Reason
    basis: LegalBasis
    analyst: Name
    requested_at: Seconds
    expires_at: Seconds


class Confirmation(Message, frozen=True, tag="cairn/opening-confirmation/1"):
    """A second analyst agrees. `request` is the digest of the OpeningRequest."""

    request: Bytes32
    analyst: Name
    confirmed_at: Seconds


class Opening(Message, frozen=True, tag="cairn/opening/1"):
    """The content of an opening's leaf: a signed OpeningRequest and a signed Confirmation of it."""

    request: Signed
    confirmation: Signed


class Pending(Part, frozen=True):
    """A confirmed opening that waits for a trustee's answer."""

    id: Annotated[str, whole(r"[0-9a-f]{16}")]
    opening: Opening


class PendingOpenings(Message, frozen=True, tag="cairn/pending-openings/1"):
    """All openings that wait for one trustee."""

    MAX_BYTES: ClassVar[int] = 4 * 1024 * 1024
    openings: Annotated[tuple[Pending, ...], Meta(max_length=100)]


class Shown(Part, frozen=True):
    """A signed header, where its leaf is, and the path that shows it there."""

    signed: SignedHeader
    leaf_index: Count
    path: Annotated[tuple[Bytes32, ...], Meta(max_length=64)]


class ReportEvidence(Part, frozen=True):
    """A report to open, and the reports of other groups that bear it out.

    capsule      of its sealed part
    body_digest  of the rest of the sealed part, which no trustee sees
    """

    report: Shown
    capsule: Capsule
    body_digest: Bytes32
    neighbours: Annotated[tuple[Shown, ...], Meta(max_length=MAX_NEIGHBOURS)]


class Evidence(Message, frozen=True, tag="cairn/evidence/1"):
    """What the hub shows a trustee for one opening.

    opening     digest of its leaf, which stands at `leaf_index`
    size        of the tree that all paths are for: a checkpoint that the trustee cosigned
    reports     in the order of the request
    """

    MAX_BYTES: ClassVar[int] = 2 * 1024 * 1024
    opening: Bytes32
    leaf_index: Count
    path: Annotated[tuple[Bytes32, ...], Meta(max_length=64)]
    size: Count
    reports: Annotated[tuple[ReportEvidence, ...], Meta(min_length=1, max_length=MAX_REPORTS)]


class AssentPart(Part, frozen=True):
    """A trustee's part of one report's assent secret (`assent_lock.Part`)."""

    element: Bytes32
    proof: Bytes64

    def __repr__(self) -> str:
        return "AssentPart(...)"


class AssentParts(Message, frozen=True, tag="cairn/assent-parts/1"):
    """What is sealed to an analyst: a trustee's parts, in the order of the request."""

    opening: Bytes32
    trustee: Name
    parts: Annotated[tuple[AssentPart, ...], Meta(min_length=1, max_length=MAX_REPORTS)]


class SealedTo(Part, frozen=True):
    """AssentParts, sealed by HPKE to one analyst's key."""

    analyst: Name
    ciphertext: Annotated[bytes, Meta(max_length=8 * 1024)]


class Assent(Message, frozen=True, tag="cairn/assent/1"):
    """A trustee agrees: its parts, for the analyst who asked and for the one who confirmed."""

    opening: Bytes32
    trustee: Name
    sealed: tuple[SealedTo, SealedTo]


class Refusal(Message, frozen=True, tag="cairn/refusal/1"):
    """A trustee does not agree. It needs no reason."""

    opening: Bytes32
    trustee: Name


class LineShare(Part, frozen=True):
    """A group's share of a line, and the group's place on it."""

    group_index: Annotated[int, Meta(ge=1, le=MAX_GROUP_INDEX)]
    share: Bytes32

    def __repr__(self) -> str:
        return "LineShare(...)"


class ReportMaterial(Part, frozen=True):
    """A report to read: its header and sealed part, and two groups' shares of the line of its key number `at`."""

    signed: SignedHeader
    sealed: SealedPart
    at: Annotated[int, Meta(ge=0, lt=MAX_LOCKABLE)]  # among the header's lockable keys
    shares: tuple[LineShare, LineShare]


class Material(Message, frozen=True, tag="cairn/opening-material/1"):
    """What the two analysts of an opening get from the hub once t trustees assented, in the request's order.

    assents  signed Assents; each analyst opens its own half of each
    """

    MAX_BYTES: ClassVar[int] = 4 * 1024 * 1024
    opening: Bytes32
    reports: Annotated[tuple[ReportMaterial, ...], Meta(min_length=1, max_length=MAX_REPORTS)]
    assents: Annotated[tuple[Signed, ...], Meta(max_length=255)]


def opening_id(request: OpeningRequest) -> str:
    """How people call an opening: the first 16 hex digits of its request's digest."""
    return digest_of(request).hex()[:16]


def opening_digest(opening: Opening) -> bytes:
    """The digest (32 bytes) of the opening's leaf: what everything that follows is bound to."""
    return content_digest(encode(opening))


def check_request(request: OpeningRequest, *, culprit: PartyId | None = None) -> None:
    """Raise BadMessage unless the reports are in order, each once, and the request ends in time."""
    if list(request.reports) != sorted(set(request.reports)):
        raise BadMessage("reports out of order, or one twice", culprit=culprit)
    if not request.requested_at < request.expires_at <= request.requested_at + MAX_PENDING_SECONDS:
        raise BadMessage("a request ends after it began, within 30 days", culprit=culprit)


def confirm(request: OpeningRequest, analyst: str, confirmed_at: int) -> Confirmation:
    """A second analyst's word for this request, to be signed by `wire.sign`."""
    return Confirmation(request=digest_of(request), analyst=analyst, confirmed_at=confirmed_at)


def seal_assent(
    opening: bytes,
    trustee: str,
    parts: Sequence[AssentPart],
    analysts: tuple[Entry, Entry],
    key: Ed25519PrivateKey,
) -> Signed:
    """A trustee's signed Assent to the opening with this digest.

    parts     in the order of the request
    analysts  who asked and who confirmed, as the roster has them (`evidence.signers`)

    Raises BadOpening if an analyst has no key that parts can be sealed to.
    """
    plain = encode(AssentParts(opening=opening, trustee=trustee, parts=tuple(parts)))
    asked, confirmed = (_seal_to(analyst, plain, opening, trustee) for analyst in analysts)
    return sign(Assent(opening=opening, trustee=trustee, sealed=(asked, confirmed)), key)


def open_assent(
    signed: Signed, opening: bytes, trustee: TrusteeKeys, analyst: str, key: X25519PrivateKey
) -> tuple[AssentPart, ...]:
    """An analyst's half of a trustee's assent to the opening with this digest.

    Raises BadSignature, BadMessage, or BadOpening if it is for another opening, trustee or analyst; the
    trustee is the culprit.
    """
    culprit = f"trustee:{trustee.id}"
    assent = open_signed(signed, Assent, trustee.signing_key, culprit=culprit)
    mine = [sealed.ciphertext for sealed in assent.sealed if sealed.analyst == analyst]
    if (assent.opening, assent.trustee) != (opening, trustee.id) or len(mine) != 1:
        raise BadOpening("an assent for another opening or another analyst", culprit=culprit)
    try:
        plain = _SUITE.decrypt(mine[0], key, _info(opening, trustee.id, analyst))
    except (InvalidTag, ValueError) as cause:
        raise BadOpening("parts that were not sealed to this analyst", culprit=culprit) from cause
    inside = decode(plain, AssentParts, culprit=culprit)
    if (inside.opening, inside.trustee) != (opening, trustee.id):
        raise BadOpening("parts of another opening", culprit=culprit)
    return inside.parts


def open_refusal(signed: Signed, opening: bytes, trustee: TrusteeKeys) -> Refusal:
    """A trustee's refusal of this opening. Raises BadSignature, BadMessage or BadOpening, naming it."""
    culprit = f"trustee:{trustee.id}"
    refusal = open_signed(signed, Refusal, trustee.signing_key, culprit=culprit)
    if (refusal.opening, refusal.trustee) != (opening, trustee.id):
        raise BadOpening("a refusal of another opening", culprit=culprit)
    return refusal


def _seal_to(analyst: Entry, plain: bytes, opening: bytes, trustee: str) -> SealedTo:
    if analyst.sealing_key is None:
        raise BadOpening("an analyst without a key to seal to", culprit=f"analyst:{analyst.party}")
    public = X25519PublicKey.from_public_bytes(analyst.sealing_key)
    ciphertext = _SUITE.encrypt(plain, public, _info(opening, trustee, analyst.party))
    return SealedTo(analyst=analyst.party, ciphertext=ciphertext)


def _info(opening: bytes, trustee: str, analyst: str) -> bytes:
    return kdf.label(Use.ASSENT_ANSWER) + kdf.prefixed(opening, trustee.encode(), analyst.encode())
