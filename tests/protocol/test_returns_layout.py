"""The layout: published, fixed for ever, and no inquiry moves more of it than it says."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.codes import COUNTRIES, UNKNOWN, SentOutcome, Stage, items, red_flags
from cairn_protocol.codes.m49 import SUBREGIONS, subregion_of
from cairn_protocol.errors import WrongTerms
from cairn_protocol.messages.returns import Caps, ReturnTerms
from cairn_protocol.returns_layout import (
    BANDS,
    CURRENT,
    LAYOUTS,
    CounterClass,
    FlaggedInquiry,
    finish,
    layout_of,
    rate_band,
    tally,
)
from tests.support.sums import CAPS, a_sum

WIDE = Caps(handled=10**6, flagged=10**6, band=1, cell=10**6, code=10**6)
FLAGS = sorted(red_flags().by_code)

inquiries = st.builds(
    FlaggedInquiry,
    family=st.sampled_from([*sorted(items().family_codes), "ALL", "FAM-NEW"]),
    destination=st.sampled_from([*sorted(COUNTRIES), UNKNOWN]),
    via=st.lists(st.sampled_from(sorted(COUNTRIES)), max_size=3).map(tuple),
    red_flags=st.lists(st.sampled_from(FLAGS), unique=True, max_size=20).map(tuple),
    outcome=st.none() | st.sampled_from(SentOutcome),
    stage=st.sampled_from(Stage),
)


def an_inquiry(**other: object) -> FlaggedInquiry:
    told: dict[str, object] = dict(
        family="FAM-IC",
        destination="KZ",
        via=("DE", "AE", "TR"),
        red_flags=("RF-CUS-01",),
        outcome=SentOutcome.DECLINED,
        stage=Stage.ORDER,
    )
    return FlaggedInquiry(**(told | other))  # type: ignore[arg-type]


def counted(vector: Sequence[int]) -> dict[str, int]:
    return {cell.name: value for cell, value in zip(CURRENT.cells, vector, strict=True) if value}


def test_version_1_has_not_changed() -> None:
    """Terms of closed periods name this digest: what it stands for must stay computable."""
    layout = LAYOUTS[1]

    assert layout.digest.hex() == "0b7422ee33c37ef5ce0eb75a86db6bb289f606a0dfa706e8ba501d11b2d1cdaa"
    assert (len(layout.cells), layout.squared_sensitivity) == (1_027, 12)


def test_every_cell_has_a_name_of_its_own() -> None:
    assert len(CURRENT.slots) == len(CURRENT.cells)
    assert all(CURRENT.cells[slot].name == name for name, slot in CURRENT.slots.items())


def test_the_layout_has_every_code_that_may_be_sent() -> None:
    """Else a firm's counter of a new code would silently go nowhere: a new list needs a new layout."""
    flags = {f"flag/{flag.code}" for flag in red_flags().flags if not flag.local_only}
    outcomes = {f"outcome/{outcome}" for outcome in SentOutcome}
    stages = {f"stage/{stage}" for stage in Stage}

    assert flags | outcomes | stages == {
        cell.name for cell in CURRENT.cells if cell.counter_class is CounterClass.CODE
    }
    for family in (*items().family_codes, "ALL"):
        for country in (*COUNTRIES, UNKNOWN):
            assert f"family-destination/{family}/{CURRENT.destination(country)}" in CURRENT.slots


def test_every_country_but_antarctica_lies_in_one_subregion() -> None:
    assert {subregion_of(country) for country in COUNTRIES - {"AQ"}} == SUBREGIONS.keys()
    assert subregion_of("AQ") == subregion_of(UNKNOWN) == UNKNOWN


def test_an_inquiry_counts_once_on_every_axis() -> None:
    assert counted(tally(CURRENT, 3, [an_inquiry()])) == {
        "handled": 3,
        "flagged": 1,
        "flag/RF-CUS-01": 1,
        "outcome/DECLINED": 1,
        "stage/order": 1,
        "family-destination/FAM-IC/KZ": 1,
        "corridor/AE/143": 1,
    }


def test_a_shipped_or_open_inquiry_counts_under_no_outcome() -> None:
    """A count of SHIPPED could be an admission, so there is no such counter, and none to tell it by."""
    vector = counted(tally(CURRENT, 1, [an_inquiry(outcome=None)]))

    assert not any(name.startswith("outcome/") for name in vector)


def test_a_local_only_flag_counts_nowhere() -> None:
    local = next(flag.code for flag in red_flags().flags if flag.local_only)

    vector = counted(tally(CURRENT, 1, [an_inquiry(red_flags=(local,))]))

    assert not any(name.startswith("flag/") for name in vector)


def test_of_many_flags_the_gravest_four_count() -> None:
    vector = counted(tally(CURRENT, 1, [an_inquiry(red_flags=tuple(FLAGS))]))
    flags = [name.removeprefix("flag/") for name in vector if name.startswith("flag/")]

    assert len(flags) == 4
    assert {red_flags().by_code[flag].severity_hint for flag in flags} == {"high"}


def test_an_unlisted_family_counts_as_any_family() -> None:
    assert "family-destination/ALL/KZ" in counted(tally(CURRENT, 1, [an_inquiry(family="FAM-NEW")]))


def vector_of(inquiries: Sequence[FlaggedInquiry], handled: int, caps: Caps) -> list[int]:
    return finish(CURRENT, [tally(CURRENT, handled, inquiries)], caps)


@given(st.lists(inquiries, max_size=6), inquiries, st.integers(0, 30), st.sampled_from([CAPS, WIDE]))
def test_one_inquiry_moves_no_more_than_the_noise_is_measured_for(
    others: list[FlaggedInquiry], one: FlaggedInquiry, unflagged: int, caps: Caps
) -> None:
    handled = len(others) + unflagged
    without = vector_of(others, handled, caps)

    for after in (vector_of([*others, one], handled + 1, caps), vector_of(others, handled + 1, caps)):
        assert sum((a - b) ** 2 for a, b in zip(after, without, strict=True)) <= CURRENT.squared_sensitivity


def test_some_inquiry_moves_that_much() -> None:
    """So the noise is no larger than it must be."""
    after = vector_of([an_inquiry(red_flags=tuple(FLAGS))], 21, WIDE)

    before = vector_of([], 20, WIDE)

    moved = sum((a - b) ** 2 for a, b in zip(after, before, strict=True))
    assert moved == CURRENT.squared_sensitivity


@given(st.lists(inquiries, max_size=8), st.integers(0, 8))
def test_affiliates_add_to_what_one_firm_would_have_counted(all_of: list[FlaggedInquiry], at: int) -> None:
    parts = [all_of[:at], all_of[at:]]
    tallies = [tally(CURRENT, 2 * len(part), part) for part in parts]

    assert finish(CURRENT, tallies, CAPS) == vector_of(all_of, 2 * len(all_of), CAPS)


def test_counters_are_clipped_at_the_cap_of_their_class() -> None:
    vector = counted(vector_of([an_inquiry()] * 300, 1_000, CAPS))

    assert vector == {
        "handled": 200,
        "flagged": 40,
        "band/6": 1,
        "flag/RF-CUS-01": 20,
        "outcome/DECLINED": 20,
        "stage/order": 20,
        "family-destination/FAM-IC/KZ": 5,
        "corridor/AE/143": 5,
    }


def test_a_period_with_nothing_is_a_vector_of_zeros() -> None:
    assert not any(vector_of([], 0, CAPS))


@pytest.mark.parametrize(
    ("flagged", "handled", "band"),
    [
        (0, 9, 0),
        (1, 100, 1),
        (2, 101, 2),
        (1, 50, 2),
        (1, 20, 3),
        (1, 10, 4),
        (1, 5, 5),
        (1, 2, 6),
        (2, 3, 7),
    ],
)
def test_a_rate_falls_into_its_band(flagged: int, handled: int, band: int) -> None:
    assert rate_band(flagged, handled) == band


@given(st.integers(1, 10**6), st.data())
def test_every_rate_has_one_of_eight_bands_and_a_higher_rate_no_lower_one(
    handled: int, data: st.DataObject
) -> None:
    low, high = sorted(data.draw(st.tuples(st.integers(0, handled), st.integers(0, handled))))

    assert 0 <= rate_band(low, handled) <= rate_band(high, handled) < BANDS


@pytest.mark.parametrize(("flagged", "handled"), [(1, 0), (0, 0), (3, 2), (-1, 5)])
def test_more_flagged_than_handled_is_no_rate(flagged: int, handled: int) -> None:
    with pytest.raises(ValueError):
        rate_band(flagged, handled)


def test_terms_of_a_layout_we_dont_have_or_have_otherwise_are_refused() -> None:
    terms = a_sum().period.terms
    told = {name: getattr(terms, name) for name in terms.__struct_fields__}

    assert layout_of(terms) is CURRENT
    for other in ({"layout": 2}, {"layout_digest": bytes(32)}):
        with pytest.raises(WrongTerms):
            layout_of(ReturnTerms(**(told | other)))
