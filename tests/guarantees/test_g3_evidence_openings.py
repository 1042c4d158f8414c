"""G3, G8: nobody assents to an opening that is not logged, not two analysts', or not the one evidence is for."""

from dataclasses import dataclass

import msgspec
import pytest

from cairn_protocol.checkpoint import Checkpoint
from cairn_protocol.codes.evidence import Code
from cairn_protocol.errors import BadOpening, BadSignature, TooFewGroups, TooLittleEvidence
from cairn_protocol.evidence import Ground
from cairn_protocol.messages.openings import Evidence, Opening, Reason, confirm, opening_digest
from cairn_protocol.messages.parties import Role, prove_possession
from cairn_protocol.messages.wire import decode, encode, sign
from cairn_protocol.openings import OpeningVerdict, judge_opening, signers
from tests.support.keys import public, signing_key
from tests.support.openings import PHONE, Analyst, Filed, Ledger, analyst_named

DAY = 86_400


@dataclass
class Case:
    """Three groups, one value, two analysts, and an opening of the first report that is logged."""

    ledger: Ledger
    reports: list[Filed]
    asked: Analyst
    confirmed: Analyst
    opening: Opening
    leaf_index: int

    def evidence(self, opening: Opening | None = None, leaf_index: int | None = None) -> Evidence:
        """As a trustee reads it from the wire."""
        made = self.ledger.evidence(
            opening or self.opening,
            self.leaf_index if leaf_index is None else leaf_index,
            self.ledger.evidence_for(*self.reports),
        )
        return decode(encode(made), Evidence)

    def verdict(
        self,
        opening: Opening | None = None,
        leaf_index: int | None = None,
        evidence: Evidence | None = None,
        ground: Ground | None = None,
        now: int | None = None,
    ) -> OpeningVerdict:
        return judge_opening(
            opening or self.opening,
            evidence or self.evidence(opening, leaf_index),
            ground or self.ledger.ground(),
            self.ledger.now if now is None else now,
        )

    def judged(self, opening: Opening, leaf_index: int) -> OpeningVerdict:
        return self.verdict(opening, leaf_index)


@pytest.fixture
def case() -> Case:
    ledger = Ledger()
    reports = [ledger.file(firm, PHONE) for firm in ledger.exporters(3)]
    asked, confirmed = ledger.analyst("a0"), ledger.analyst("a1")
    opening, leaf_index = ledger.opening(ledger.request(reports[0]), asked, confirmed)
    return Case(ledger, reports, asked, confirmed, opening, leaf_index)


def shut(verdict: OpeningVerdict, why: Code) -> None:
    assert not verdict.ok and not verdict.reports
    assert [finding.code for finding in verdict.findings] == [why]
    with pytest.raises(TooLittleEvidence):
        verdict.require()


def test_an_opening_that_is_logged_signed_by_two_and_borne_out_may_be_assented_to(case: Case) -> None:
    verdict = case.verdict()
    assert verdict.ok and verdict.reports[0].groups == 3
    verdict.require()


@pytest.mark.parametrize("reason", Reason)
def test_no_reason_lowers_the_evidence(case: Case, reason: Reason) -> None:
    """A court order to one party opens no more than a typology does."""
    request = case.ledger.request(case.reports[0], reason=reason)
    opening, leaf_index = case.ledger.opening(request, case.asked, case.confirmed)
    assert case.judged(opening, leaf_index).ok
    case.reports.pop()
    with pytest.raises(TooFewGroups):
        case.judged(opening, leaf_index).require()


def test_every_report_of_an_opening_needs_its_own_evidence(case: Case) -> None:
    ledger, (first, second, third) = case.ledger, case.reports
    opening, leaf_index = ledger.opening(ledger.request(first, second), case.asked, case.confirmed)
    enough = ledger.evidence(
        opening,
        leaf_index,
        ledger.evidence_for(first, second, third),
        ledger.evidence_for(second, first, third),
    )
    assert case.verdict(opening, evidence=enough).ok
    lacking = ledger.evidence(
        opening, leaf_index, ledger.evidence_for(first, second, third), ledger.evidence_for(second, third)
    )
    assert not case.verdict(opening, evidence=lacking).ok


def test_an_opening_without_a_leaf_is_refused(case: Case) -> None:
    """G8: log before act. The evidence points to some other leaf, or to a place the log has not reached."""
    request = case.ledger.request(case.reports[0], reason=Reason.DISPUTE)
    unlogged = Opening(
        request=sign(request, case.asked.key),
        confirmation=sign(confirm(request, "a1", case.ledger.now), case.confirmed.key),
    )
    evidence = msgspec.structs.replace(case.evidence(), opening=opening_digest(unlogged))
    shut(case.verdict(unlogged, evidence=evidence), Code.NOT_LOGGED)
    past = msgspec.structs.replace(evidence, leaf_index=len(case.ledger.hashes))
    shut(case.verdict(unlogged, evidence=past), Code.NOT_LOGGED)


def test_an_opening_in_a_state_that_was_not_cosigned_here_is_refused(case: Case) -> None:
    ground = case.ledger.ground()
    forked = Ground(
        case.ledger.roster, Checkpoint("cairn.example/log", ground.checkpoint.size, bytes(32)), lambda _: 1
    )
    shut(case.verdict(ground=forked), Code.NOT_LOGGED)
    unseen = Ground(case.ledger.roster, ground.checkpoint, lambda _: None)
    shut(case.verdict(ground=unseen), Code.NOT_LOGGED)


def test_evidence_for_another_opening_is_refused(case: Case) -> None:
    """Evidence approved for one opening can't be played back for the next."""
    request = case.ledger.request(case.reports[0], reason=Reason.T3)
    opening, leaf_index = case.ledger.opening(request, case.asked, case.confirmed)
    replayed = msgspec.structs.replace(
        case.evidence(opening, leaf_index), opening=opening_digest(case.opening)
    )
    shut(case.verdict(opening, evidence=replayed), Code.OTHER_OPENING)


def test_reports_that_the_leaf_does_not_list_are_refused(case: Case) -> None:
    """Each SDK finds its own reports in the leaf; so nothing else may be opened under it."""
    ledger, (first, second, third) = case.ledger, case.reports
    other = ledger.evidence(case.opening, case.leaf_index, ledger.evidence_for(second, first, third))
    shut(case.verdict(evidence=other), Code.OTHER_REPORTS)
    more = ledger.evidence(
        case.opening,
        case.leaf_index,
        ledger.evidence_for(first, second, third),
        ledger.evidence_for(second, first, third),
    )
    shut(case.verdict(evidence=more), Code.OTHER_REPORTS)


def test_one_analyst_can_not_ask_and_confirm(case: Case) -> None:
    request = case.ledger.request(case.reports[0])
    opening, leaf_index = case.ledger.opening(request, case.asked, case.asked)
    shut(case.judged(opening, leaf_index), Code.NOT_TWO_ANALYSTS)


def test_two_keys_of_one_analyst_are_one_analyst(case: Case) -> None:
    """The roster knows a0 by its name, whatever its keys: an old and a new key don't make two people."""
    renewed = renew(case.ledger, case.asked)
    request = case.ledger.request(case.reports[0])
    opening, leaf_index = case.ledger.opening(request, case.asked, renewed)
    shut(case.judged(opening, leaf_index), Code.NOT_TWO_ANALYSTS)


def renew(ledger: Ledger, analyst: Analyst) -> Analyst:
    key = signing_key("renewed", analyst.entry.party)
    entry = msgspec.structs.replace(analyst.entry, signing_key=public(key))
    ledger.act(entry, prove_possession(entry, key))
    return Analyst(entry, key, analyst.sealing_key)


@pytest.mark.parametrize("forged", ["a0", "a1"])
def test_a_key_that_signs_in_another_analysts_name_is_refused(case: Case, forged: str) -> None:
    """One analyst alone, or the hub, can write the other's name, and not sign in it."""
    keys = {"a0": case.asked.key, "a1": case.confirmed.key} | {forged: signing_key("hub")}
    request = case.ledger.request(case.reports[0])
    opening = Opening(
        request=sign(request, keys["a0"]),
        confirmation=sign(confirm(request, "a1", case.ledger.now), keys["a1"]),
    )
    with pytest.raises(BadSignature) as refused:
        signers(opening, case.ledger.roster, case.leaf_index + 1, case.ledger.now)
    assert refused.value.culprit == f"analyst:{forged}"


def test_nobody_but_analysts_asks(case: Case) -> None:
    """Nor a member, a stranger, or a liaison with its credentials."""
    ledger = case.ledger
    firm = ledger.enrol("m09")
    member = Analyst(firm.entry, firm.key, case.asked.sealing_key)
    lee = analyst_named("l0")
    liaison = Analyst(msgspec.structs.replace(lee.entry, role=Role.LIAISON), lee.key, lee.sealing_key)
    ledger.act(liaison.entry, prove_possession(liaison.entry, liaison.key))
    for other in (member, liaison, analyst_named("a9")):
        opening, leaf_index = ledger.opening(ledger.request(case.reports[0]), case.asked, other)
        shut(case.judged(opening, leaf_index), Code.NOT_TWO_ANALYSTS)
        request = ledger.request(case.reports[0], analyst=other.entry.party)
        opening, leaf_index = ledger.opening(request, other, case.confirmed)
        shut(case.judged(opening, leaf_index), Code.NOT_TWO_ANALYSTS)


def test_an_analyst_revoked_after_the_leaf_gets_nothing(case: Case) -> None:
    assert case.verdict().ok
    case.ledger.revoke("a1", case.confirmed.key)
    shut(case.verdict(), Code.NOT_TWO_ANALYSTS)


def test_an_analyst_whose_next_key_was_revoked_gets_nothing(case: Case) -> None:
    renewed = renew(case.ledger, case.confirmed)
    assert case.verdict().ok
    case.ledger.revoke("a1", renewed.key)
    shut(case.verdict(), Code.NOT_TWO_ANALYSTS)


def test_a_confirmation_is_of_one_request(case: Case) -> None:
    """A confirmation of the harmless request is no confirmation of another one."""
    other = case.ledger.request(case.reports[1])
    opening = Opening(request=sign(other, case.asked.key), confirmation=case.opening.confirmation)
    with pytest.raises(BadOpening):
        signers(opening, case.ledger.roster, case.leaf_index, case.ledger.now)


def test_a_request_expires(case: Case) -> None:
    assert case.verdict(now=case.ledger.now + 14 * DAY).ok
    shut(case.verdict(now=case.ledger.now + 14 * DAY + 1), Code.EXPIRED)


def test_a_request_can_not_be_logged_after_it_expired(case: Case) -> None:
    request = case.ledger.request(case.reports[0])
    case.ledger.now += 15 * DAY
    opening, leaf_index = case.ledger.opening(request, case.asked, case.confirmed)
    shut(case.verdict(opening, leaf_index, now=request.requested_at), Code.EXPIRED)


def test_a_request_can_not_wait_for_ever(case: Case) -> None:
    request = msgspec.structs.replace(
        case.ledger.request(case.reports[0]), expires_at=case.ledger.now + 31 * DAY
    )
    opening, leaf_index = case.ledger.opening(request, case.asked, case.confirmed)
    shut(case.judged(opening, leaf_index), Code.MALFORMED)


def test_an_analyst_can_not_make_old_evidence_young_by_its_own_clock(case: Case) -> None:
    """The 365 days are counted from when the trustee saw the leaf, whatever the request says."""
    ledger = case.ledger
    case.reports = [ledger.file(firm, PHONE, week="2025-W41") for firm in ledger.exporters(3)]
    request = ledger.request(case.reports[0])
    opening, leaf_index = ledger.opening(request, case.asked, case.confirmed)
    assert case.judged(opening, leaf_index).ok
    ledger.now += 13 * DAY
    later, leaf_index = ledger.opening(request, case.asked, case.confirmed)
    (report,) = case.judged(later, leaf_index).reports
    assert Code.TOO_OLD in {finding.code for finding in report.findings}


def test_a_request_of_another_epoch_is_refused(case: Case) -> None:
    request = msgspec.structs.replace(case.ledger.request(case.reports[0]), epoch=2)
    opening, leaf_index = case.ledger.opening(request, case.asked, case.confirmed)
    shut(case.judged(opening, leaf_index), Code.OTHER_EPOCH)


def test_reports_listed_twice_or_out_of_order_are_refused(case: Case) -> None:
    request = case.ledger.request(case.reports[0])
    twice = msgspec.structs.replace(request, reports=request.reports * 2)
    opening, leaf_index = case.ledger.opening(twice, case.asked, case.confirmed)
    shut(case.judged(opening, leaf_index), Code.MALFORMED)
