"""What several figures tell together: the ladder, releases, overlapping questions."""

import datetime as dt
import itertools
import random
from collections import Counter
from collections.abc import Hashable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.codes import items
from hub.disclosure.coarsening import ALL, LADDER, Cell, coarsen
from hub.disclosure.overlap import Auditor
from hub.disclosure.releases import Membership, counted_groups, may_change
from hub.disclosure.rules import Rule, disclose

SURGE = {f"group-{at}": count for at, count in enumerate([12, 6, 5, 5, 4, 3])}


def shares(*counts: int, start: int = 0) -> dict[str, int]:
    return {f"group-{at}": count for at, count in enumerate(counts, start)}


# The ladder


def test_one_firms_surge_comes_out_at_tier_by_central_asia() -> None:
    """S5: twelve of one group in 8542.31 to KZ are told only among what others saw of the tier thereabouts."""
    surge, beside, elsewhere = Cell("854231", "KZ"), Cell("854232", "UZ"), Cell("854232", "TR")

    published, blank = coarsen({surge: SURGE, beside: shares(4, 4, 4, 4, start=10), elsewhere: shares(9, 9)})

    assert [(figure.about, figure.cells, figure.verdict.band) for figure in published] == [
        (Cell("tier 1", "143"), (surge, beside), "50-99")
    ]
    assert blank == [elsewhere]


def test_a_cell_that_may_be_published_stays_as_fine_as_it_is() -> None:
    fine = Cell("854231", "KZ")

    published, blank = coarsen({fine: shares(6, 6, 5, 5, 4, 3)})

    assert [(figure.step, figure.about, figure.verdict.band) for figure in published] == [(0, fine, "25-49")]
    assert not blank


def test_what_no_step_makes_safe_stays_blank() -> None:
    published, blank = coarsen({Cell("854231", "KZ"): SURGE})

    assert (published, blank) == ([], [Cell("854231", "KZ")])


def test_the_ladder_goes_from_number_and_country_to_everything() -> None:
    cell = Cell("854231", "KZ")

    assert [step(cell) for step in LADDER] == [
        cell,
        Cell("FAM-IC", "KZ"),
        Cell("tier 1", "143"),
        Cell(ALL, "143"),
        Cell(ALL, ALL),
    ]
    assert LADDER[2](Cell("010121", "XX")) == Cell(ALL, "XX")


numbers = st.sampled_from(sorted(items().by_number))
fine_cells = st.builds(Cell, numbers, st.sampled_from(["KZ", "KG", "TR", "AE", "DE", "XX"]))
counted = st.dictionaries(st.sampled_from([f"group-{at}" for at in range(8)]), st.integers(0, 6), max_size=8)


@given(st.dictionaries(fine_cells, counted, max_size=12))
def test_every_cell_is_in_one_figure_at_most_and_every_figure_may_be_published(
    cells: dict[Cell, dict[str, int]],
) -> None:
    """So no figure is the difference of two others."""
    published, blank = coarsen(cells)

    used = [cell for figure in published for cell in figure.cells]
    assert sorted([*used, *blank]) == sorted(cells)
    for figure in published:
        together: Counter[str] = Counter()
        for cell in figure.cells:
            assert isinstance(cell, Cell)
            together.update(cells[cell])
            assert LADDER[figure.step](cell) == figure.about
        assert disclose(list(together.values())).published


# Releases


@pytest.mark.parametrize(
    ("later", "may"),
    [
        (shares(3, 3, 3, 3, 3), True),
        (shares(3, 3, 3, 3, 4), False),
        (shares(3, 3, 3, 4, 4), False),
        (shares(3, 3, 3, 3, 3, 1), False),
        (shares(3, 3, 3), False),
        (shares(3, 3, 4, 4, 4), True),
        (shares(3, 3, 3, 3, 3, 1, 1, 1), True),
    ],
)
def test_a_cell_is_released_anew_only_if_three_groups_changed(later: dict[str, int], may: bool) -> None:
    assert may_change(shares(3, 3, 3, 3, 3), later) is may


def test_joining_and_leaving_take_effect_at_the_periods_end() -> None:
    october, november = dt.date(2026, 10, 1), dt.date(2026, 11, 1)
    there = Membership("stays", dt.date(2026, 1, 5))
    joins = Membership("joins", dt.date(2026, 10, 2))
    leaves = Membership("leaves", dt.date(2026, 1, 5), left=dt.date(2026, 10, 20))
    gone = Membership("gone", dt.date(2026, 1, 5), left=october)

    assert counted_groups([there, joins, leaves, gone], october) == {"stays", "leaves"}
    assert counted_groups([there, joins, leaves, gone], november) == {"stays", "joins"}


# Overlapping questions

WEEKS = [f"w{week:02}" for week in range(12)]
# Each group reports in every week but one, which is the week of one group alone.
LONELY = "w05"
CELLS: dict[Hashable, dict[str, int]] = {
    week: shares(2) if week == LONELY else shares(2, 2, 2, 2, 2, 2) for week in WEEKS
}


def test_the_difference_of_two_questions_is_held_to_the_rules() -> None:
    auditor = Auditor(CELLS)

    assert auditor.ask(WEEKS).published
    assert auditor.ask([week for week in WEEKS if week != LONELY]).rule is Rule.OVERLAP
    assert auditor.ask(WEEKS[:5]).published


def test_the_same_question_again_gets_the_same_answer() -> None:
    auditor = Auditor(CELLS)

    assert auditor.ask(WEEKS) == auditor.ask(WEEKS)
    assert auditor.ask([LONELY]).rule is Rule.CONTRIBUTORS


def test_a_cell_that_follows_from_three_answers_is_not_given_away() -> None:
    """a + b, b + c and a + c give a: no question contains another."""
    cells: dict[Hashable, dict[str, int]] = {
        "a": {"group-0": 1}, "b": shares(2, 2, 2, 2, 2, 2, 2, 2), "c": shares(3, 3, 3, 3, 3, 3, 3),
    }  # fmt: skip
    auditor = Auditor(cells)

    assert auditor.ask(["a", "b"]).published
    assert auditor.ask(["b", "c"]).published
    assert auditor.ask(["a", "c"]).rule is Rule.OVERLAP


def test_two_cells_of_few_groups_that_follow_from_one_answer_inside_another_are_not_given_away() -> None:
    """No reduced row shows it: p + s and q + t were answered, so p and q stand in different rows."""
    crowd = {"s": shares(*[2] * 8, start=10), "t": shares(*[2] * 8, start=20)}
    cells: dict[Hashable, dict[str, int]] = {"p": shares(2, 2), "q": shares(2, 2, start=2), **crowd}
    auditor = Auditor(cells)

    assert auditor.ask("pqst").published
    assert auditor.ask("ps").published
    assert auditor.ask("st").rule is Rule.OVERLAP


def isolates(answered: list[frozenset[Hashable]], cells: list[Hashable]) -> set[Hashable]:
    """Cells that follow from the answers, by elimination over fractions as at school: slow, and not the auditor's."""
    rows = [[Fraction(cell in question) for cell in cells] for question in answered]
    rank = 0
    for column in range(len(cells)):
        pivot = next((at for at in range(rank, len(rows)) if rows[at][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        rows[rank] = [value / rows[rank][column] for value in rows[rank]]
        for at in range(len(rows)):
            if at != rank and rows[at][column]:
                rows[at] = [a - rows[at][column] * b for a, b in zip(rows[at], rows[rank], strict=True)]
        rank += 1
    return {cells[row.index(1)] for row in rows[:rank] if sum(map(bool, row)) == 1}


def test_a_thousand_overlapping_questions_isolate_no_firm() -> None:
    """G6: an analyst asks for every range of weeks and countries, in random order, to find one group's week."""
    dice = random.Random(11)
    cells: dict[Hashable, dict[str, int]] = {}
    for week, country in itertools.product(range(8), "KLM"):
        alone = dice.random() < 0.25
        cells[week, country] = (
            {f"group-{dice.randrange(9)}": 2}
            if alone
            else {f"group-{at}": 2 for at in dice.sample(range(9), 7)}
        )
    auditor = Auditor(cells)
    answered: list[frozenset[Hashable]] = []
    for _ in range(1_000):
        first, last = sorted((dice.randrange(8), dice.randrange(8)))
        countries = dice.sample("KLM", dice.randint(1, 3))
        question = frozenset((week, country) for week in range(first, last + 1) for country in countries)
        if auditor.ask(question).published:
            answered.append(question)

    given_away = isolates(list(set(answered)), list(cells))
    assert len(set(answered)) >= 10
    assert all(disclose(list(cells[cell].values())).published for cell in given_away)


@given(st.lists(st.sets(st.integers(0, 5), min_size=1), max_size=12), st.data())
def test_no_cell_that_may_not_be_published_follows_from_answers(
    questions: list[set[int]], data: st.DataObject
) -> None:
    cells: dict[Hashable, dict[str, int]] = {
        at: data.draw(st.sampled_from([shares(2), shares(2, 2, 2, 2, 2), shares(1, 1, 1, 1, 1, 1)]))
        for at in range(6)
    }
    auditor = Auditor(cells)
    answered = [frozenset[Hashable](question) for question in questions if auditor.ask(question).published]

    for cell in isolates(answered, list(cells)):
        assert disclose(list(cells[cell].values())).published
