"""What stands in the translog: kinds of leaf, what each is the digest of, and how entries travel.

A leaf's data is its kind, 0x00, and 32 bytes: for a report the digest of the signed header,
for every other kind the digest of a message. What a firm says of its own reports is in the log as
digests alone; of everything else `content` has the message, and mirrors keep it whole.
Source: RFC 6962 2.1 for hashing leaves.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Final

from msgspec import Meta

from cairn_protocol import kdf
from cairn_protocol.errors import BadMessage, PartyId
from cairn_protocol.kdf import Use
from cairn_protocol.merkle import leaf_hash
from cairn_protocol.messages.wire import Bytes32, Count, Message, Part


class LeafKind(StrEnum):
    """What a leaf is about."""

    GENESIS = "genesis"
    ROSTER = "roster"  # a party's entry, approved by t trustees
    REVOCATION = "revocation"
    ALLOWANCE = "allowance"  # a dated bulk allowance of the meter
    REPORT = "report"
    RETRACTION = "retraction"
    MANIFEST = "manifest"
    OPENING = "opening"  # two analysts ask for sealed parts to be opened
    BULLETIN = "bulletin"  # a release or a correction: digests and signatures, no text
    BULLETIN_RECALL = "bulletin-recall"
    RELEASE = "release"  # a table of figures: its digest and two analysts' consents
    TALLY = "tally"  # what liaisons did, as counts
    PAILLIER_KEY = "paillier-key"  # the key of returns, approved by every trustee
    RETURN_TERMS = "return-terms"  # of one period
    RETURN_CLOSE = "return-close"  # the one sum of a period, signed by a quorum of trustees
    RETURN_RESULT = "return-result"  # its published counters
    STATEMENT = "statement"  # a firm's word on its own report
    CUT = "cut"  # reports that no longer link with each other, or at all


# Whose content only the firm and the hub have.
DIGEST_ONLY: Final = frozenset({LeafKind.REPORT, LeafKind.STATEMENT})


class LogEntry(Part, frozen=True):
    """A leaf as it travels. `content` is there for every kind but those of `DIGEST_ONLY`."""

    kind: LeafKind
    digest: Bytes32
    content: Annotated[bytes, Meta(max_length=1024 * 1024)] | None


class Entries(Message, frozen=True, tag="cairn/log-entries/1"):
    """Consecutive leaves from `start`, with the leaf hashes that the log's table holds for them."""

    MAX_BYTES: ClassVar[int] = 16 * 1024 * 1024
    start: Count
    entries: Annotated[tuple[LogEntry, ...], Meta(max_length=1_000)]
    leaf_hashes: Annotated[tuple[Bytes32, ...], Meta(max_length=1_000)]


class InclusionProof(Message, frozen=True, tag="cairn/inclusion/1"):
    """Where a leaf is in the tree of `size` leaves, and the path that shows it."""

    index: Count
    size: Count
    path: Annotated[tuple[Bytes32, ...], Meta(max_length=64)]


class ConsistencyProof(Message, frozen=True, tag="cairn/consistency/1"):
    """That the tree of `old` leaves is the beginning of the tree of `new`."""

    old: Count
    new: Count
    path: Annotated[tuple[Bytes32, ...], Meta(max_length=128)]


class Push(Message, frozen=True, tag="cairn/push/1"):
    """From hub to trustee: the leaves it lacks, and the checkpoint to cosign after them."""

    MAX_BYTES: ClassVar[int] = 16 * 1024 * 1024
    start: Count
    entries: Annotated[tuple[LogEntry, ...], Meta(max_length=1_000)]
    checkpoint: Annotated[str, Meta(max_length=16 * 1024)] | None  # null: more leaves follow


class PushAnswer(Message, frozen=True, tag="cairn/push-answer/1"):
    """How many leaves the trustee's mirror has now, and its cosignature line if it was asked for one."""

    size: Count
    cosignature: Annotated[str, Meta(max_length=1024)] | None


class LeafHashes(Message, frozen=True, tag="cairn/leaf-hashes/1"):
    """Consecutive leaf hashes from a trustee's mirror: what a client compares the hub's entries with."""

    MAX_BYTES: ClassVar[int] = 1024 * 1024
    start: Count
    size: Count  # of the whole mirror
    leaf_hashes: Annotated[tuple[Bytes32, ...], Meta(max_length=10_000)]


def content_digest(content: bytes) -> bytes:
    """The digest that a leaf has for its content: 32 bytes, as `wire.digest_of` the message."""
    return kdf.digest(Use.MESSAGE, content)


def leaf_data(kind: LeafKind, digest: bytes) -> bytes:
    """What the Merkle tree hashes for a leaf."""
    return kind.value.encode() + b"\0" + digest


def hash_of(kind: LeafKind, digest: bytes) -> bytes:
    """The leaf hash (32 bytes) of a leaf of that kind."""
    return leaf_hash(leaf_data(kind, digest))


def check_entry(entry: LogEntry, *, culprit: PartyId | None = None) -> None:
    """Raise BadMessage unless content is there where it has to be, and is what the digest says."""
    if (entry.content is None) != (entry.kind in DIGEST_ONLY):
        raise BadMessage("a leaf without its content, or a report's leaf with some", culprit=culprit)
    if entry.content is not None and content_digest(entry.content) != entry.digest:
        raise BadMessage("a leaf's content is not what its digest says", culprit=culprit)
