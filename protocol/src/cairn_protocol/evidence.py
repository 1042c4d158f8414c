"""The rule by which a sealed part may be opened: values in, verdict out, the same at trustee, analyst and test.

For EACH report to open: reports of k - 1 or more other groups, each of which shares a lockable tag with
this report (not with another that shares one: in a chain A - B - C with k = 3 only B opens), all of
one sector by the roster, in as many events that are neither this report's nor each other's. Every
report counts only if its leaf is in the log, its member's signature and the claims on what is
shared hold, its week fits, and it is neither hearsay nor taken back.

Nothing that the hub says is believed. What the judge knows by itself is the `Ground`: its roster, a state of
the log, and when it first cosigned each leaf.

Not here: who asked, and whether the log has it (`openings`); what the hub may choose (`sightings`); the
parts (`assent_lock`).
Source: design 4.4, G3.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from cairn_protocol.assent_lock import Label
from cairn_protocol.checkpoint import Checkpoint
from cairn_protocol.codes.evidence import SENTENCES, Code
from cairn_protocol.cuts import NONE, Cuts
from cairn_protocol.errors import (
    BadClaim,
    BadInclusion,
    BadSignature,
    BadTag,
    TooFewGroups,
    TooLittleEvidence,
)
from cairn_protocol.kinds import Kind, is_lockable
from cairn_protocol.merkle import verify_inclusion
from cairn_protocol.messages.log import LeafKind, hash_of
from cairn_protocol.messages.openings import ReportEvidence, Shown
from cairn_protocol.messages.parties import Entry, Role
from cairn_protocol.messages.report import Confidence, Header, Retraction, SignedHeader
from cairn_protocol.messages.sealed import sealed_digest
from cairn_protocol.messages.wire import Signed, decode
from cairn_protocol.roster import Roster, Standing
from cairn_protocol.sightings import Sighting, objection
from cairn_protocol.tags import Tag, check_claim

K: Final = 3  # groups that an opening rests on, the report's own included
MAX_AGE: Final = timedelta(days=365)
MAX_BACKDATING: Final = timedelta(weeks=52)
# The first clocks on earth to enter a week are this far ahead of UTC.
_EARLIEST_ZONE: Final = timedelta(hours=14)

# Who took back which report: a retraction is of all its revisions.
ReportName = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Ground:
    """What the judge knows without the hub.

    roster          after the log's last leaf that it has
    checkpoint      a state of the log: at a trustee one it cosigned, at an analyst one that t trustees did
    first_cosigned  seconds since 1970 when a trustee first cosigned a state with the leaf of that index;
                    None if it has not
    quarantined     tags that the last logged manifest lists: they link nothing
    taken_back      `report_name` of reports retracted by any leaf so far. A false one only takes away
    cuts            what reviewers cut by any leaf so far. A false one only takes away
    """

    roster: Roster
    checkpoint: Checkpoint
    first_cosigned: Callable[[int], int | None]
    quarantined: frozenset[Tag] = frozenset()
    taken_back: frozenset[ReportName] = frozenset()
    cuts: Cuts = NONE
    k: int = K

    def __post_init__(self) -> None:
        if self.k < 2:
            raise ValueError("an opening rests on at least two groups")

    def seen_at(self, leaf: bytes, index: int, path: Sequence[bytes], size: int) -> int | None:
        """When the leaf with this hash was first cosigned, or None if the log does not have it there.

        path, size  that prove it, in the tree of the ground's checkpoint
        """
        try:
            if size != self.checkpoint.size:
                return None
            verify_inclusion(leaf, index, size, path, self.checkpoint.root)
        except BadInclusion:
            return None
        return self.first_cosigned(index)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: with what, by which code, in a sentence."""

    about: str
    code: Code

    def __str__(self) -> str:
        return f"{self.about}: {SENTENCES[self.code]} ({self.code.value})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one report may be opened on the evidence shown, and on how much.

    groups, events  counted, with the report's own
    """

    findings: tuple[Finding, ...]
    groups: int
    events: int

    @property
    def ok(self) -> bool:
        return not self.findings

    def require(self) -> None:
        """Raise TooFewGroups if groups are missing, TooLittleEvidence for anything else that was found."""
        told = "; ".join(str(finding) for finding in self.findings)
        if any(finding.code is Code.TOO_FEW_GROUPS for finding in self.findings):
            raise TooFewGroups(told, groups=self.groups)
        if not self.ok:
            raise TooLittleEvidence(told)


class _CountsNothing(Exception):  # never leaves this module: a reason, not an error
    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code


def report_name(header: Header) -> ReportName:
    """How `Ground.taken_back` calls a report."""
    return header.member, header.report_id.bytes


def taken_back_by(content: bytes) -> ReportName:
    """The report that a retraction's leaf takes back. Raises BadMessage.

    Its signature is not asked for: a false retraction can only keep something shut.
    """
    retraction = decode(decode(content, Signed).body, Retraction)
    return retraction.member, retraction.report_id.bytes


def label_of(header: Header) -> Label:
    """The label of the header's capsule, for `assent_lock`."""
    return Label(header.epoch, header.report_id, header.member)


def judge(evidence: ReportEvidence, ground: Ground, size: int, requested_at: int) -> Verdict:
    """Whether one report may be opened on the reports shown beside it.

    size          of the tree that the evidence's paths are for
    requested_at  seconds since 1970, by the judge's own knowledge

    Cost: a signature and a path for each report, two claims for each that bears out.
    """
    about = "the report to open"
    findings: list[Finding] = []
    counted: list[Sighting] = []
    target: Sighting | None = None
    try:
        target = _sighting(evidence.report, ground, size, requested_at)
        digest = sealed_digest(evidence.capsule, evidence.body_digest)
        if evidence.report.signed.header.sealed_digest != digest:
            raise _CountsNothing(Code.OTHER_SEALED_PART)
    except _CountsNothing as nothing:
        findings.append(Finding(about, nothing.code))
    for at, shown in enumerate(evidence.neighbours, start=1):
        try:
            sighting = _sighting(shown, ground, size, requested_at)
            if target is not None:
                _check_adds(sighting, shown, target, evidence.report, counted, ground)
                counted.append(sighting)
        except _CountsNothing as nothing:
            findings.append(Finding(f"report {at} beside it", nothing.code))
    if len(evidence.neighbours) > ground.k - 1:
        findings.append(Finding("the evidence", Code.MORE_THAN_NEEDED))
    if len(counted) < ground.k - 1:
        findings.append(Finding("the evidence", Code.TOO_FEW_GROUPS))
    own = 0 if target is None else 1
    return Verdict(tuple(findings), groups=own + len(counted), events=own + len(counted))


def week_objection(week: str, first_cosigned: int, requested_at: int) -> Code | None:
    """Why a header's ISO week lets it count nothing, or None. Times in seconds since 1970.

    A week counts by its Monday: within 365 days before the request, within 52 weeks before the week in
    which the leaf was first cosigned, and not after it by any clock on earth.
    """
    try:
        monday = date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
    except ValueError:
        return Code.MALFORMED
    seen, asked = datetime.fromtimestamp(first_cosigned, UTC), datetime.fromtimestamp(requested_at, UTC)
    if monday > (seen + _EARLIEST_ZONE).date():
        return Code.POSTDATED
    if monday < _monday(seen.date()) - MAX_BACKDATING:
        return Code.BACKDATED
    if monday < asked.date() - MAX_AGE:
        return Code.TOO_OLD
    return None


def _sighting(shown: Shown, ground: Ground, size: int, requested_at: int) -> Sighting:
    """What a shown report says, once everything holds that does not depend on others. Raises _CountsNothing."""
    signed, header = shown.signed, shown.signed.header
    if header.epoch != ground.roster.genesis.epoch:
        raise _CountsNothing(Code.OTHER_EPOCH)
    leaf = hash_of(LeafKind.REPORT, signed.digest())
    first_cosigned = ground.seen_at(leaf, shown.leaf_index, shown.path, size)
    if first_cosigned is None:
        raise _CountsNothing(Code.NOT_IN_LOG)
    entry = _member(signed, ground.roster, shown.leaf_index, first_cosigned)
    if header.confidence is Confidence.HEARSAY:
        raise _CountsNothing(Code.HEARSAY)
    if report_name(header) in ground.taken_back or header.report_id in ground.cuts.aside:
        raise _CountsNothing(Code.TAKEN_BACK)
    if code := week_objection(header.week, first_cosigned, requested_at):
        raise _CountsNothing(code)
    assert entry.group is not None and entry.sector is not None  # the roster admits no other member
    try:
        lockable = frozenset(key.tag(header.epoch) for key in header.keys if is_lockable(key.kind))
        transactions = frozenset(key.tag(header.epoch) for key in header.keys if key.kind is Kind.TRANSACTION)
    except BadTag:
        raise _CountsNothing(Code.MALFORMED) from None
    return Sighting(header.member, header.report_id, entry.group, entry.sector, lockable, transactions)


def _member(signed: SignedHeader, roster: Roster, leaf_index: int, first_cosigned: int) -> Entry:
    """The entry under which the header was signed. Raises _CountsNothing."""
    standings = [s for s in roster.standings(signed.header.member) if s.entry.role is Role.MEMBER]
    begun = [s for s in standings if begun_by(s, leaf_index, first_cosigned)]
    if not begun:
        raise _CountsNothing(Code.UNKNOWN_MEMBER)
    # A key that was changed and not revoked still counts: a report signed before may be logged after.
    for standing in reversed(begun):
        try:
            signed.check(standing.entry.signing_key)
        except BadSignature:
            continue
        if standing.revoked_at is not None and standing.revoked_at < leaf_index:
            raise _CountsNothing(Code.REVOKED)
        return standing.entry
    raise _CountsNothing(Code.BAD_SIGNATURE)


def begun_by(standing: Standing, leaf_index: int, at: int) -> bool:
    """Whether an entry was in the log and in force for what is signed in a leaf first cosigned at that time."""
    return standing.leaf_index < leaf_index and standing.entry.not_before <= at


def _check_adds(
    sighting: Sighting,
    shown: Shown,
    target: Sighting,
    to_open: Shown,
    counted: list[Sighting],
    ground: Ground,
) -> None:
    """Raise _CountsNothing unless the report adds a group, by a tag that both of the two firms really evaluated."""
    if code := objection(sighting, target, counted, ground.quarantined):
        raise _CountsNothing(code)
    if ground.cuts.apart(sighting.report_id, target.report_id):
        raise _CountsNothing(Code.CUT)
    shared = sorted((sighting.lockable & target.lockable).difference(ground.quarantined))
    if not any(_claimed(shown.signed, tag) and _claimed(to_open.signed, tag) for tag in shared):
        raise _CountsNothing(Code.BAD_CLAIM)


def _claimed(signed: SignedHeader, tag: Tag) -> bool:
    """Whether the header's claim on this tag of its own holds."""
    header = signed.header
    keys = header.lockable()
    if len(signed.claims) != len(keys):
        return False
    for key, claim in zip(keys, signed.claims, strict=True):
        if key.claim_key is not None and key.tag(header.epoch) == tag:
            try:
                check_claim(claim, key.claim_key, header.digest())
            except BadClaim:
                return False
            return True
    return False


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
