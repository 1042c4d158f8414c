"""Corrections on the wire: what a firm states about its own report, and what two people cut.

    Statement                 a firm says of its report: cleared, for a reason; or not about the subject it was
                              linked with. Its leaf is a digest, as a report's: the log does not tell who said it
    CutOrder                  a reviewer upholds a dispute: reports that must not be linked with each other
    CutConfirmation           an analyst agrees to exactly that order, so that no one person hides a subject
    Cut                       both, as the leaf's content: whoever reads the log sees which reports, why, who, when
    RecallAcknowledgement     a contributor has taken notice

A cut of one part sets its reports aside: they link and count nothing from then on. A cut of more parts keeps
the parts from each other. It names reports, never members; each firm finds its own among them.
Not here: what a cut does to evidence (`cairn_protocol.cuts`).
Source: domain brief 4.5, S4; design.md 4.4 and 4.6.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Final
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from cairn_protocol.errors import BadMessage, PartyId
from cairn_protocol.messages.index import RecallReason
from cairn_protocol.messages.wire import (
    Bytes32,
    Epoch,
    IsoWeek,
    Message,
    Name,
    Seconds,
    Signed,
    digest_of,
)

CLEARED_FOR: Final = timedelta(days=180)  # after that a clearance says nothing of what came since
MAX_PARTS: Final = 8
MAX_REPORTS: Final = 1_000  # in all parts together
MAX_COMMON: Final = 64

# Those that a person may give; the hub alone says WITHDRAWN and SUPERSEDED.
ORDERED: Final = frozenset(
    {
        RecallReason.WRONG_JOIN,
        RecallReason.WRONG_DATA,
        RecallReason.DISPUTE_UPHELD,
        RecallReason.LEGAL,
    }
)


class Said(StrEnum):
    """What a firm states about its own report."""

    CLEARED = "CLEARED"
    NOT_OURS = "NOT-OURS"  # not about the subject it was linked with
    RECORD = "RECORD"  # the firm's own record of decisions had this digest: says nothing of the report


class ClearReason(StrEnum):
    """Why an inquiry turned out to be innocent."""

    SITE_VISIT = "site-visit"
    THIRD_PARTY_CHECK = "third-party-check"
    LIST_FALSE_MATCH = "list-false-match"
    MISUNDERSTANDING = "misunderstanding"
    LICENCE_GRANTED = "licence-granted"
    LONG_KNOWN = "long-known"


class Statement(Message, frozen=True, tag="cairn/statement/1"):
    """A firm's word on the latest revision of its own report; a later revision makes it void.

    record  a keyed digest of the firm's record of decisions, for `RECORD` alone; left out of the others' bytes
    """

    member: Name
    report_id: UUID
    digest: Bytes32  # of the signed report
    said: Said
    reason: ClearReason | None  # why it was cleared
    week: IsoWeek  # when the firm found out
    record: Bytes32 | UnsetType = UNSET


class CutOrder(Message, frozen=True, tag="cairn/cut-order/1"):
    """A reviewer upholds a dispute.

    parts   report ids, each part in ascending order; parts in the order of their first reports
    common  tags of values that unrelated parties share: they link nobody from then on
    """

    epoch: Epoch
    reason: RecallReason
    parts: Annotated[
        tuple[Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=MAX_REPORTS)], ...],
        Meta(min_length=1, max_length=MAX_PARTS),
    ]
    common: Annotated[tuple[Bytes32, ...], Meta(max_length=MAX_COMMON)]
    reviewer: Name
    ordered_at: Seconds


class CutConfirmation(Message, frozen=True, tag="cairn/cut-confirmation/1"):
    """An analyst agrees. `order` is the digest of the CutOrder."""

    order: Bytes32
    analyst: Name
    confirmed_at: Seconds


class Cut(Message, frozen=True, tag="cairn/cut/1"):
    """The content of a cut's leaf: a signed CutOrder and a signed CutConfirmation of it."""

    MAX_BYTES: ClassVar[int] = 256 * 1024
    order: Signed
    confirmation: Signed


class RecallAcknowledgement(Message, frozen=True, tag="cairn/recall-acknowledgement/1"):
    """A firm whose reports were cut has taken notice. `cut` is the id of the cut."""

    cut: Annotated[str, Meta(min_length=16, max_length=16, pattern="^[0-9a-f]{16}$")]
    member: Name


def check_statement(statement: Statement, *, culprit: PartyId | None = None) -> None:
    """Raise BadMessage unless a clearance, and nothing else, has its reason, and so has a record its digest."""
    if (statement.said is Said.CLEARED) != (statement.reason is not None):
        raise BadMessage("a clearance needs its reason, and nothing else has one", culprit=culprit)
    if (statement.said is Said.RECORD) != (statement.record is not UNSET):
        raise BadMessage("a record needs its digest, and nothing else has one", culprit=culprit)


def check_order(order: CutOrder, *, culprit: PartyId | None = None) -> None:
    """Raise BadMessage unless the order has its one form and a reason that a person may give."""
    every = [report for part in order.parts for report in part]
    if len(set(every)) != len(every) or len(every) > MAX_REPORTS:
        raise BadMessage("a report in two parts, or too many reports", culprit=culprit)
    in_order = all(list(part) == sorted(part) for part in order.parts)
    if not in_order or list(order.parts) != sorted(order.parts):
        raise BadMessage("reports or parts out of order", culprit=culprit)
    if list(order.common) != sorted(set(order.common)):
        raise BadMessage("tags out of order, or one twice", culprit=culprit)
    if order.reason not in ORDERED:
        raise BadMessage("a reason that nobody orders a cut for", culprit=culprit)
    if (order.reason is RecallReason.WRONG_JOIN) != (len(order.parts) > 1):
        raise BadMessage("a wrong join has parts, and any other reason has one", culprit=culprit)


def cut_id(order: CutOrder) -> str:
    """How people call a cut: 16 hex digits of its order's digest."""
    return digest_of(order)[:8].hex()


def cleared_since(now: float) -> str:
    """The first ISO week of which a clearance still counts at `now` (seconds since 1970)."""
    year, week, _ = (datetime.fromtimestamp(now, UTC) - CLEARED_FOR).isocalendar()
    return f"{year}-W{week:02d}"
