"""One cell: the vectors of the domain brief, exactly, and what every verdict promises.

Source of the vectors: domain brief 0 (P1, P2, P5), 9 (S5).
"""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.disclosure.bands import count_band
from hub.disclosure.policy import Policy
from hub.disclosure.rules import (
    Decision,
    Rule,
    Verdict,
    by_group,
    disclose,
    disclose_magnitude,
    dominated,
    old_enough,
    protected_by_remainder,
)

PUBLISH, SUPPRESS = Decision.PUBLISH, Decision.SUPPRESS
contributions = st.lists(st.integers(0, 200), max_size=20)


@pytest.mark.parametrize(
    ("groups", "verdict", "rule"),
    [
        ([1, 1, 1, 1, 1], PUBLISH, None),
        ([2, 1, 1, 1, 1], SUPPRESS, Rule.DOMINANCE),
        ([2, 2, 2, 1, 1], PUBLISH, None),
        ([3, 3, 2, 2, 2, 1], PUBLISH, None),
        ([10, 9, 9, 9], SUPPRESS, Rule.CONTRIBUTORS),
        ([4, 4, 4, 4, 0], SUPPRESS, Rule.CONTRIBUTORS),
        ([], SUPPRESS, Rule.CONTRIBUTORS),
    ],
)
def test_the_vectors_of_p1_and_p2_hold(groups: list[int], verdict: Decision, rule: Rule | None) -> None:
    told = disclose(groups)

    assert (told.verdict, told.rule) == (verdict, rule)


@pytest.mark.parametrize(
    ("groups", "band"),
    [
        ([6, 6, 5, 5, 4, 3], "25-49"),
        ([2, 2, 2, 2, 1, 1], "10-24"),
        ([3, 3, 2, 2, 2], "10-24"),
    ],
)
def test_the_surge_is_told_in_bands(groups: list[int], band: str) -> None:
    assert disclose(groups) == Verdict(PUBLISH, None, band, "5-9")


def test_the_surge_of_one_firm_is_suppressed_and_its_band_with_it() -> None:
    assert disclose([12, 6, 5, 5, 4, 3]) == Verdict(SUPPRESS, Rule.DOMINANCE, None, None)


def test_exactly_a_quarter_passes_and_a_hair_more_does_not() -> None:
    assert disclose([25, 25, 25, 20, 5]).published
    assert not disclose([2_501, 2_500, 2_500, 2_000, 499]).published


def test_affiliates_are_one_contributor() -> None:
    members = [("A", 1), ("A", 1), ("B", 1), ("C", 1), ("D", 1)]

    assert by_group(members) == [2, 1, 1, 1]
    assert disclose(by_group(members)).rule is Rule.CONTRIBUTORS


@given(contributions)
def test_what_is_published_has_five_groups_and_none_over_a_quarter(groups: list[int]) -> None:
    if disclose(groups).published:
        assert sum(group > 0 for group in groups) >= 5
        assert max(groups) <= sum(groups) / 4
    else:
        assert sum(group > 0 for group in groups) < 5 or max(groups) > sum(groups) / 4


@given(contributions)
def test_a_verdict_hangs_on_no_order_and_on_no_zeros(groups: list[int]) -> None:
    assert disclose(sorted(groups)) == disclose([*groups, 0, 0])


@given(contributions)
def test_a_suppressed_cell_tells_nothing_but_the_rule(groups: list[int]) -> None:
    told = disclose(groups)

    if not told.published:
        assert (told.band, told.groups) == (None, None)


def test_a_contribution_below_zero_is_refused() -> None:
    with pytest.raises(ValueError):
        disclose([5, 5, 5, 5, 5, -1])


def test_a_policy_of_its_own_is_followed() -> None:
    assert disclose([1, 1, 1], Policy(min_groups=3, largest_percent=34)).published


@pytest.mark.parametrize(
    ("count", "band"),
    [(1, "1-4"), (5, "5-9"), (9, "5-9"), (10, "10-24"), (24, "10-24"), (25, "25-49"), (49, "25-49"), (50, "50-99"),
     (9_999, "5000-9999"), (10_000, "10000+"), (10**9, "10000+")],
)  # fmt: skip
def test_a_count_has_its_band(count: int, band: str) -> None:
    assert count_band(count) == band


def test_nothing_has_no_band() -> None:
    with pytest.raises(ValueError):
        count_band(0)


# Values and quantities


@pytest.mark.parametrize(
    ("magnitudes", "safe"),
    [([100, 50, 20], True), ([100, 50, 15], True), ([100, 50, 10], False), ([], False)],
)
def test_the_vectors_of_the_p_percent_rule_hold(magnitudes: list[int], safe: bool) -> None:
    assert protected_by_remainder(magnitudes, 15) is safe


@given(st.lists(st.integers(1, 1_000), min_size=3, max_size=8))
def test_the_second_largest_cant_tell_the_largest_to_within_p_percent(magnitudes: list[int]) -> None:
    """What the rule is for: total less its own is an upper bound, and all that the second knows."""
    first, second = sorted(magnitudes, reverse=True)[:2]
    closest = sum(magnitudes) - second - first

    assert protected_by_remainder(magnitudes, 15) is (closest >= 0.15 * first)


@pytest.mark.parametrize(
    ("magnitudes", "is_dominated"), [([50, 25, 25], False), ([75, 0, 25], True), ([50, 26, 24], True)]
)
def test_two_groups_with_more_than_three_quarters_dominate(magnitudes: list[int], is_dominated: bool) -> None:
    assert dominated(magnitudes, 2, 75) is is_dominated


SEPTEMBER = dt.date(2026, 9, 30)


@pytest.mark.parametrize(
    ("period_end", "released_on", "old"),
    [
        (SEPTEMBER, dt.date(2026, 12, 30), True),
        (SEPTEMBER, dt.date(2026, 12, 29), False),
        (dt.date(2026, 8, 31), dt.date(2026, 11, 30), True),
        (dt.date(2026, 8, 31), dt.date(2026, 11, 29), False),
        (dt.date(2025, 11, 30), dt.date(2026, 2, 28), True),
        (dt.date(2025, 11, 30), dt.date(2026, 2, 27), False),
        (SEPTEMBER, dt.date(2027, 1, 1), True),
        (SEPTEMBER, SEPTEMBER, False),
    ],
)
def test_three_months_are_three_calendar_months(period_end: dt.date, released_on: dt.date, old: bool) -> None:
    assert old_enough(period_end, released_on, 3) is old


@pytest.mark.parametrize(
    ("magnitudes", "rule"),
    [
        ([20, 20, 20, 20], Rule.CONTRIBUTORS),
        ([50, 20, 20, 20, 20], Rule.DOMINANCE),
        ([20, 20, 20, 20, 20], None),
    ],
)
def test_a_value_is_held_to_the_rules_of_counts_too(magnitudes: list[int], rule: Rule | None) -> None:
    told = disclose_magnitude(magnitudes, period_end=SEPTEMBER, released_on=dt.date(2027, 1, 1))

    assert (told.rule, told.band) == (rule, None)


def test_a_fresh_value_is_suppressed() -> None:
    told = disclose_magnitude([20] * 5, period_end=SEPTEMBER, released_on=dt.date(2026, 10, 15))

    assert told.rule is Rule.AGE


@pytest.mark.parametrize(
    ("magnitudes", "rule"),
    [([100, 50, 10, 1, 1], Rule.P_PERCENT), ([100, 100, 30, 10, 10], Rule.LARGEST_FEW)],
)
def test_where_dominance_is_allowed_the_rules_of_magnitudes_still_stand(
    magnitudes: list[int], rule: Rule
) -> None:
    """With at most a quarter each, neither can fail: they guard a looser policy."""
    told = disclose_magnitude(
        magnitudes,
        period_end=SEPTEMBER,
        released_on=dt.date(2027, 1, 1),
        policy=Policy(largest_percent=100),
    )

    assert told.rule is rule
