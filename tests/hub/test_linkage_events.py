"""Events: what happened once counts once, for one group, and nobody counts another away."""

from itertools import permutations
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.messages.parties import Sector
from cairn_protocol.tags import Tag
from hub.linkage.events import Seen, attempts_of, events_of, groups_of
from tests.support.reports import open_codes

EXPORTER, FORWARDER, INSURER = Sector.EXPORTER, Sector.LOGISTICS, Sector.INSURER


def seen(place: int, group: str, sector: Sector = EXPORTER, *shipments: str) -> Seen:
    return Seen(place, group, sector, frozenset(Tag(shipment.encode()) for shipment in shipments))


def groups(*reports: Seen) -> set[str]:
    return groups_of(events_of(reports))


def test_a_shipment_that_three_firms_saw_is_one_event_of_its_exporter() -> None:
    reports = [
        seen(1, "juniper", INSURER, "HAWB 1"),
        seen(2, "ibis", FORWARDER, "HAWB 1"),
        seen(3, "fir", EXPORTER, "HAWB 1"),
    ]

    assert [event.group for event in events_of(reports)] == ["fir"]


def test_without_an_exporter_it_is_the_forwarders() -> None:
    assert groups(seen(1, "juniper", INSURER, "HAWB 1"), seen(2, "ibis", FORWARDER, "HAWB 1")) == {"ibis"}


def test_two_exporters_are_two_events_whatever_they_name() -> None:
    """Else whoever learns another's transport document makes that firm's sighting vanish."""
    assert groups(seen(1, "fir", EXPORTER, "HAWB 1"), seen(2, "gum", EXPORTER, "HAWB 1")) == {"fir", "gum"}


def test_a_forwarder_of_two_shipments_does_not_make_their_exporters_one() -> None:
    reports = [
        seen(1, "fir", EXPORTER, "HAWB 1"),
        seen(2, "gum", EXPORTER, "HAWB 2"),
        seen(3, "ibis", FORWARDER, "HAWB 1", "HAWB 2"),
    ]

    assert len(events_of(reports)) == 2
    assert groups(*reports) == {"fir", "gum"}


def test_a_forwarder_of_two_documents_joins_its_insurer_to_the_exporter() -> None:
    """House and master waybill: the insurer knows one, the exporter the other."""
    reports = [
        seen(1, "juniper", INSURER, "MAWB 7"),
        seen(2, "ibis", FORWARDER, "HAWB 1", "MAWB 7"),
        seen(3, "fir", EXPORTER, "HAWB 1"),
    ]

    assert [event.group for event in events_of(reports)] == ["fir"]


def test_affiliates_are_one_contributor_and_two_events() -> None:
    reports = [seen(1, "fir"), seen(2, "fir")]

    assert (len(events_of(reports)), groups(*reports)) == (2, {"fir"})


reports_ = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(Sector),
        st.sets(st.sampled_from("123"), max_size=2).map(sorted),
    ),
    max_size=5,
).map(
    lambda told: [seen(at, group, sector, *shipments) for at, (group, sector, shipments) in enumerate(told)]
)


@given(reports=reports_)
def test_no_order_of_reports_changes_the_count(reports: list[Seen]) -> None:
    counts = {
        tuple(sorted(event.group for event in events_of(order))) for order in list(permutations(reports))[:24]
    }

    assert len(counts) == 1


@given(reports=reports_)
def test_every_exporters_group_counts(reports: list[Seen]) -> None:
    exporters = {report.group for report in reports if report.sector is EXPORTER}

    assert exporters <= groups(*reports) <= {report.group for report in reports}


def test_who_came_back_to_one_firm_is_one_event_and_nobody_elses() -> None:
    """Domain brief 2.2: a repeat never counts as a second event. Another firm that names the report joins nothing."""
    first, second, third = uuid4(), uuid4(), uuid4()

    def report(place: int, member: str, own: UUID, earlier: UUID | None = None) -> Seen:
        codes = open_codes() if earlier is None else open_codes(attempt=earlier)
        return Seen(place, member, FORWARDER, attempts_of(member, own, codes))

    chain = [
        report(3, "ibis", third, second),
        report(1, "ibis", first),
        report(2, "ibis", second, first),
    ]
    assert [sorted(event.places) for event in events_of(chain)] == [[1, 2, 3]]
    assert len(events_of([*chain, report(4, "juniper", uuid4(), first)])) == 2
