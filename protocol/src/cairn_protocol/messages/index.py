"""The index that members sync and join locally: manifest, tag segments, card segments, cards.

A tag segment is columns: 64-bit tag prefixes in ascending order, for each a wrap of 24 bytes
(the card's content key under the tag's card key) and the card's number. A card segment is sealed
cards, found by number. Both are immutable and named by their SHA-256, so any cache may
serve them. The manifest lists them and is itself a leaf of the log.

    tag segment    "CRNT" 0x01 | epoch u32 | count u32 | count x u64 | count x 24 bytes | count x u32
    card segment   "CRNC" 0x01 | epoch u32 | first u32 | count u32 | (count + 1) x u32 offsets | bytes

All integers big-endian. Source: AES key wrap (RFC 3394); AES-128-GCM.
"""

import array
import hashlib
import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Protocol, overload
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from msgspec import Meta

from cairn_protocol import kdf
from cairn_protocol.codes.terms import Stage
from cairn_protocol.errors import BadMessage
from cairn_protocol.kdf import Use
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.wire import (
    Bytes32,
    Count,
    Epoch,
    FamilyCode,
    Message,
    Part,
    Seconds,
    decode,
    encode,
    whole,
)
from cairn_protocol.tags import TAG_PREFIX_BYTES, CardKey, Tag

CONTENT_KEY_BYTES: Final = 16
WRAP_BYTES: Final = 24
_TAG_MAGIC: Final = b"CRNT\x01"
_CARD_MAGIC: Final = b"CRNC\x01"
_PAD_BYTES: Final = 64  # cards are padded to multiples, so that their length tells little
MAX_SEGMENT_BYTES: Final = 4 * 1024 * 1024

Quarter = Annotated[str, whole(r"20[0-9]{2}-Q[1-4]")]
SectorName = Annotated[str, whole(r"[a-z]{1,16}")]
GroupsBand = Annotated[str, whole(r"1|2-4|5-9|10\+")]


def band(count: int) -> str:
    """A number of groups or events as anything a member sees states it."""
    if count < 2:
        return "1"
    return "2-4" if count < 5 else "5-9" if count < 10 else "10+"


class Evidence(StrEnum):
    """How solid a card is."""

    E0 = "E0"  # your report only
    E1 = "E1"  # weak links
    E2 = "E2"  # two groups or more by strong links
    E3 = "E3"  # three groups or more, and documents seen


class Typology(StrEnum):
    """A pattern in the reports of one subject."""

    T1 = "T1"  # shopping around: several groups were asked
    T2 = "T2"  # complementary items: families that fit one programme, spread over groups
    T3 = "T3"  # identity churn: one contact under several names
    T7 = "T7"  # velocity: many events within two weeks


class Card(Message, frozen=True, tag="cairn/card/2"):
    """The insight about one subject, in bands: who, when exactly and how much are not in it.

    after_decline  within 90 days after one group declined, another was asked
    cleared        groups that cleared their report, with a reason, in the last 180 days: none, one, two or more
    """

    card_id: UUID
    version: Annotated[int, Meta(ge=1, le=2**40)]
    groups: GroupsBand
    events: GroupsBand
    evidence: Evidence
    first: Quarter
    last: Quarter
    families: Annotated[tuple[FamilyCode, ...], Meta(max_length=64)]
    sectors: Annotated[tuple[SectorName, ...], Meta(max_length=8)]
    linked_by: Annotated[tuple[Kind, ...], Meta(max_length=32)]  # kinds of shared tags that made the links
    stages: Annotated[tuple[Stage, ...], Meta(max_length=8)]
    typologies: Annotated[tuple[Typology, ...], Meta(max_length=8)]
    after_decline: bool
    cleared: Annotated[int, Meta(ge=0, le=2)]


class SegmentRef(Part, frozen=True):
    """A segment in the manifest: its SHA-256, how many rows it has, and its length."""

    digest: Bytes32
    count: Count
    length: Count


class RecallReason(StrEnum):
    """Why a card is no longer shown."""

    WITHDRAWN = "WITHDRAWN"  # too few reports are left
    WRONG_JOIN = "WRONG-JOIN"
    WRONG_DATA = "WRONG-DATA"
    DISPUTE_UPHELD = "DISPUTE-UPHELD"
    LEGAL = "LEGAL"
    SUPERSEDED = "SUPERSEDED"  # merged into another card


class Tombstone(Part, frozen=True):
    """A card that was published and is no more."""

    card_id: UUID
    reason: RecallReason


class Manifest(Message, frozen=True, tag="cairn/manifest/1"):
    """One version of the index, as a leaf of the log."""

    MAX_BYTES: ClassVar[int] = 1024 * 1024
    epoch: Epoch
    number: Annotated[int, Meta(ge=1, le=2**40)]
    published_at: Seconds
    max_age_seconds: Seconds
    tag_segments: Annotated[tuple[SegmentRef, ...], Meta(max_length=4_096)]
    card_segments: Annotated[tuple[SegmentRef, ...], Meta(max_length=4_096)]
    tombstones: Annotated[tuple[Tombstone, ...], Meta(max_length=10_000)]
    quarantined: Annotated[tuple[Bytes32, ...], Meta(max_length=10_000)]  # tags that link nothing


class ManifestAnswer(Message, frozen=True, tag="cairn/manifest-answer/1"):
    """The latest manifest that a cosigned checkpoint covers, with the proof."""

    MAX_BYTES: ClassVar[int] = 2 * 1024 * 1024
    manifest: Manifest
    leaf_index: Count
    path: Annotated[tuple[Bytes32, ...], Meta(max_length=64)]
    checkpoint: Annotated[str, Meta(max_length=16 * 1024)]


def prefix_of(tag: Tag) -> int:
    """The part of a tag that the index is looked up by: 64 bits."""
    return int.from_bytes(tag[:TAG_PREFIX_BYTES], "big")


def prefixes_of(tags: Iterable[Tag]) -> Sequence[int]:
    """`prefix_of` each tag, in their order."""
    return _big_endian_integers(b"".join([tag[:TAG_PREFIX_BYTES] for tag in tags]))


def _big_endian_integers(
    packed: bytes,
) -> "array.array[int]":  # subscripted at run time only from Python 3.12
    integers = array.array("Q", packed)
    if sys.byteorder == "little":
        integers.byteswap()
    return integers


def seal_card(card: Card, content_key: bytes, epoch: int) -> bytes:
    """The card under its content key (16 bytes), padded. A content key seals one text only."""
    plain = encode(card)
    plain += b" " * (-len(plain) % _PAD_BYTES)
    return AESGCM(content_key).encrypt(bytes(12), plain, kdf.label(Use.CARD) + epoch.to_bytes(4, "big"))


def open_card(sealed: bytes, content_key: bytes, epoch: int) -> Card:
    """The card. Raises BadMessage if the bytes are not what this key sealed."""
    try:
        plain = AESGCM(content_key).decrypt(bytes(12), sealed, kdf.label(Use.CARD) + epoch.to_bytes(4, "big"))
    except InvalidTag as cause:
        raise BadMessage("a card does not open with its own key", culprit="hub") from cause
    return decode(plain.rstrip(b" "), Card, culprit="hub")


def wrap_content_key(card_key: CardKey, content_key: bytes) -> bytes:
    """The content key under one tag's card key: 24 bytes."""
    return aes_key_wrap(card_key, content_key)


def unwrap_content_key(card_key: CardKey, wrap: bytes) -> bytes | None:
    """The content key, or None if the wrap is for another tag of the same prefix."""
    try:
        return aes_key_unwrap(card_key, wrap)
    except InvalidUnwrap:
        return None


def pack_tags(rows: Sequence[tuple[int, bytes, int]], epoch: int) -> bytes:
    """A tag segment from (prefix, wrap, card number) rows in ascending order of prefix."""
    prefixes = b"".join(prefix.to_bytes(8, "big") for prefix, _, _ in rows)
    wraps = b"".join(wrap for _, wrap, _ in rows)
    cards = b"".join(card.to_bytes(4, "big") for _, _, card in rows)
    return _TAG_MAGIC + epoch.to_bytes(4, "big") + len(rows).to_bytes(4, "big") + prefixes + wraps + cards


def pack_cards(sealed: Sequence[bytes], first: int, epoch: int) -> bytes:
    """A card segment: the sealed cards numbered from `first`."""
    offsets, at = [0], 0
    for card in sealed:
        at += len(card)
        offsets.append(at)
    table = b"".join(offset.to_bytes(4, "big") for offset in offsets)
    head = b"".join(part.to_bytes(4, "big") for part in (epoch, first, len(sealed)))
    return _CARD_MAGIC + head + table + b"".join(sealed)


class Bytes(Protocol):
    """Bytes in memory, or a file mapped into it."""

    def __len__(self) -> int: ...

    @overload
    def __getitem__(self, at: int, /) -> int: ...
    @overload
    def __getitem__(self, at: slice, /) -> bytes: ...


class TagSegment:
    """A tag segment, read in place: `find` costs a binary search."""

    def __init__(self, raw: Bytes) -> None:
        """Raises BadMessage unless `raw` is exactly one tag segment."""
        head = len(_TAG_MAGIC) + 8
        if raw[:5] != _TAG_MAGIC or len(raw) < head:
            raise BadMessage("not a tag segment", culprit="hub")
        self.epoch = int.from_bytes(raw[5:9], "big")
        self.count = int.from_bytes(raw[9:13], "big")
        if len(raw) != head + self.count * (TAG_PREFIX_BYTES + WRAP_BYTES + 4):
            raise BadMessage("a tag segment of another length than it says", culprit="hub")
        self._raw = raw
        self._wraps = head + self.count * TAG_PREFIX_BYTES
        self._cards = self._wraps + self.count * WRAP_BYTES
        self._prefixes = _big_endian_integers(raw[head : self._wraps])

    @property
    def prefixes(self) -> Sequence[int]:
        """The prefix of every row, ascending."""
        return self._prefixes

    def find(self, prefix: int) -> Iterator[tuple[bytes, int]]:
        """(wrap, card number) of every row with this prefix."""
        at = bisect_left(self._prefixes, prefix)
        while at < self.count and self._prefixes[at] == prefix:
            wrap = self._raw[self._wraps + at * WRAP_BYTES : self._wraps + (at + 1) * WRAP_BYTES]
            card = int.from_bytes(self._raw[self._cards + at * 4 : self._cards + at * 4 + 4], "big")
            yield wrap, card
            at += 1


class CardSegment:
    """A card segment, read in place."""

    def __init__(self, raw: Bytes) -> None:
        """Raises BadMessage unless `raw` is exactly one card segment."""
        if raw[:5] != _CARD_MAGIC or len(raw) < 17:
            raise BadMessage("not a card segment", culprit="hub")
        self.epoch, self.first, self.count = (int.from_bytes(raw[at : at + 4], "big") for at in (5, 9, 13))
        self._body = 17 + 4 * (self.count + 1)
        self._raw = raw
        if len(raw) < self._body or len(raw) != self._body + self._offset(self.count) or self._offset(0):
            raise BadMessage("a card segment of another length than it says", culprit="hub")

    def sealed(self, number: int) -> bytes:
        """The sealed card of that number. Raises BadMessage if it is not in this segment, or not in its place."""
        at = number - self.first
        if not 0 <= at < self.count:
            raise BadMessage("a card number outside its segment", culprit="hub")
        start, end = self._offset(at), self._offset(at + 1)
        if not start <= end <= self._offset(self.count):
            raise BadMessage("a card segment whose cards overlap", culprit="hub")
        return self._raw[self._body + start : self._body + end]

    def _offset(self, at: int) -> int:
        return int.from_bytes(self._raw[17 + 4 * at : 21 + 4 * at], "big")


def segment_digest(raw: bytes) -> bytes:
    """What the manifest and the address call a segment: its SHA-256."""
    return hashlib.sha256(raw).digest()
