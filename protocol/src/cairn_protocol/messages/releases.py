"""A release of figures: a table on the calendar, and the leaf that two analysts' signatures make of it.

    ReleaseTable    what is published, and the digests of what it was made from
    ReleaseConsent  an analyst agrees to exactly this table
    DataRelease     content of the leaf: the table's digest and both consents
    PublishedTable  a table with its leaf's content: a reader checks the one against the other and against the log

Source: domain brief P9, P10.
"""

from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta

from cairn_protocol.messages.bulletins import Band, CellKey, ReleaseId
from cairn_protocol.messages.wire import Bytes32, Count, Message, Name, Part, Seconds, Signed, whole

ReleaseName = Annotated[str, whole(r"[a-z][a-z0-9-]{0,30}")]
NoisyCount = Annotated[int, Meta(ge=-(2**31), le=2**32)]  # noise may carry it below nothing
ReleasePeriod = Annotated[str, whole(r"20[0-9]{2}-(0[1-9]|1[0-2])|20[0-9]{2}-Q[1-4]")]


class ReleaseAudience(StrEnum):
    """Who reads a release."""

    MEMBERS = "members"
    PUBLIC = "public"


class Detail(Part, frozen=True):
    """A figure computed from others."""

    name: Annotated[str, whole(r"[a-z_]{1,40}")]
    value: Annotated[str, whole(r"-?[0-9]{1,12}(\.[0-9]{1,4})?|true|false")]


class ReleasedFigure(Part, frozen=True):
    """A cell. For members bands, or the rule that keeps it back; for everybody a noisy count and its interval.

    details  what was computed from published counts, such as lift 3.4
    """

    cell: CellKey
    count: Band | None = None
    groups: Band | None = None
    rule: Annotated[str, whole(r"P[1-9]|margins|difference|overlap")] | None = None
    value: NoisyCount | None = None
    low: NoisyCount | None = None
    high: NoisyCount | None = None
    details: Annotated[tuple[Detail, ...], Meta(max_length=8)] = ()


class ReleaseInputs(Part, frozen=True):
    """What a table was made from: whoever has these makes the same table.

    snapshot  digest of the snapshot's rows
    method    digest of the question, the policy's numbers and what was answered to this audience before
    epsilon   of differential privacy; null for tables of exact bands
    """

    snapshot: Bytes32
    method: Bytes32
    epsilon: Annotated[str, whole(r"[0-9]{1,3}(/[0-9]{1,3})?")] | None


class ReleaseTable(Message, frozen=True, tag="cairn/release-table/1"):
    """What is published."""

    MAX_BYTES: ClassVar[int] = 1024 * 1024
    release: ReleaseId
    name: ReleaseName
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    audience: ReleaseAudience
    period: ReleasePeriod
    inputs: ReleaseInputs
    figures: Annotated[tuple[ReleasedFigure, ...], Meta(max_length=2_000)]
    notes: Annotated[tuple[Annotated[str, Meta(max_length=300)], ...], Meta(max_length=10)]


class ReleaseConsent(Message, frozen=True, tag="cairn/release-consent/1"):
    """An analyst agrees to exactly this table."""

    release: ReleaseId
    table: Bytes32
    analyst: Name
    signed_at: Seconds


class DataRelease(Message, frozen=True, tag="cairn/data-release/1"):
    """What the log has of a release. The two consents are of two analysts."""

    release: ReleaseId
    audience: ReleaseAudience
    period: ReleasePeriod
    table: Bytes32
    inputs: ReleaseInputs
    consents: tuple[Signed, Signed]
    released_at: Seconds


class PublishedTable(Part, frozen=True):
    """A table with its leaf's content."""

    table: ReleaseTable
    release: DataRelease


class PublishedTables(Message, frozen=True, tag="cairn/published-tables/1"):
    """Releases in force, the newest first. `more`: how many older ones there are."""

    MAX_BYTES: ClassVar[int] = 16 * 1024 * 1024
    tables: Annotated[tuple[PublishedTable, ...], Meta(max_length=50)]
    more: Count


class ReleaseDraft(Message, frozen=True, tag="cairn/release-draft/1"):
    """Make the table of that name, for the latest period that is over."""

    name: ReleaseName
