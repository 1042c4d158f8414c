"""G3: a sealed part opens only on evidence of k groups. Every way to have fewer and look like more is refused."""

import msgspec
import pytest

from cairn_protocol.checkpoint import Checkpoint
from cairn_protocol.codes.evidence import Code
from cairn_protocol.errors import BadRoster, TooFewGroups, TooLittleEvidence
from cairn_protocol.evidence import Ground, Verdict, judge
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.parties import Sector
from cairn_protocol.messages.report import Confidence, SignedHeader, sign_header
from cairn_protocol.sightings import Sighting, choose
from tests.support.keys import signing_key
from tests.support.openings import DOMAIN, EMAIL, PHONE, Filed, Ledger
from tests.support.reports import Firm, tag_of_value

WEEK_SECONDS = 7 * 86_400
BILL = (Kind.TRANSACTION, "MAEU-4471-0020")
WAYBILL = (Kind.TRANSACTION, "020-1234-5675")


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def codes(verdict: Verdict) -> set[Code]:
    return {finding.code for finding in verdict.findings}


def shut(verdict: Verdict, *why: Code) -> None:
    """Nothing opens, and the verdict says why, whatever else follows from it."""
    assert not verdict.ok
    assert codes(verdict) - {Code.TOO_FEW_GROUPS} == set(why)
    with pytest.raises((TooFewGroups, TooLittleEvidence)):
        verdict.require()


def resigned(filed: Filed, signed: SignedHeader) -> Filed:
    """The report with another header, not yet in the log."""
    return Filed(signed, filed.sealed, -1, filed.secrets)


def three(ledger: Ledger) -> list[Filed]:
    return [ledger.file(firm, PHONE) for firm in ledger.exporters(3)]


def sighting(ledger: Ledger, filed: Filed) -> Sighting:
    """The report as the hub has it in its tables."""
    header = filed.signed.header
    entry = ledger.roster.standings(header.member)[-1].entry
    assert entry.group is not None and entry.sector is not None
    tags = list(zip(header.keys, header.tags(), strict=True))
    return Sighting(
        header.member,
        header.report_id,
        entry.group,
        entry.sector,
        frozenset(tag for key, tag in tags if key.line is not None),
        frozenset(tag for key, tag in tags if key.kind is Kind.TRANSACTION),
    )


def test_three_groups_of_one_sector_that_share_a_value_open(ledger: Ledger) -> None:
    verdict = ledger.judge(*three(ledger))
    assert verdict.ok and (verdict.groups, verdict.events) == (3, 3)
    verdict.require()


def test_two_groups_open_nothing(ledger: Ledger) -> None:
    report, beside, _ = three(ledger)
    with pytest.raises(TooFewGroups) as refused:
        ledger.judge(report, beside).require()
    assert refused.value.groups == 2


def test_a_thousand_reports_of_one_firm_open_nothing(ledger: Ledger) -> None:
    """An opening counts groups, so one firm's volume buys nothing."""
    (firm,) = ledger.exporters(1)
    report, *others = (ledger.make(firm, PHONE, inquiry=f"{at}") for at in range(1_000))
    sightings = [sighting(ledger, one) for one in (report, *others)]
    assert choose(sightings[0], sightings[1:], k=3) == []

    placed = [ledger.place(one) for one in (report, *others[:2])]
    verdict = ledger.judge(*placed)
    shut(verdict, Code.SAME_GROUP)
    assert verdict.groups == 1


def test_affiliates_of_one_parent_are_one_group(ledger: Ledger) -> None:
    firms = [
        ledger.enrol(name, group=group) for name, group in (("m00", "fir"), ("m01", "fir"), ("m02", "elm"))
    ]
    report, affiliate, other = (ledger.file(firm, PHONE) for firm in firms)
    shut(ledger.judge(report, affiliate, other), Code.SAME_GROUP)
    shut(ledger.judge(other, report, affiliate), Code.SAME_GROUP)


def test_a_chain_opens_only_in_its_middle(ledger: Ledger) -> None:
    """A - B - C with k = 3: A and C share nothing with each other, so neither has two groups beside it."""
    a, b, c = ledger.exporters(3)
    left, middle, right = ledger.file(a, PHONE), ledger.file(b, PHONE, DOMAIN), ledger.file(c, DOMAIN)
    assert ledger.judge(middle, left, right).ok
    shut(ledger.judge(left, middle, right), Code.NO_SHARED_TAG)
    shut(ledger.judge(right, middle, left), Code.NO_SHARED_TAG)


def test_three_reporters_of_one_event_are_one(ledger: Ledger) -> None:
    """Exporter, forwarder and insurer of one shipment saw one thing three times."""
    sectors = (Sector.EXPORTER, Sector.LOGISTICS, Sector.INSURER)
    firms = [ledger.enrol(f"m0{at}", sector=sector) for at, sector in enumerate(sectors)]
    report, forwarder, insurer = (ledger.file(firm, PHONE, BILL) for firm in firms)
    shut(ledger.judge(report, forwarder, insurer), Code.SAME_EVENT)


def test_exporters_who_name_one_shipment_are_one_event(ledger: Ledger) -> None:
    a, b, c = ledger.exporters(3)
    report = ledger.file(a, PHONE)
    first, second = ledger.file(b, PHONE, BILL), ledger.file(c, PHONE, BILL, WAYBILL)
    shut(ledger.judge(report, first, second), Code.SAME_EVENT)
    own = ledger.file(a, PHONE, WAYBILL)
    assert ledger.judge(report, first, ledger.file(c, PHONE, WAYBILL)).ok
    shut(ledger.judge(own, first, ledger.file(c, PHONE, WAYBILL)), Code.SAME_EVENT)


def test_three_sectors_of_one_chain_open_nothing(ledger: Ledger) -> None:
    """Also if none of them names the shipment: the two beside a report must be of one trade."""
    sectors = (Sector.EXPORTER, Sector.LOGISTICS, Sector.INSURER)
    firms = [ledger.enrol(f"m0{at}", sector=sector) for at, sector in enumerate(sectors)]
    reports = [ledger.file(firm, PHONE) for firm in firms]
    for report in reports:
        shut(ledger.judge(report, *(one for one in reports if one is not report)), Code.OTHER_SECTOR)


def test_a_forwarders_report_opens_on_two_exporters(ledger: Ledger) -> None:
    """One sector is asked of those beside the report, not of the report itself."""
    a, b = ledger.exporters(2)
    report = ledger.file(ledger.enrol("m09", sector=Sector.LOGISTICS), PHONE)
    assert ledger.judge(report, ledger.file(a, PHONE), ledger.file(b, PHONE)).ok


def test_copied_tags_without_claims_link_nothing(ledger: Ledger) -> None:
    """Whoever saw a header can copy its tags, and can't sign for them: that takes the value."""
    a, b, thief = ledger.exporters(3)
    report, beside = ledger.file(a, PHONE), ledger.file(b, PHONE)
    honest = ledger.make(thief, PHONE).signed
    for claims in ((), (bytes(64),), beside.signed.claims):
        copied = sign_header(honest.header, claims, thief.key)
        filed = ledger.place(resigned(beside, copied))
        shut(ledger.judge(report, beside, filed), Code.BAD_CLAIM)


def test_a_report_whose_own_claim_is_false_is_borne_out_by_nothing(ledger: Ledger) -> None:
    thief, b, c = ledger.exporters(3)
    made = ledger.make(thief, PHONE)
    copied = sign_header(made.signed.header, (bytes(64),), thief.key)
    report = ledger.place(resigned(made, copied))
    shut(ledger.judge(report, ledger.file(b, PHONE), ledger.file(c, PHONE)), Code.BAD_CLAIM)


def test_a_claim_of_another_report_is_worth_nothing(ledger: Ledger) -> None:
    """The same firm, the same value, another inquiry: a claim is for one header."""
    a, b, c = ledger.exporters(3)
    report, beside, earlier = ledger.file(a, PHONE), ledger.file(b, PHONE), ledger.file(c, PHONE)
    later = ledger.make(c, PHONE, inquiry="another")
    moved = sign_header(later.signed.header, earlier.signed.claims, c.key)
    shut(ledger.judge(report, beside, ledger.place(resigned(later, moved))), Code.BAD_CLAIM)


def test_a_header_signed_by_another_member_counts_nothing(ledger: Ledger) -> None:
    a, b, c = ledger.exporters(3)
    report, beside = ledger.file(a, PHONE), ledger.file(b, PHONE)
    made = ledger.make(c, PHONE)
    forged = sign_header(made.signed.header, made.signed.claims, b.key)
    shut(ledger.judge(report, beside, ledger.place(resigned(made, forged))), Code.BAD_SIGNATURE)


def test_hearsay_counts_nothing_and_is_not_opened(ledger: Ledger) -> None:
    a, b, c = ledger.exporters(3)
    report, beside = ledger.file(a, PHONE), ledger.file(b, PHONE)
    rumour = ledger.file(c, PHONE, confidence=Confidence.HEARSAY)
    shut(ledger.judge(report, beside, rumour), Code.HEARSAY)
    shut(ledger.judge(rumour, report, beside), Code.HEARSAY)


def test_what_was_taken_back_counts_nothing_and_is_not_opened(ledger: Ledger) -> None:
    a, b, c = ledger.exporters(3)
    report, beside, gone = ledger.file(a, PHONE), ledger.file(b, PHONE), ledger.file(c, PHONE)
    assert ledger.judge(report, beside, gone).ok
    ledger.retract(c, gone)
    shut(ledger.judge(report, beside, gone), Code.TAKEN_BACK)
    shut(ledger.judge(gone, report, beside), Code.TAKEN_BACK)


def test_a_report_set_aside_counts_nothing_and_is_not_opened(ledger: Ledger) -> None:
    report, beside, aside = three(ledger)
    ledger.cut([aside])
    shut(ledger.judge(report, beside, aside), Code.TAKEN_BACK)
    shut(ledger.judge(aside, report, beside), Code.TAKEN_BACK)


def test_reports_that_were_cut_from_each_other_bear_nothing_out(ledger: Ledger) -> None:
    """And those on one side go on to do so."""
    report, beside, third, other = [ledger.file(firm, PHONE) for firm in ledger.exporters(4)]
    ledger.cut([report, beside, third], [other])
    shut(ledger.judge(report, beside, other), Code.CUT)
    shut(ledger.judge(other, report, beside), Code.CUT)
    assert ledger.judge(report, beside, third).ok


def test_a_header_backdated_by_more_than_52_weeks_counts_nothing(ledger: Ledger) -> None:
    """Against the trustee's own time: it first cosigned the leaf in 2026-W40."""
    a, b, c = ledger.exporters(3)
    report, beside = ledger.file(a, PHONE), ledger.file(b, PHONE)
    asked = ledger.now
    assert ledger.judge(report, beside, ledger.file(c, PHONE, week="2025-W41"), at=asked).ok
    shut(ledger.judge(report, beside, ledger.file(c, PHONE, week="2025-W39"), at=asked), Code.BACKDATED)


def test_evidence_older_than_365_days_counts_nothing(ledger: Ledger) -> None:
    a, b, c = ledger.exporters(3)
    old = ledger.file(c, PHONE)  # of 2026-W40
    ledger.now += 51 * WEEK_SECONDS
    report, beside = ledger.file(a, PHONE, week="2027-W38"), ledger.file(b, PHONE, week="2027-W38")
    assert ledger.judge(report, beside, old).ok
    ledger.now += 2 * WEEK_SECONDS
    shut(ledger.judge(report, beside, old), Code.TOO_OLD)
    shut(ledger.judge(old, report, beside), Code.TOO_OLD)


def test_a_week_that_had_not_begun_counts_nothing(ledger: Ledger) -> None:
    a, b, c = ledger.exporters(3)
    report, beside = ledger.file(a, PHONE), ledger.file(b, PHONE)
    shut(ledger.judge(report, beside, ledger.file(c, PHONE, week="2026-W42")), Code.POSTDATED)
    shut(ledger.judge(report, beside, ledger.file(c, PHONE, week="2027-W53")), Code.MALFORMED)


def test_a_forwarders_quarantined_phone_links_nothing(ledger: Ledger) -> None:
    reports = three(ledger)
    shut(ledger.judge(*reports, quarantined=[tag_of_value(*PHONE)]), Code.QUARANTINED)


def test_another_shared_value_beside_a_quarantined_one_still_links(ledger: Ledger) -> None:
    reports = [ledger.file(firm, PHONE, EMAIL) for firm in ledger.exporters(3)]
    assert ledger.judge(*reports, quarantined=[tag_of_value(*PHONE)]).ok


def test_a_claim_on_a_quarantined_value_does_not_stand_in_for_another(ledger: Ledger) -> None:
    """A thief knows the forwarder's phone, and copies the tag of a mailbox it does not know."""
    a, b, thief = ledger.exporters(3)
    report, beside = ledger.file(a, PHONE, EMAIL), ledger.file(b, PHONE, EMAIL)
    made = ledger.make(thief, PHONE, EMAIL)
    quarantined = [tag_of_value(*PHONE)]
    claims = tuple(
        claim if secret.kind is Kind.PHONE else bytes(64)
        for secret, claim in zip(made.secrets, made.signed.claims, strict=True)
    )
    copied = ledger.place(resigned(made, sign_header(made.signed.header, claims, thief.key)))
    assert ledger.judge(report, beside, copied).ok
    shut(ledger.judge(report, beside, copied, quarantined=quarantined), Code.BAD_CLAIM)


def test_nobody_but_members_bears_a_report_out(ledger: Ledger) -> None:
    """An analyst who files is on the roster, and of no group."""
    a, b = ledger.exporters(2)
    report, beside = ledger.file(a, PHONE), ledger.file(b, PHONE)
    analyst = ledger.analyst("a0")
    filed = ledger.file(Firm("a0", "none", 9, key=analyst.key), PHONE)
    shut(ledger.judge(report, beside, filed), Code.UNKNOWN_MEMBER)


def test_what_a_member_files_after_its_revocation_is_void(ledger: Ledger) -> None:
    a, b, c = ledger.exporters(3)
    report, beside, before = ledger.file(a, PHONE), ledger.file(b, PHONE), ledger.file(c, PHONE)
    ledger.revoke("m02", c.key)
    after = ledger.file(c, PHONE)
    assert ledger.judge(report, beside, before).ok
    shut(ledger.judge(report, beside, after), Code.REVOKED)


def test_a_member_with_a_new_key_is_still_the_same_group(ledger: Ledger) -> None:
    a, b, c = ledger.exporters(3)
    report, beside, before = ledger.file(a, PHONE), ledger.file(b, PHONE), ledger.file(c, PHONE)
    renewed = ledger.enrol("m02", key=signing_key("firm", "m02", "renewed"))
    after = ledger.file(renewed, PHONE)
    assert ledger.judge(report, beside, before).ok
    assert ledger.judge(report, beside, after).ok
    shut(ledger.judge(report, before, after), Code.SAME_GROUP)


def test_sham_groups_that_the_hub_enrols_alone_count_nothing(ledger: Ledger) -> None:
    a = ledger.exporters(1)[0]
    report = ledger.file(a, PHONE)
    shams = []
    for name in ("x0", "x1"):
        for by in ((), ("t1",)):
            with pytest.raises(BadRoster):
                ledger.enrol(name, by=by)
        shams.append(ledger.enrol(name, by=("t1", "t2")))
    roster_without = Ledger().roster
    filed = [ledger.file(sham, PHONE) for sham in shams]
    ground = ledger.ground()
    blind = Ground(roster_without, ground.checkpoint, ground.first_cosigned)
    verdict = judge(ledger.evidence_for(report, *filed), blind, len(ledger.hashes), ledger.now)
    shut(verdict, Code.UNKNOWN_MEMBER)


def test_a_member_counts_from_its_not_before_on(ledger: Ledger) -> None:
    a, b = ledger.exporters(2)
    report, beside = ledger.file(a, PHONE), ledger.file(b, PHONE)
    early = ledger.enrol("m08", not_before=ledger.now + 100)
    filed = ledger.file(early, PHONE)
    shut(ledger.judge(report, beside, filed), Code.UNKNOWN_MEMBER)
    ledger.now += 100
    assert ledger.judge(report, beside, ledger.file(early, PHONE)).ok


def test_a_leaf_before_its_members_entry_counts_nothing(ledger: Ledger) -> None:
    """A hub can't log a report today for a member of tomorrow."""
    a, b = ledger.exporters(2)
    report, beside = ledger.file(a, PHONE), ledger.file(b, PHONE)
    stranger = Ledger().enrol("m09")
    early = ledger.file(stranger, PHONE)
    ledger.enrol("m09")
    shut(ledger.judge(report, beside, early), Code.UNKNOWN_MEMBER)


def test_a_report_that_is_not_in_the_log_counts_nothing(ledger: Ledger) -> None:
    a, b, c = ledger.exporters(3)
    report, beside = ledger.file(a, PHONE), ledger.file(b, PHONE)
    unlogged = msgspec.structs.replace(ledger.shown(beside), signed=ledger.make(c, PHONE).signed)
    evidence = msgspec.structs.replace(
        ledger.evidence_for(report, beside), neighbours=(ledger.shown(beside), unlogged)
    )
    shut(judge(evidence, ledger.ground(), len(ledger.hashes), ledger.now), Code.NOT_IN_LOG)


def test_paths_of_another_log_prove_nothing(ledger: Ledger) -> None:
    """A hub that keeps a second log for the trustee's eyes has no root that this trustee cosigned."""
    reports = three(ledger)
    ground, size = ledger.ground(), len(ledger.hashes)
    evidence = ledger.evidence_for(*reports)
    forked = Checkpoint(ledger.genesis.origin, size, bytes(32))
    for checkpoint in (forked, Checkpoint(ledger.genesis.origin, size - 1, ground.checkpoint.root)):
        other = Ground(ledger.roster, checkpoint, ground.first_cosigned)
        shut(judge(evidence, other, size, ledger.now), Code.NOT_IN_LOG)


def test_a_leaf_that_the_trustee_never_cosigned_counts_nothing(ledger: Ledger) -> None:
    reports = three(ledger)
    ground = ledger.ground()
    unseen = Ground(ledger.roster, ground.checkpoint, lambda _: None)
    shut(judge(ledger.evidence_for(*reports), unseen, len(ledger.hashes), ledger.now), Code.NOT_IN_LOG)


def test_a_capsule_of_another_report_is_not_released_on_this_ones_evidence(ledger: Ledger) -> None:
    report, beside, other = three(ledger)
    evidence = ledger.evidence_for(report, beside, other)
    for swapped in (
        msgspec.structs.replace(evidence, capsule=other.sealed.capsule),
        msgspec.structs.replace(evidence, body_digest=other.sealed.body_digest()),
    ):
        shut(judge(swapped, ledger.ground(), len(ledger.hashes), ledger.now), Code.OTHER_SEALED_PART)


def test_one_report_shown_twice_is_one_group(ledger: Ledger) -> None:
    report, beside, _ = three(ledger)
    shut(ledger.judge(report, beside, beside), Code.SAME_GROUP)
    shut(ledger.judge(report, report, report), Code.SAME_GROUP)


def test_more_headers_than_needed_are_refused(ledger: Ledger) -> None:
    """A trustee learns which members saw one subject: of no more than it takes."""
    reports = [ledger.file(firm, PHONE) for firm in ledger.exporters(4)]
    shut(ledger.judge(*reports), Code.MORE_THAN_NEEDED)
    assert ledger.judge(*reports, k=4).ok


def test_a_rule_of_one_group_does_not_exist(ledger: Ledger) -> None:
    with pytest.raises(ValueError):
        ledger.ground(k=1)


def test_what_staff_read_names_no_member_and_no_value(ledger: Ledger) -> None:
    a, b, c = ledger.exporters(3)
    report, beside = ledger.file(a, PHONE), ledger.file(b, PHONE)
    verdict = ledger.judge(report, beside, ledger.file(c, PHONE, confidence=Confidence.HEARSAY))
    told = [str(finding) for finding in verdict.findings]
    assert told == [
        "report 2 beside it: it is hearsay by its own account (hearsay)",
        "the evidence: fewer groups bear it out than must (too-few-groups)",
    ]


def test_evidence_of_another_epoch_counts_nothing(ledger: Ledger) -> None:
    report, beside, other = three(ledger)
    later = msgspec.structs.replace(other.signed.header, epoch=2)
    signed = sign_header(later, other.signed.claims, signing_key("firm", later.member))
    filed = ledger.place(resigned(other, signed))
    shut(ledger.judge(report, beside, filed), Code.OTHER_EPOCH)


def test_a_header_whose_keys_make_no_tag_counts_nothing(ledger: Ledger) -> None:
    a, b, c = ledger.exporters(3)
    report, beside = ledger.file(a, PHONE), ledger.file(b, PHONE)
    header = ledger.make(c, PHONE).signed.header
    bare = tuple(msgspec.structs.replace(key, line=None) for key in header.keys)
    signed = sign_header(msgspec.structs.replace(header, keys=bare), (), c.key)
    shut(ledger.judge(report, beside, ledger.place(resigned(beside, signed))), Code.MALFORMED)
