"""Totals give no blank away: neither to linear algebra, nor to who knows that no count is negative."""

import random
from collections import defaultdict, deque
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.disclosure.margins import TOTAL, Place, protect
from hub.disclosure.rules import Rule, Verdict

Counts = dict[Place, int]
Contributions = dict[Place, dict[str, int]]

FAIR = {f"group-{at}": 2 for at in range(5)}
FEW = {"group-0": 2, "group-1": 1}


def with_totals(cells: Contributions) -> Counts:
    """The full table by hand, zeros included."""
    rows, columns = {row for row, _ in cells}, {column for _, column in cells}
    table = {(row, column): sum(cells.get((row, column), {}).values()) for row in rows for column in columns}
    for row in rows:
        table[row, TOTAL] = sum(table[row, column] for column in columns)
    for column in columns:
        table[TOTAL, column] = sum(table[row, column] for row in rows)
    table[TOTAL, TOTAL] = sum(table[row, TOTAL] for row in rows)
    return table


def determined(table: Counts, verdicts: dict[Place, Verdict]) -> set[Place]:
    """The blanks that the sums fix: solve the linear system of all rows and columns, exactly."""
    blanks = [place for place in table if not verdicts[place].published]
    lines: defaultdict[tuple[str, str], list[Fraction]] = defaultdict(lambda: [Fraction(0)] * len(blanks))
    for at, (row, column) in enumerate(blanks):
        lines["row", row][at] = Fraction(-1 if column == TOTAL else 1)
        lines["column", column][at] = Fraction(-1 if row == TOTAL else 1)
    reduced: list[list[Fraction]] = []
    for line in lines.values():
        new = list(line)
        for row in reduced:
            pivot = next(at for at, value in enumerate(row) if value)
            new = [a - new[pivot] * b for a, b in zip(new, row, strict=True)]
        if any(new):
            pivot = next(at for at, value in enumerate(new) if value)
            new = [value / new[pivot] for value in new]
            reduced = [[a - row[pivot] * b for a, b in zip(row, new, strict=True)] for row in reduced] + [new]
    return {
        blanks[next(at for at, value in enumerate(row) if value)]
        for row in reduced
        if sum(map(bool, row)) == 1
    }


def another_table(table: Counts, verdicts: dict[Place, Verdict], blank: Place) -> Counts | None:
    """A table with the same published figures, no count below 0, and another count at `blank`: if there is one.

    Sums flow: from a row's node over its cells to the columns', and back by the totals. Another table is a
    way round through blanks, along which one flows more, or against which one flows less.
    """

    def ends(place: Place) -> tuple[str, str]:
        row, column = place
        tail, head = f"row {row}", f"column {column}"
        return (head, tail) if (row == TOTAL) != (column == TOTAL) else (tail, head)

    moves: defaultdict[str, list[tuple[str, Place, int]]] = defaultdict(list)
    for place, count in table.items():
        if not verdicts[place].published and place != blank:
            tail, head = ends(place)
            moves[tail].append((head, place, 1))
            if count:
                moves[head].append((tail, place, -1))
    tail, head = ends(blank)
    for start, goal, change in ((head, tail, 1), (tail, head, -1)):
        if table[blank] + change < 0:
            continue
        reached: dict[str, tuple[str, Place, int] | None] = {start: None}
        waiting = deque([start])
        while waiting:
            node = waiting.popleft()
            for far, place, step in moves[node]:
                if far not in reached:
                    reached[far] = (node, place, step)
                    waiting.append(far)
        if goal in reached:
            other = dict(table)
            other[blank] += change
            node = goal
            while (came := reached[node]) is not None:
                node, place, step = came
                other[place] += step
            return other
    return None


def is_table(counts: Counts) -> bool:
    rows = {row for row, _ in counts}
    columns = {column for _, column in counts}
    inner = [row for row in rows if row != TOTAL], [column for column in columns if column != TOTAL]
    return (
        all(counts[row, TOTAL] == sum(counts[row, column] for column in inner[1]) for row in rows)
        and all(counts[TOTAL, column] == sum(counts[row, column] for row in inner[0]) for column in columns)
        and min(counts.values()) >= 0
    )


def assert_safe(cells: Contributions) -> dict[Place, Verdict]:
    verdicts = protect(cells)
    table = with_totals(cells)
    lines = {end for place, count in table.items() if count for end in zip("rc", place, strict=True)}
    table = {p: count for p, count in table.items() if ("r", p[0]) in lines and ("c", p[1]) in lines}
    assert verdicts.keys() == table.keys()
    assert not determined(table, verdicts)
    for place, verdict in verdicts.items():
        if not verdict.published:
            other = another_table(table, verdicts, place)
            assert other is not None, place
            assert is_table(other)
            assert other[place] != table[place]
            assert all(other[p] == table[p] for p, told in verdicts.items() if told.published)
    return verdicts


def a_table(rows: int, columns: int) -> Contributions:
    return {(f"r{r}", f"c{c}"): dict(FAIR) for r in range(rows) for c in range(columns)}


def test_a_table_without_a_blank_is_published_whole() -> None:
    assert all(verdict.published for verdict in protect(a_table(3, 4)).values())


def test_one_blank_takes_three_more_with_it() -> None:
    """Alone it would be its row's total less the rest."""
    cells = a_table(4, 4) | {("r1", "c1"): dict(FEW)}

    verdicts = assert_safe(cells)

    blanks = {place: verdict.rule for place, verdict in verdicts.items() if not verdict.published}
    assert blanks.pop(("r1", "c1")) is Rule.CONTRIBUTORS
    assert set(blanks.values()) == {Rule.MARGINS}
    assert len(blanks) == 3
    assert not any(TOTAL in place for place in blanks)


def test_the_cheapest_cells_go_with_it() -> None:
    cells = a_table(4, 4) | {("r1", "c1"): dict(FEW)}
    for place in (("r1", "c3"), ("r2", "c1"), ("r2", "c3")):
        cells[place] = {f"group-{at}": 1 for at in range(5)}

    verdicts = protect(cells)

    assert {p for p, verdict in verdicts.items() if verdict.rule is Rule.MARGINS} == {
        ("r1", "c3"), ("r2", "c1"), ("r2", "c3"),
    }  # fmt: skip


def test_four_blanks_in_a_square_need_no_fifth() -> None:
    cells = a_table(3, 3)
    for place in (("r0", "c0"), ("r0", "c1"), ("r1", "c0"), ("r1", "c1")):
        cells[place] = dict(FEW)

    assert not any(verdict.rule is Rule.MARGINS for verdict in assert_safe(cells).values())


def test_two_blanks_apart_hide_each_other() -> None:
    """However large they are: what is blank already costs the reader nothing more."""
    few = {f"group-{at}": 5 for at in range(4)}
    cells = a_table(4, 4) | {("r0", "c0"): few, ("r2", "c2"): few}

    verdicts = assert_safe(cells)

    assert {p for p, verdict in verdicts.items() if verdict.rule is Rule.MARGINS} == {
        ("r0", "c2"),
        ("r2", "c0"),
    }


def test_a_long_way_round_through_cells_is_taken_before_totals() -> None:
    """Two cells a row and column, in a ring: no square of cells holds the blank."""
    ring = [("r0", "c0"), ("r0", "c1"), ("r1", "c1"), ("r1", "c2"), ("r2", "c2"), ("r2", "c0")]
    cells: Contributions = {(f"r{r}", f"c{c}"): {} for r in range(3) for c in range(3)}
    cells |= {place: dict(FAIR) for place in ring} | {("r0", "c0"): {"group-7": 1}}

    verdicts = assert_safe(cells)

    assert {place for place, told in verdicts.items() if told.rule is Rule.MARGINS} == set(ring[1:])


def test_a_blank_zero_beside_a_blank_count_does_not_hide_it() -> None:
    """Two blanks in a line look safe; but who finds that one is 0 in its column knows the other."""
    cells = a_table(3, 3)
    for place in (("r0", "c1"), ("r1", "c1"), ("r1", "c0")):
        cells[place] = {}
    cells["r0", "c0"] = dict(FEW)

    assert_safe(cells)


def test_a_table_of_one_row_hides_its_blank_behind_totals() -> None:
    verdicts = assert_safe(a_table(1, 4) | {("r0", "c1"): dict(FEW)})

    assert not verdicts["r0", "c1"].published


def test_a_line_that_nobody_contributed_to_is_no_part_of_the_table() -> None:
    verdicts = protect(a_table(2, 2) | {("r9", "c0"): {}, ("r9", "c1"): {"group-0": 0}})

    assert not any("r9" in place for place in verdicts)


def test_a_total_is_held_to_the_rules_itself() -> None:
    """Three groups in every cell of a row: its total has three groups as well."""
    three = {f"group-{at}": 2 for at in range(3)}
    cells = a_table(3, 3) | {("r0", f"c{column}"): dict(three) for column in range(3)}

    assert assert_safe(cells)["r0", TOTAL].rule is Rule.CONTRIBUTORS


def test_a_line_named_like_the_totals_is_refused() -> None:
    with pytest.raises(ValueError):
        protect({(TOTAL, "c0"): dict(FAIR)})


def test_an_empty_table_is_nothing() -> None:
    assert protect({}) == {}


counts = st.dictionaries(st.sampled_from([f"group-{at}" for at in range(7)]), st.integers(0, 3), max_size=7)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.data(),
)
def test_no_blank_of_any_table_follows_from_what_is_published(
    rows: int, columns: int, data: st.DataObject
) -> None:
    kind = st.one_of(st.just(FAIR), st.just(FEW), st.just({}), counts)

    assert_safe({(f"r{r}", f"c{c}"): dict(data.draw(kind)) for r in range(rows) for c in range(columns)})


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7])
def test_no_blank_of_a_large_table_is_fixed(share: float) -> None:
    dice = random.Random(4)
    assert_safe(
        {
            (f"r{r}", f"c{c}"): dict(FEW if dice.random() < 0.7 else {})
            if dice.random() < share
            else dict(FAIR)
            for r in range(12)
            for c in range(10)
        }
    )
