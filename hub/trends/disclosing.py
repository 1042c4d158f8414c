"""Disclosure control of a question's cells: each alone, with its totals, and with all that was answered before.

`judge` gives the verdict of single cells and margins; `remembering.Memory` judges what is left together with all that
an audience was told before.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from hub.disclosure.margins import TOTAL, protect
from hub.disclosure.policy import DEFAULT, Policy
from hub.disclosure.releases import may_change
from hub.disclosure.rules import SUPPRESSED, Rule, Verdict, disclose
from hub.trends.expressions import Numbers, Place

Contributions = Mapping[Place, Mapping[str, int]]


def judge(
    cells: Contributions, *, totals: bool, earlier: Contributions | None = None, policy: Policy = DEFAULT
) -> dict[Place, Verdict]:
    """A verdict for every cell and, with `totals`, for those of every strip, at row or column TOTAL.

    earlier  the same cells in the snapshot before: one in which only a group or two changed stays as it was,
             and so is not told anew
    """
    verdicts: dict[Place, Verdict] = {}
    by_strip: defaultdict[str, dict[tuple[str, str], Mapping[str, int]]] = defaultdict(dict)
    for (strip, row, column), counted in cells.items():
        by_strip[strip][row, column] = counted
    for strip, table in by_strip.items():
        if totals:
            found = protect(table, policy)
        else:
            found = {at: disclose(list(counted.values()), policy) for at, counted in table.items()}
        verdicts |= {(strip, *at): verdict for at, verdict in found.items()}
    if earlier is not None:
        before, after = (with_totals(earlier), with_totals(cells)) if totals else (earlier, cells)
        for place, verdict in verdicts.items():
            if verdict.published and not may_change(before.get(place, {}), after[place], policy):
                verdicts[place] = SUPPRESSED[Rule.DIFFERENCE]
    return verdicts


def judge_apart(
    cells: Contributions, *, earlier: Contributions | None = None, policy: Policy = DEFAULT
) -> dict[Place, Verdict]:
    """A verdict for every cell and total, each on its own: for tables whose cells matter more than their totals.

    What they tell together is left to `Memory.ask` and `without_empty_rest`.
    """
    every = with_totals(cells)
    verdicts = {place: disclose(list(counted.values()), policy) for place, counted in every.items()}
    if earlier is not None:
        before = with_totals(earlier)
        for place, verdict in verdicts.items():
            if verdict.published and not may_change(before.get(place, {}), every[place], policy):
                verdicts[place] = SUPPRESSED[Rule.DIFFERENCE]
    return verdicts


def without_empty_rest(
    verdicts: Mapping[Place, Verdict], counts: Mapping[Place, int]
) -> dict[Place, Verdict]:
    """The verdicts, less the totals of lines in which everything is told: they would tell that the rest is nothing."""
    told: defaultdict[Place, int] = defaultdict(int)
    for place, verdict in verdicts.items():
        if verdict.published and TOTAL not in place[1:]:
            for total in _totals_of(*place):
                told[total] += counts[place]
    return {
        place: SUPPRESSED[Rule.MARGINS]
        if verdict.published and TOTAL in place[1:] and told[place] == counts[place]
        else verdict
        for place, verdict in verdicts.items()
    }


def with_totals(cells: Contributions) -> dict[Place, dict[str, int]]:
    """The contributions, with those to the totals of every strip."""
    added: defaultdict[Place, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (strip, row, column), counted in cells.items():
        for place in {(strip, row, column), *_totals_of(strip, row, column)}:
            for group, count in counted.items():
                added[place][group] += count
    return {place: dict(counted) for place, counted in added.items()}


def _totals_of(strip: str, row: str, column: str) -> list[Place]:
    return [(strip, row, TOTAL), (strip, TOTAL, column), (strip, TOTAL, TOTAL)]


def events_of_totals(places: Iterable[Place], events: Mapping[Place, Numbers]) -> dict[Place, Numbers]:
    """The events of cells and totals, from those of the cells."""
    parts: defaultdict[Place, list[Numbers]] = defaultdict(list)
    for (strip, row, column), numbers in events.items():
        for place in ((strip, row, column), *_totals_of(strip, row, column)):
            parts[place].append(numbers)
    return {place: np.unique(np.concatenate(parts[place])) for place in places if place in parts}
