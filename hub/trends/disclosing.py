"""Disclosure control of a question's cells: each alone, with its totals, and with all that was answered before.

`judge` gives the verdict of single cells and margins. `Memory` has what an audience was told of a snapshot: every
sum is a set of events, and the events that no answer tells apart are one class, over which `auditing.ClassAuditor`
finds what the sums tell together. The larger figures of a question go first, so that totals stay.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from hub.disclosure.margins import TOTAL, protect
from hub.disclosure.policy import DEFAULT, Policy
from hub.disclosure.releases import may_change
from hub.disclosure.rules import SUPPRESSED, Rule, Verdict, disclose
from hub.trends.auditing import ClassAuditor
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


@dataclass(slots=True)
class Memory:
    """What one audience was told of one snapshot.

    groups  the group of each event, by the event's number
    sums    the events of every figure that was published, in the order they were
    """

    groups: Mapping[int, str] = field(repr=False)
    sums: list[Numbers] = field(default_factory=list, repr=False)

    def forget(self, after: int) -> None:
        """Take back what was added since there were so many: it is not going to be told."""
        del self.sums[after:]

    def ask(
        self, asked: Mapping[Place, Numbers], *, cells_first: bool = False, policy: Policy = DEFAULT
    ) -> dict[Place, Verdict]:
        """The verdict on each of these sums, the largest first. Those that are published are told from then on.

        cells_first  the total of all, then cells, then lines: a line gives way where its rest would be too small
        """

        def turn(place: Place) -> tuple[int, int, Place]:
            lines = place[1:].count(TOTAL)
            return lines if cells_first and lines < 2 else -1, -len(asked[place]), place

        order = sorted(asked, key=turn)
        before = len(self.sums)
        classes = _Classes([*self.sums, *(asked[place] for place in order)], self.groups)
        auditor = ClassAuditor(classes.counts, policy)
        known = {classes.sums[at].tobytes() for at in range(before)}
        for at in range(before):
            auditor.remember(classes.sums[at])
        verdicts = {}
        for place, judged in zip(order, classes.sums[before:], strict=True):
            verdicts[place] = auditor.ask(judged)
            if verdicts[place].published and judged.tobytes() not in known:
                known.add(judged.tobytes())
                self.sums.append(asked[place])
        return verdicts


class _Classes:
    """Events that are in the same sums are of one class: their signatures are equal.

    counts  events by class and group; classes are in the order of their first events, so that the same questions
            in the same order get the same verdicts
    sums    which classes are in each sum
    """

    def __init__(self, sums: Collection[Numbers], groups: Mapping[int, str]) -> None:
        every = np.unique(np.concatenate(list(sums))) if sums else np.empty(0, dtype=np.int64)
        # Each sum adds a random number to the signature of each of its events: in two lanes, so that no two
        # different sets of sums ever add up alike.
        signatures = np.zeros((len(every), 2), dtype=np.uint64)
        places = [np.searchsorted(every, numbers) for numbers in sums]
        for at in places:
            signatures[at] += np.frombuffer(secrets.token_bytes(16), dtype=np.uint64)
        _, first, found = np.unique(signatures, axis=0, return_index=True, return_inverse=True)
        class_of = np.argsort(np.argsort(first))[found.reshape(-1)]
        names = sorted({groups[event] for event in every.tolist()})
        codes = {name: code for code, name in enumerate(names)}
        group_of = np.array([codes[groups[event]] for event in every.tolist()], dtype=np.int64)
        self.counts = np.zeros((len(first), len(names)), dtype=np.int64)
        np.add.at(self.counts, (class_of, group_of), 1)
        self.sums = []
        for at in places:
            included = np.zeros(len(first), dtype=bool)
            included[class_of[at]] = True
            self.sums.append(included)
