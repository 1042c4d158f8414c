"""Floors, windows and intervals: what an opened sum may show."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.messages.returns import Caps
from cairn_protocol.noise import Dice, keystream
from cairn_protocol.returns_layout import CURRENT
from cairn_protocol.sum_figures import (
    deposit_variance,
    figures,
    floors,
    margin,
    outside_window,
    total_variance,
)
from tests.support.sums import CAPS, a_sum

TERMS = a_sum().period.terms
CELLS = len(CURRENT.cells)
KZ = CURRENT.slots["family-destination/FAM-IC/KZ"]


def sums(**at: int) -> list[int]:
    return [at.get(f"slot{slot}", 0) for slot in range(CELLS)]


def test_three_trustees_noise_and_its_margin_are_what_the_docs_say() -> None:
    assert deposit_variance(TERMS, CURRENT) == 12
    assert total_variance(TERMS, CURRENT) == 36
    assert margin(TERMS, CURRENT) == 30
    assert floors(TERMS, CURRENT)[KZ] == 4 * CAPS.cell + 30


def test_a_sum_by_noise_above_its_floor_comes_once_in_150_periods() -> None:
    """The exact tail of a discrete Gaussian of that variance, over all counters that sum to their floor."""
    variance, above = float(total_variance(TERMS, CURRENT)), margin(TERMS, CURRENT)
    weights = [math.exp(-x * x / (2 * variance)) for x in range(-500, 501)]
    tail = sum(weights[500 + above + 1 :]) / sum(weights)

    assert tail * CELLS < 1 / 150


@given(
    st.integers(1, 50).flatmap(
        lambda cap: st.tuples(st.just(cap), st.lists(st.integers(0, cap), max_size=60))
    )
)
def test_above_four_caps_there_are_five_contributors_and_none_over_a_quarter(
    drawn: tuple[int, list[int]],
) -> None:
    """Why the floor is 4c: for honest firms, each at most c."""
    cap, counters = drawn

    if sum(counters) > 4 * cap:
        assert sum(counter > 0 for counter in counters) >= 5
        assert 4 * max(counters) <= sum(counters)


def test_a_counter_is_published_only_above_its_floor() -> None:
    floor = floors(TERMS, CURRENT)[KZ]

    at_floor = figures(TERMS, CURRENT, sums(**{f"slot{KZ}": floor}), 40)
    above = figures(TERMS, CURRENT, sums(**{f"slot{KZ}": floor + 1}), 40)

    assert at_floor.published == ()
    assert at_floor.withheld == CELLS
    assert [(figure.cell, figure.value) for figure in above.published] == [
        ("family-destination/FAM-IC/KZ", floor + 1)
    ]
    assert above.withheld == CELLS - 1


def test_an_interval_holds_95_of_100_true_sums() -> None:
    dice, hits = Dice(keystream(bytes(32), b"test")), 0
    true = 100
    for _ in range(2_000):
        noisy = true + sum(dice.gaussian(Fraction(12)) for _ in range(3))
        (figure,) = figures(TERMS, CURRENT, sums(**{f"slot{KZ}": noisy}), 40).published
        hits += figure.low <= true <= figure.high

    assert 0.94 < hits / 2_000 < 0.97


def test_an_interval_ends_where_all_groups_are_at_the_cap() -> None:
    (figure,) = figures(TERMS, CURRENT, sums(**{f"slot{KZ}": 58}), 12).published

    assert (figure.low, figure.high) == (46, 60)


@pytest.mark.parametrize(("value", "void"), [(-42, False), (-43, True), (60 + 42, False), (60 + 43, True)])
def test_a_sum_that_honest_groups_cant_make_is_outside_its_window(value: int, void: bool) -> None:
    found = outside_window(TERMS, CURRENT, sums(**{f"slot{KZ}": value}), 12)

    assert found == ([KZ] if void else [])


def test_caps_are_those_of_the_terms() -> None:
    wide = a_sum(caps=Caps(handled=200, flagged=40, band=1, cell=9, code=20)).period.terms

    assert floors(wide, CURRENT)[KZ] == 4 * 9 + 30
