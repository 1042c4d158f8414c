"""What an audience was told of a snapshot, and whether a further figure may join it.

Every figure is a set of events, and events that no answer tells apart are one class. A figure is kept back
(`overlap`) if with what was told there would follow, by adding and taking away answers:
  a class, or several as a plain sum, that may not be told, or any combination of fewer groups than a cell needs;
  a cell of any published question that may not be told (`blanks`), whether anybody asked for it or not;
  what two figures of which one contains the other leave, or what is left of a line beside its told cells.
Figures of a question are taken in order, and of those that would give the same away the last gives way.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.disclosure.margins import TOTAL
from hub.disclosure.policy import DEFAULT, Policy
from hub.disclosure.rules import SUPPRESSED, Rule, Verdict, disclose
from hub.trends.auditing import Equations, Joining, Places, Residues, Which
from hub.trends.blanks import Blanks
from hub.trends.expressions import Numbers, Place

_PROBES: Final = 4  # classes of a sum that are looked for in another before all of them are


class Memory:
    """What one audience was told of one snapshot. `sums`: the events of every figure, in the order they were told."""

    def __init__(
        self, groups: Mapping[int, str], blanks: Blanks | None = None, policy: Policy = DEFAULT
    ) -> None:
        """groups: the group of each event, by the event's number; blanks: cells that must not follow."""
        self.sums: list[Numbers] = []
        self._policy = policy
        self._events = np.array(sorted(groups), dtype=np.int64)
        names = {name: at for at, name in enumerate(sorted(set(groups.values())))}
        self._group_of = np.array([names[groups[event]] for event in self._events.tolist()], dtype=np.int64)
        self._groups = len(names)
        self._blanks = blanks
        self._class_of = np.zeros(len(self._events), dtype=np.int64)
        self._counts = self._counted(1)
        self._told: Which = np.zeros((0, 1), dtype=bool)
        self._equations = Equations.none(1)

    def remember(self, sums: Sequence[Numbers]) -> None:
        """Take in figures that were told before, as they were judged then."""
        if not sums:
            return
        self._tell_apart(sums)
        rows = self._rows(sums)
        self._keep(sums, rows, Joining(self._equations, rows).together)

    def ask(
        self, asked: Mapping[Place, Numbers], *, cells_first: bool = False, all_or_none: bool = False
    ) -> dict[Place, Verdict]:
        """The verdict on each of these sums, the largest first. Those that are published are told from then on.

        cells_first  the total of all, then cells, then lines: a line gives way where its rest would be too small
        all_or_none  if one is kept back, none is told
        """

        def turn(place: Place) -> tuple[int, int, Place]:
            lines = place[1:].count(TOTAL)
            return lines if cells_first and lines < 2 else -1, -len(asked[place]), place

        verdicts = {
            place: disclose(self._contributions(asked[place]), self._policy)
            for place in sorted(asked, key=turn)
        }
        places: defaultdict[bytes, list[Place]] = defaultdict(list)  # figures about the same events are one
        for place, verdict in verdicts.items():
            if verdict.published:
                places[asked[place].tobytes()].append(place)
        told = {numbers.tobytes() for numbers in self.sums}
        new = [same for key, same in places.items() if key not in told]
        sums = [asked[same[0]] for same in new]
        self._tell_apart(sums)
        rows = self._rows(sums)
        standing = self._apart_from_nested(rows)
        number_of = {place: number for number, same in enumerate(new) for place in same}
        joining = Joining(self._equations, rows[standing])
        left = dict(enumerate(standing.tolist()))
        while True:
            standing_now = set(left.values())
            told_now = [
                place
                for place, verdict in verdicts.items()
                if verdict.published and number_of.get(place, -1) in {-1, *standing_now}
            ]
            following = [
                *self._following(joining.together),
                *self._rests({place: asked[place] for place in told_now}),
            ]
            culprits = joining.last_needed(following)
            if not culprits:
                break
            for at in culprits:
                joining.leave_out(at)
                del left[at]
        kept = list(left.values())
        for place, number in number_of.items():
            if number not in left.values():
                verdicts[place] = SUPPRESSED[Rule.OVERLAP]
        if not all_or_none or all(verdict.published for verdict in verdicts.values()):
            self._keep([sums[number] for number in kept], rows[kept], joining.together)
        return verdicts

    def _keep(self, sums: Sequence[Numbers], rows: Which, equations: Equations) -> None:
        self.sums += sums
        self._told = np.vstack([self._told, rows])
        self._equations = equations

    def _tell_apart(self, sums: Sequence[Numbers]) -> None:
        """Make the classes so fine that each sum is of whole ones; they are in the order of their first events."""
        # Each sum adds a random number to the signature of each of its events, in two lanes, so that no two
        # different sets of sums ever add up alike; so does the class that an event was of.
        signatures = _random_lanes(self._told.shape[1])[self._class_of]
        for numbers in sums:
            signatures[np.searchsorted(self._events, numbers)] += _random_lanes(1)
        if not len(signatures):
            return
        _, first, found = np.unique(signatures, axis=0, return_index=True, return_inverse=True)
        order = np.argsort(first)
        parents = self._class_of[first[order]]
        self._class_of = np.argsort(order)[found.reshape(-1)]
        _, first_part = np.unique(parents, return_index=True)
        self._equations = self._equations.split(parents, first_part)
        self._told = self._told[:, parents]
        self._counts = self._counted(len(parents))

    def _counted(self, classes: int) -> NDArray[np.int64]:
        """Events by class and group."""
        each = self._class_of * self._groups + self._group_of
        return np.bincount(each, minlength=classes * self._groups).reshape(classes, self._groups)

    def _rows(self, sums: Sequence[Numbers]) -> Which:
        rows = np.zeros((len(sums), self._told.shape[1]), dtype=bool)
        for row, numbers in zip(rows, sums, strict=True):
            row[self._class_of[np.searchsorted(self._events, numbers)]] = True
        return rows

    def _contributions(self, numbers: Numbers) -> list[int]:
        at = np.searchsorted(self._events, numbers)
        return np.bincount(self._group_of[at], minlength=self._groups).tolist()

    def _may_be_told(self, classes: Which) -> bool:
        return disclose(self._counts[classes].sum(axis=0).tolist(), self._policy).published

    def _apart_from_nested(self, rows: Which) -> Places:
        """The sums, less those that leave too little beside one that they contain, or that contains them."""
        told = len(self._told)
        every = np.vstack([self._told, rows])
        counts = every.astype(np.float64) @ self._counts
        kept_back: set[int] = set()
        for later, earlier in sorted(_nested(every, told)):
            if later in kept_back or earlier in kept_back:
                continue
            left = np.abs(counts[later] - counts[earlier]).astype(np.int64)
            if not disclose(left.tolist(), self._policy).published:
                kept_back.add(later)
        return np.array([at for at in range(len(rows)) if told + at not in kept_back], dtype=np.int64)

    def _following(self, together: Equations) -> Iterator[Residues]:
        """Combinations that follow from these equations and may not."""
        rows = together.rows
        used = rows != 0
        groups = (used.astype(np.float32) @ (self._counts > 0).astype(np.float32) > 0).sum(axis=1)
        plain = ((rows == 1) | ~used).all(axis=1)
        for at in np.flatnonzero(plain | (groups < self._policy.min_groups)):
            if not plain[at] or not self._may_be_told(used[at]):
                yield rows[at]
        if self._blanks is not None and len(rows):
            for events in self._blanks.following(together.unknowns(), self._class_of):
                classes = np.zeros(rows.shape[1])
                classes[self._class_of[events]] = 1
                yield classes

    def _rests(self, told: Mapping[Place, Numbers]) -> Iterator[Residues]:
        """What is left of told lines beside what is told of them, where that may not be told."""
        parts: defaultdict[tuple[Place, str], list[Numbers]] = defaultdict(list)
        for place, numbers in told.items():
            for line, kind in _lines_of(place):
                if line in told:
                    parts[line, kind].append(numbers)
        for (line, _), each in parts.items():
            rest = np.setdiff1d(told[line], np.concatenate(each), assume_unique=True)
            if len(rest) and not disclose(self._contributions(rest), self._policy).published:
                yield self._rows([rest])[0].astype(np.float64)


def _lines_of(place: Place) -> list[tuple[Place, str]]:
    """The lines that a cell, row or column is a part of, and as what."""
    strip, row, column = place
    every = (strip, TOTAL, TOTAL)
    if place == every:
        return []
    if TOTAL in (row, column):
        return [(every, "row" if column == TOTAL else "column")]
    return [((strip, row, TOTAL), "cell"), ((strip, TOTAL, column), "cell"), (every, "cell")]


def _nested(rows: Which, since: int) -> set[tuple[int, int]]:
    """Pairs of rows of which one contains the other, the later one first; at least that one is from `since` on."""
    if not len(rows) - since:
        return set()
    used = [np.flatnonzero(row) for row in rows]
    probes = np.array([each[np.linspace(0, len(each) - 1, _PROBES).astype(int)] for each in used])
    new = rows[since:]
    inside, around = np.ones((2, len(new), len(rows)), dtype=bool)
    for probe in range(_PROBES):
        inside &= rows[:, probes[since:, probe]].T
        around &= new[:, probes[:, probe]]
    found = set()
    for at, other in np.argwhere(inside | around).tolist():
        smaller, larger = (since + at, other) if inside[at, other] else (other, since + at)
        if smaller != larger and rows[larger][used[smaller]].all():
            found.add((max(smaller, larger), min(smaller, larger)))
    return found


def _random_lanes(count: int) -> NDArray[np.uint64]:
    return np.frombuffer(secrets.token_bytes(16 * count), dtype=np.uint64).reshape(count, 2).copy()
