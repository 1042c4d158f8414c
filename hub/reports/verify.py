"""Whether a report may be accepted: everything that can be checked without the database.

`verify` is the only maker of a `VerifiedReport`, so whatever takes one need not ask again. It is
pure, and it blocks: half a dozen multiplications and signatures a report. `verify_all` uses
every core; call both off the event loop.

Not here: whether the report is on file already (`filing`); who sent the request (`hub.members`).
Source: design.md 4.2, 4.3; the issue's list of bad input.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cairn_protocol import sealing
from cairn_protocol.assent_lock import Label
from cairn_protocol.errors import BadMessage, BadTag, PartyId, ProtocolError, WrongEpoch
from cairn_protocol.group import decode_element, decode_scalar, map_on_every_core
from cairn_protocol.match_lock import GroupIndex, check_share
from cairn_protocol.messages.log import LeafKind, hash_of
from cairn_protocol.messages.parties import Entry, Genesis
from cairn_protocol.messages.report import Header, Promise, Report, check_shape
from cairn_protocol.messages.wire import Signed, sign
from cairn_protocol.tags import Tag, check_claim, key_digest
from hub.reports.codes import check_codes
from hub.reports.refusals import FutureWeek, WrongMember, WrongNormaliser

# The first clocks on earth to enter a week are this far ahead of UTC.
_EARLIEST_ZONE: Final = timedelta(hours=14)

_BY_VERIFY: Final = object()


@dataclass(frozen=True, slots=True)
class VerifiedReport:
    """A report whose shape, codes, tags, shares, claims and signature hold. Only `verify` makes one.

    digest     of the signed report: what leaf, receipt and later revisions name
    leaf_hash  the hash of its leaf
    tags       one for each match key of the header, in its order
    """

    report: Report
    digest: bytes
    leaf_hash: bytes
    tags: tuple[Tag, ...]
    made_by: object

    def __post_init__(self) -> None:
        if self.made_by is not _BY_VERIFY:
            raise TypeError("a VerifiedReport comes from verify alone")

    @property
    def header(self) -> Header:
        """The signed header."""
        return self.report.signed.header

    def receipt(self, hub_key: Ed25519PrivateKey) -> Signed:
        """The hub's promise of its leaf, signed: the same bytes whenever it is asked for."""
        header = self.header
        promise = Promise(
            member=header.member,
            report_id=header.report_id,
            revision=header.revision,
            digest=self.digest,
            leaf_hash=self.leaf_hash,
        )
        return sign(promise, hub_key)


def verify(report: Report, caller: Entry, genesis: Genesis, now: int) -> VerifiedReport:
    """The report, once everything holds that can be checked alone. Blocks for about a millisecond.

    caller   the roster's entry of who sent it; its group has the place that shares are checked at
    genesis  epoch and normaliser of this hub
    now      seconds since 1970

    Raises WrongMember, WrongEpoch, WrongNormaliser, FutureWeek, BadMessage, UnknownCode, BadTag,
    BadSignature, BadElement, BadScalar, BadShare or BadClaim, naming the member.
    """
    header = report.signed.header
    culprit = f"member:{caller.party}"
    _check_ground(header, caller, genesis, now, culprit)
    _check_parts(report, culprit)
    check_codes(report.open.codes, culprit=culprit)
    tags = _checked_tags(report, culprit)
    report.signed.check(caller.signing_key)
    _check_locks(report, caller, culprit)
    digest = report.signed.digest()
    return VerifiedReport(report, digest, hash_of(LeafKind.REPORT, digest), tags, _BY_VERIFY)


def verify_all(
    reports: Sequence[Report], caller: Entry, genesis: Genesis, now: int
) -> list[VerifiedReport | ProtocolError]:
    """What `verify` gives or raises for each, on every core."""

    def verdict(report: Report) -> VerifiedReport | ProtocolError:
        try:
            return verify(report, caller, genesis, now)
        except ProtocolError as refused:
            return refused

    return map_on_every_core(verdict, reports)


def latest_week(now: int) -> str:
    """The ISO week that has begun somewhere on earth at `now` (seconds since 1970)."""
    year, week, _ = (datetime.fromtimestamp(now, UTC) + _EARLIEST_ZONE).isocalendar()
    return f"{year}-W{week:02d}"


def _check_ground(header: Header, caller: Entry, genesis: Genesis, now: int, culprit: PartyId) -> None:
    if header.member != caller.party:
        raise WrongMember("a report of one member, sent by another", culprit=culprit)
    if header.epoch != genesis.epoch:
        raise WrongEpoch(f"made for epoch {header.epoch}, this is {genesis.epoch}", culprit=culprit)
    if header.normaliser != genesis.normaliser:
        raise WrongNormaliser("made with other normalising data than the genesis names", culprit=culprit)
    check_week(header.week, culprit)
    if header.week > latest_week(now):
        raise FutureWeek("the report's week has not begun", culprit=culprit)
    if header.handling.embargo_until is not None:
        check_week(header.handling.embargo_until, culprit)


def check_week(week: str, culprit: PartyId) -> None:
    """Raise BadMessage for a week that its year does not have."""
    try:
        date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
    except ValueError:
        raise BadMessage("a week its year does not have", culprit=culprit) from None


def _check_parts(report: Report, culprit: PartyId) -> None:
    """Raise BadMessage unless header and what stands beside it fit together."""
    header = report.signed.header
    check_shape(header, culprit=culprit)
    if report.open.digest() != header.open_digest:
        raise BadMessage("the OPEN part is not the one the header names", culprit=culprit)
    if (report.sealed is None) != (header.sealed_digest is None):
        raise BadMessage("the header names a sealed part and there is none, or the reverse", culprit=culprit)
    if len(report.card_keys) != len(header.keys):
        raise BadMessage("a card key for every match key, no more and no less", culprit=culprit)
    lockable = len(header.lockable())
    if len(report.shares) != lockable or len(report.signed.claims) != lockable:
        raise BadMessage("a share and a claim for every lockable key, no more and no less", culprit=culprit)


def _checked_tags(report: Report, culprit: PartyId) -> tuple[Tag, ...]:
    """The tags, once every card key is the one whose digest is in its tag. Raises BadTag."""
    header = report.signed.header
    try:
        tags = tuple(header.tags())
    except BadTag as wrong:
        raise BadTag(wrong.detail, culprit=culprit) from None
    for at, key in enumerate(header.keys):
        if key_digest(report.card_key(at)) != key.key_digest:
            raise BadTag("a card key is not the one its tag was made from", culprit=culprit)
    return tags


def _check_locks(report: Report, caller: Entry, culprit: PartyId) -> None:
    """The sealed part is the header's own, shares are on their lines at the caller's group's place, claims hold."""
    header = report.signed.header
    if caller.group_index is None:
        raise WrongMember("only members file reports", culprit=culprit)
    at = GroupIndex(caller.group_index)
    digest = header.digest()
    if report.sealed is not None:
        label = Label(header.epoch, header.report_id, header.member)
        sealing.check(report.sealed, header.sealed_digest, label, len(header.lockable()), culprit=culprit)
    for key, share, claim in zip(header.lockable(), report.shares, report.signed.claims, strict=True):
        assert key.line is not None and key.claim_key is not None  # a lockable key whose tag was made
        line = [decode_element(commitment, culprit=culprit) for commitment in key.line]
        check_share(decode_scalar(share, culprit=culprit), at, line, culprit=culprit)
        check_claim(claim, key.claim_key, digest, culprit=culprit)
