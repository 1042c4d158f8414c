"""What a card says, and when there is none: groups over events, coverage, bands."""

from datetime import date

import pytest

from cairn_protocol.codes import items
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.index import Evidence
from cairn_protocol.messages.parties import Sector
from cairn_protocol.messages.report import Confidence
from cairn_protocol.tags import Tag
from hub.cards.coverage import coverage
from hub.cards.insight import Told, evidence, insight_into, quarter_of
from hub.linkage.events import Seen

FIVE = {f"g{at}": frozenset({"FAM-VAC"}) for at in range(5)}
PHONE = (Kind.PHONE, Tag(b"p" * 32))


def told(
    place: int,
    group: str,
    *,
    sector: Sector = Sector.EXPORTER,
    week: str = "2026-W40",
    confidence: Confidence = Confidence.STATEMENT,
    family: str = "FAM-VAC",
    shipment: str | None = None,
) -> Told:
    shipments = frozenset({Tag(shipment.encode())}) if shipment else frozenset[Tag]()
    return Told(Seen(place, group, sector, shipments), week, confidence, family, (PHONE,))


def test_two_groups_make_a_card_in_bands() -> None:
    insight = insight_into([told(1, "g0", week="2026-W10"), told(2, "g1"), told(3, "g1")], FIVE)

    assert insight is not None
    assert (insight.groups, insight.events, insight.evidence) == ("2-4", "2-4", Evidence.E2)
    assert (insight.first, insight.last) == ("2026-Q1", "2026-Q4")
    assert (insight.families, insight.sectors, insight.linked_by) == (
        ("FAM-VAC",),
        ("exporter",),
        (Kind.PHONE,),
    )


def test_two_members_of_one_group_make_no_card() -> None:
    """Domain truth 7."""
    assert insight_into([told(1, "g0"), told(2, "g0")], FIVE) is None


def test_one_shipment_seen_by_three_firms_makes_no_card_and_one_more_does() -> None:
    """Story S3: Fir, its forwarder and its insurer, then Fir's affiliate, then Gum."""
    seen = [
        told(1, "ibis", sector=Sector.LOGISTICS, shipment="HAWB 1"),
        told(2, "fir", shipment="HAWB 1"),
        told(3, "juniper", sector=Sector.INSURER, shipment="HAWB 1"),
        told(4, "fir"),
    ]
    assert insight_into(seen, FIVE) is None

    insight = insight_into([*seen, told(5, "gum")], FIVE)

    assert insight is not None
    assert (insight.groups, insight.events) == ("2-4", "2-4")


def test_a_subject_that_few_could_have_met_is_not_shown() -> None:
    """P7: a card about an item that four groups make would name them."""
    four = {group: families for group, families in FIVE.items() if group != "g0"}

    assert insight_into([told(1, "g0"), told(2, "g1")], four) is None


@pytest.mark.parametrize(
    ("asked", "covered"),
    [
        ({"FAM-VAC"}, 3),
        ({"FAM-ENR"}, 2),
        ({"FAM-VAC", "FAM-ENR"}, 4),
        ({"ALL"}, 4),
        ({"FAM-NUC"}, 1),
    ],
)
def test_coverage_counts_groups_that_deal_in_any_family_asked_for(asked: set[str], covered: int) -> None:
    declared = {
        "a": frozenset({"FAM-VAC"}),
        "b": frozenset({"FAM-VAC", "FAM-FIB"}),
        "c": frozenset({"FAM-ENR"}),
        "d": frozenset({"ALL"}),
        "e": frozenset[str](),
    }

    assert coverage(asked, declared) == covered


def test_every_listed_family_can_be_told_on_one_card() -> None:
    assert len(items().family_codes) < 64


@pytest.mark.parametrize(
    ("groups", "documents", "linked_by", "expected"),
    [
        (3, True, (Kind.PHONE,), Evidence.E3),
        (3, False, (Kind.PHONE,), Evidence.E2),
        (2, True, (Kind.NAME,), Evidence.E2),
        (2, True, (Kind.ACRONYM, Kind.ADDRESS), Evidence.E1),
    ],
)
def test_evidence_needs_groups_links_and_documents(
    groups: int, documents: bool, linked_by: tuple[Kind, ...], expected: Evidence
) -> None:
    assert evidence(groups, documents=documents, linked_by=linked_by) is expected


def test_a_week_belongs_to_the_quarter_of_its_thursday() -> None:
    assert quarter_of("2026-W01") == "2026-Q1"  # begins on 29 December 2025
    assert quarter_of("2026-W53") == "2026-Q4"  # ends on 3 January 2027
    for week in range(1, 53):
        thursday = date.fromisocalendar(2025, week, 4)
        assert quarter_of(f"2025-W{week:02d}") == f"2025-Q{-(-thursday.month // 3)}"


def test_likeness_alone_is_a_weak_link() -> None:
    assert evidence(2, documents=False, linked_by=(Kind.BAG, Kind.EDIT)) is Evidence.E1
    assert evidence(2, documents=False, linked_by=(Kind.PHONE, Kind.EDIT)) is Evidence.E2
