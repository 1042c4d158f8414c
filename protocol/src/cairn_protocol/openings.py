"""Whether a trustee may assent to an opening: it is logged, two analysts signed it, and each report is borne out.

An opening is a leaf of the log before anybody answers it. Its time is when that leaf was first cosigned,
so no analyst can shift what counts as recent. No reason code, LEGAL included, asks for less evidence.

Not here: the rule for one report (`evidence`), the messages (`messages.openings`), what people decide.
Source: design 4.4, G3, G8.
"""

from dataclasses import dataclass

from cairn_protocol.codes.evidence import Code
from cairn_protocol.errors import BadMessage, BadOpening, ProtocolError, TooLittleEvidence
from cairn_protocol.evidence import Finding, Ground, Verdict, begun_by, judge
from cairn_protocol.messages.log import LeafKind, hash_of
from cairn_protocol.messages.openings import (
    Confirmation,
    Evidence,
    Opening,
    OpeningRequest,
    check_request,
    opening_digest,
)
from cairn_protocol.messages.parties import Entry, Role
from cairn_protocol.messages.wire import Signed, decode, digest_of, open_signed
from cairn_protocol.roster import Roster


@dataclass(frozen=True, slots=True)
class OpeningVerdict:
    """Whether an opening may be assented to: what is wrong with it, and a verdict for each of its reports."""

    findings: tuple[Finding, ...]
    reports: tuple[Verdict, ...]

    @property
    def ok(self) -> bool:
        return not self.findings and bool(self.reports) and all(verdict.ok for verdict in self.reports)

    def require(self) -> None:
        """Raise TooFewGroups or TooLittleEvidence unless all is well."""
        for verdict in self.reports:
            verdict.require()
        if not self.ok:
            raise TooLittleEvidence("; ".join(str(finding) for finding in self.findings))


def judge_opening(opening: Opening, evidence: Evidence, ground: Ground, now: int) -> OpeningVerdict:
    """Whether a trustee may assent to `opening` on `evidence`, at `now` (seconds since 1970).

    All reports of an opening are opened, or none.
    """
    leaf = hash_of(LeafKind.OPENING, opening_digest(opening))
    logged_at = ground.seen_at(leaf, evidence.leaf_index, evidence.path, evidence.size)
    if logged_at is None:
        return _refused(Code.NOT_LOGGED)
    if code := _objection(opening, evidence, ground.roster, logged_at, now):
        return _refused(code)
    return OpeningVerdict((), tuple(judge(one, ground, evidence.size, logged_at) for one in evidence.reports))


def requested(opening: Opening) -> OpeningRequest:
    """The request of an opening. Its signature is not checked here (`signers`). Raises BadMessage."""
    request = decode(opening.request.body, OpeningRequest)
    check_request(request)
    return request


def signers(opening: Opening, roster: Roster, leaf_index: int, logged_at: int) -> tuple[Entry, Entry]:
    """The entries of the analyst who asked and of the one who confirmed: parts are sealed to these.

    leaf_index, logged_at  where the opening's leaf is, and when it was first cosigned

    Raises BadOpening if they are one, if either is no analyst or if its key was revoked, be it after the
    leaf: a key that was stolen must not get the parts. BadSignature or BadMessage as `wire.open_signed`.
    """
    request = requested(opening)
    confirmation = decode(opening.confirmation.body, Confirmation)
    if confirmation.request != digest_of(request):
        raise BadOpening("the confirmation is of another request", culprit=f"analyst:{confirmation.analyst}")
    if confirmation.analyst == request.analyst:
        raise BadOpening("one analyst both asked and confirmed", culprit=f"analyst:{request.analyst}")
    asked = _analyst(roster, request.analyst, leaf_index, logged_at)
    confirmed = _analyst(roster, confirmation.analyst, leaf_index, logged_at)
    _check_signed(opening.request, OpeningRequest, asked)
    _check_signed(opening.confirmation, Confirmation, confirmed)
    return asked, confirmed


def _refused(code: Code) -> OpeningVerdict:
    return OpeningVerdict((Finding("the opening", code),), ())


def _objection(opening: Opening, evidence: Evidence, roster: Roster, logged_at: int, now: int) -> Code | None:
    """What is wrong with an opening that is in the log, apart from its reports."""
    if evidence.opening != opening_digest(opening):
        return Code.OTHER_OPENING
    try:
        request = requested(opening)
    except BadMessage:
        return Code.MALFORMED
    try:
        signers(opening, roster, evidence.leaf_index, logged_at)
    except ProtocolError:
        return Code.NOT_TWO_ANALYSTS
    if request.epoch != roster.genesis.epoch:
        return Code.OTHER_EPOCH
    if max(now, logged_at) > request.expires_at:
        return Code.EXPIRED
    if request.reports != tuple(one.report.signed.header.report_id for one in evidence.reports):
        return Code.OTHER_REPORTS
    return None


def _analyst(roster: Roster, party: str, leaf_index: int, logged_at: int) -> Entry:
    """The analyst's entry when the leaf was logged. Raises BadOpening if it or a later one was revoked."""
    culprit = f"analyst:{party}"
    standings = roster.standings(party)
    begun = [standing for standing in standings if begun_by(standing, leaf_index, logged_at)]
    if not begun or begun[-1].entry.role is not Role.ANALYST:
        raise BadOpening("no analyst on the roster when it was logged", culprit=culprit)
    if any(standing.revoked_at is not None for standing in standings[len(begun) - 1 :]):
        raise BadOpening("an analyst whose key was revoked", culprit=culprit)
    return begun[-1].entry


def _check_signed(signed: Signed, cls: type[OpeningRequest | Confirmation], analyst: Entry) -> None:
    open_signed(signed, cls, analyst.signing_key, culprit=f"analyst:{analyst.party}")
