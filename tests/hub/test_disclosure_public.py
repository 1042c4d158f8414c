"""Public figures: no group moves them by more than the noise hides, and the budget ends."""

import math
from collections import Counter
from collections.abc import Hashable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.noise import Dice, keystream
from hub.disclosure.budget import Account, BudgetSpent, Unit, epsilon_of_rho, rho_of_epsilon
from hub.disclosure.policy import DEFAULT
from hub.disclosure.public_noise import bounded, public_figures

CELLS = [f"tier {at}" for at in range(6)]
tables = st.dictionaries(
    st.sampled_from(CELLS),
    st.dictionaries(st.sampled_from([f"group-{at}" for at in range(4)]), st.integers(0, 40), max_size=4),
)


def dice(seed: int = 0) -> Dice:
    return Dice(keystream(seed.to_bytes(32, "big"), b"test"))


@given(tables, st.integers(1, 12))
def test_a_group_counts_with_as_many_reports_as_the_bound_and_no_more(
    table: dict[Hashable, dict[str, int]], bound: int
) -> None:
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    kept = bounded(table, bound)
    for cell, counted in kept.items():
        after.update(counted)
        assert all(0 < count <= table[cell][group] for group, count in counted.items())
    for counted in table.values():
        before.update(counted)

    assert all(after[group] == min(before[group], bound) for group in before)


@given(tables, tables, st.integers(1, 12))
def test_what_is_cut_from_a_group_hangs_on_itself_alone(
    mine: dict[Hashable, dict[str, int]], others: dict[Hashable, dict[str, int]], bound: int
) -> None:
    """Else adding a group would move another's reports, and the table by more than the bound."""
    renamed = {
        cell: {f"other-{group}": count for group, count in counted.items()}
        for cell, counted in others.items()
    }
    together = {cell: mine.get(cell, {}) | renamed.get(cell, {}) for cell in mine.keys() | renamed.keys()}

    alone, among = bounded(mine, bound), bounded(together, bound)

    for cell in mine:
        assert {g: c for g, c in among[cell].items() if not g.startswith("other-")} == alone[cell]


def test_a_large_group_keeps_its_proportions() -> None:
    assert bounded({"a": {"g": 60}, "b": {"g": 30}, "c": {"g": 10}}, 10) == {
        "a": {"g": 6}, "b": {"g": 3}, "c": {"g": 1},
    }  # fmt: skip


def test_every_published_cell_has_a_figure_also_an_empty_one_and_no_other() -> None:
    figures = public_figures(CELLS, {"tier 0": {"g": 3}, "unlisted": {"g": 3}}, dice())

    assert list(figures) == CELLS


def test_a_release_can_be_made_again_from_the_same_inputs() -> None:
    table = {"tier 0": {"g": 3, "h": 20}}

    assert public_figures(CELLS, table, dice(7)) == public_figures(CELLS, table, dice(7))
    assert public_figures(CELLS, table, dice(7)) != public_figures(CELLS, table, dice(8))


def test_an_interval_holds_95_of_100_true_counts_and_is_no_wider_than_it_must_be() -> None:
    """The exact tail: for epsilon .5 and 10 reports a group the noise has scale 20."""
    (figure,) = public_figures(["tier 0"], {}, dice()).values()
    width, a = figure.high - figure.value, math.exp(-1 / 20)

    def outside(m: int) -> float:
        return 2 * a ** (m + 1) / (1 + a)

    assert (width, figure.value - figure.low) == (60, 60)
    assert outside(width) <= 0.05 < outside(width - 1)


def test_the_noise_is_epsilon_private_at_the_level_of_groups() -> None:
    """Two tables that differ by a group of 10 reports: no figure is e^epsilon times likelier in one than in the other.

    Counted over 40,000 releases of each; the likeliest figures, where counting is precise.
    """
    without: dict[Hashable, dict[str, int]] = {"tier 0": {"g": 5}}
    with_it: dict[Hashable, dict[str, int]] = {"tier 0": {"g": 5, "h": 500}}
    seen = [
        Counter(public_figures(["tier 0"], table, source)["tier 0"].value for _ in range(40_000))
        for table, source in ((without, dice(1)), (with_it, dice(2)))
    ]
    likely = [value for value in range(-10, 30) if min(counts[value] for counts in seen) > 200]

    assert len(likely) > 20
    for value in likely:
        ratio = seen[0][value] / seen[1][value]
        assert math.exp(-0.5) * 0.7 < ratio < math.exp(0.5) / 0.7
    assert seen[0][0] / seen[1][0] > 1.1  # and it does hide no more than it says


# The ledger

ACCOUNT = Account("open-codes", "public", "2026-Q4", Unit.EPSILON, DEFAULT.public_epsilon)


def test_costs_add_up_exactly_and_the_budget_ends() -> None:
    account = ACCOUNT
    for _ in range(10):
        account = account.spend(Fraction(1, 20))

    assert (account.spent, account.left) == (Fraction(1, 2), 0)
    with pytest.raises(BudgetSpent):
        account.spend(Fraction(1, 10**9))


def test_a_refused_figure_costs_nothing() -> None:
    with pytest.raises(BudgetSpent):
        ACCOUNT.spend(Fraction(51, 100))

    assert ACCOUNT.left == Fraction(1, 2)


@pytest.mark.parametrize("cost", [0, -1])
def test_a_cost_that_gives_something_back_is_refused(cost: int) -> None:
    with pytest.raises(ValueError):
        ACCOUNT.spend(Fraction(cost))


@given(st.lists(st.fractions(Fraction(1, 1000), Fraction(1, 5)), max_size=20))
def test_no_order_of_requests_overspends(costs: list[Fraction]) -> None:
    account = ACCOUNT
    for cost in costs:
        try:
            account = account.spend(cost)
        except BudgetSpent:
            assert cost > account.left

    assert 0 <= account.spent <= account.limit


def test_rho_and_epsilon_are_related_as_in_the_paper() -> None:
    assert rho_of_epsilon(Fraction(1, 2)) == Fraction(1, 8)
    assert epsilon_of_rho(Fraction(1, 2), 1e-6) == pytest.approx(0.5 + 2 * math.sqrt(0.5 * math.log(1e6)))
