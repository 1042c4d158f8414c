"""A firm's counters of a period: each inquiry once, what comes late where it is noticed."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cairn import Inquiry
from cairn.raw.counting import count
from cairn.raw.sanitise import Rules, leaving
from cairn_protocol.messages.policy import FINEST
from cairn_protocol.messages.returns import Caps
from cairn_protocol.returns_layout import CURRENT, finish

CAPS = Caps(handled=200, flagged=40, band=1, cell=5, code=20)


def inquiry(at: int = 1, **told: Any) -> Inquiry:
    """A flagged inquiry from Kazakhstan through Turkey."""
    return Inquiry.from_mapping(
        {
            "inquiry_id": f"c-{at}",
            "party": {"name": "Kestrel Bench"},
            "item": {"family": "FAM-IC"},
            "route": {"via": ["TR"], "stated_destination": "KZ"},
            "red_flags": ["RF-ENU-01"],
            "outcome": "DECLINED",
            **told,
        }
    )


def named(counters: list[int]) -> dict[str, int]:
    return {cell.name: value for cell, value in zip(CURRENT.cells, counters, strict=True) if value}


def test_a_flagged_inquiry_moves_totals_and_codes_by_one() -> None:
    counted = count(CURRENT, [inquiry()], {})

    assert named(counted.counters) == {
        "handled": 1,
        "flagged": 1,
        "flag/RF-ENU-01": 1,
        "outcome/DECLINED": 1,
        "stage/inquiry": 1,
        "family-destination/FAM-IC/KZ": 1,
        "corridor/TR/143": 1,
    }


def test_an_inquiry_without_a_flag_was_handled_and_nothing_else() -> None:
    assert named(count(CURRENT, [inquiry(red_flags=[])], {}).counters) == {"handled": 1}


def test_shipped_and_open_inquiries_count_under_no_outcome() -> None:
    """SHIPPED can be an admission; were OPEN counted, the rest would tell it."""
    counted = count(CURRENT, [inquiry(1, outcome="SHIPPED"), inquiry(2, outcome="OPEN")], {})

    assert not any(name.startswith("outcome/") for name in named(counted.counters))


def test_what_was_counted_does_not_count_again_and_a_later_outcome_does() -> None:
    first = count(CURRENT, [inquiry(outcome="OPEN")], {})
    earlier = {inquiry_id: frozenset(names) for inquiry_id, names in first.by_inquiry}

    assert named(count(CURRENT, [inquiry(outcome="OPEN")], earlier).counters) == {}
    assert named(count(CURRENT, [inquiry(outcome="DECLINED")], earlier).counters) == {"outcome/DECLINED": 1}


def test_an_inquiry_flagged_only_later_counts_as_handled_beside_its_flag() -> None:
    """A band of flagged over handled needs something below the line."""
    first = count(CURRENT, [inquiry(red_flags=[])], {})
    earlier = {inquiry_id: frozenset(names) for inquiry_id, names in first.by_inquiry}

    counters = count(CURRENT, [inquiry()], earlier).counters

    assert named(counters)["handled"] == named(counters)["flagged"] == 1
    assert named(finish(CURRENT, [counters], CAPS))["band/7"] == 1


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from(["OPEN", "HELD", "CLEARED"])), max_size=6),
    st.integers(0, 6),
)
def test_two_periods_count_what_one_would(told: list[tuple[bool, str]], cut: int) -> None:
    """Whatever is in the first return and whatever late in the second: together each inquiry counts once."""
    inquiries = [
        inquiry(at, red_flags=["RF-ENU-01"] if flagged else [], outcome=outcome)
        for at, (flagged, outcome) in enumerate(told)
    ]
    first = count(CURRENT, inquiries[:cut], {})
    earlier = {inquiry_id: frozenset(names) for inquiry_id, names in first.by_inquiry}
    second = count(CURRENT, inquiries, earlier)

    both = [a + b for a, b in zip(first.counters, second.counters, strict=True)]
    assert both == count(CURRENT, inquiries, {}).counters


def test_who_came_back_moves_nothing_twice() -> None:
    """Domain brief 2.2 and 3: an attempt is the event of the one it came back on."""
    came_back = {"c-2": "c-1", "c-3": "c-2"}
    again = [inquiry(1), inquiry(2), inquiry(3, outcome="HELD")]

    assert count(CURRENT, again[:2], {}, came_back).counters == count(CURRENT, again[:1], {}).counters
    (first, *later) = count(CURRENT, again, {}, came_back).by_inquiry
    assert first[0] == "c-1" and not any("handled" in names for _, names in later)


def test_no_counter_tells_what_a_policy_pack_withholds() -> None:
    rules = Rules(replace(FINEST, route="none", outcome="none", withheld_flags=("RF-ENU-01",)), covered=9)
    one = inquiry(red_flags=["RF-ENU-01", "RF-LOG-01"])

    counted = count(CURRENT, [one], {}, codes_of=lambda inquiry: leaving(inquiry, rules).codes)

    assert named(counted.counters) == {
        "handled": 1,
        "flagged": 1,
        "flag/RF-LOG-01": 1,
        "stage/inquiry": 1,
        "family-destination/FAM-IC/XX": 1,
    }


def test_an_inquiry_that_counted_does_not_count_again_under_a_coarser_place() -> None:
    rules = Rules(replace(FINEST, route="subregion"), covered=9)
    ((_, names),) = count(CURRENT, [inquiry()], {}).by_inquiry

    again = count(
        CURRENT, [inquiry()], {"c-1": frozenset(names)}, codes_of=lambda one: leaving(one, rules).codes
    )

    assert again.by_inquiry == ()
