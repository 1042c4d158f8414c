"""What several answers tell together: a question is refused if with earlier answers it gives a cell away.

Questions are sums over finest cells. `Auditor` keeps the answered ones in reduced form, so that
whatever single cell follows from any sums and differences of answers stands there alone: exact for
single cells, however many questions overlap. Combinations over several cells are held to
the number of groups behind them where they show as a reduced row or as the difference of a
question and one it contains; cleverer ones are what noise and the budget are for.
Source: Chin and Ozsoyoglu, IEEE Trans. Softw. Eng. 8 (1982), "Auditing and inference control".
"""

from collections.abc import Hashable, Iterable, Mapping
from typing import Final

from hub.disclosure.coarsening import Contributions, added
from hub.disclosure.policy import DEFAULT, Policy
from hub.disclosure.rules import SUPPRESSED, Rule, Verdict, disclose

# Reduction is done modulo a prime: a cell stands alone by chance once in 2^61.
_PRIME: Final = (1 << 61) - 1

_Row = dict[Hashable, int]


class Auditor:
    """The answers that one audience got on one data set. Not stored here: build it from the record of answers."""

    def __init__(self, cells: Mapping[Hashable, Contributions], policy: Policy = DEFAULT) -> None:
        """cells: contributions by group to every finest cell; those nobody contributed to may be missing."""
        self._cells = {cell: counted for cell, counted in cells.items() if any(counted.values())}
        self._order = {cell: at for at, cell in enumerate(self._cells)}
        self._policy = policy
        self._answered: list[frozenset[Hashable]] = []
        self._rows: dict[Hashable, _Row] = {}  # by pivot; every pivot stands in its own row alone

    def ask(self, question: Iterable[Hashable]) -> Verdict:
        """The verdict on the sum over these cells. A published one is kept as answered."""
        asked = frozenset(question) & self._cells.keys()
        verdict = self._verdict(asked)
        if not verdict.published or asked in self._answered:
            return verdict
        if any(not self._verdict(difference).published for difference in self._differences(asked)):
            return SUPPRESSED[Rule.OVERLAP]
        rows = self._reduced(asked)
        changed = [row for pivot, row in rows.items() if row != self._rows.get(pivot)]
        if not all(self._harmless(row) for row in changed):
            return SUPPRESSED[Rule.OVERLAP]
        self._answered.append(asked)
        self._rows = rows
        return verdict

    def remember(self, question: Iterable[Hashable]) -> None:
        """Take in a sum that was answered before, as it was judged then."""
        answered = frozenset(question) & self._cells.keys()
        self._rows = self._reduced(answered)
        self._answered.append(answered)

    def _verdict(self, cells: Iterable[Hashable]) -> Verdict:
        return disclose(list(added(self._cells[cell] for cell in cells).values()), self._policy)

    def _differences(self, asked: frozenset[Hashable]) -> Iterable[frozenset[Hashable]]:
        for earlier in self._answered:
            if asked < earlier:
                yield earlier - asked
            elif earlier < asked:
                yield asked - earlier

    def _harmless(self, row: _Row) -> bool:
        """A combination tells of the groups behind it: a plain sum as a figure of its own, others by their number."""
        if set(row.values()) == {1}:
            return self._verdict(row).published
        groups = {group for cell in row for group, count in self._cells[cell].items() if count}
        return len(groups) >= self._policy.min_groups

    def _reduced(self, asked: frozenset[Hashable]) -> dict[Hashable, _Row]:
        """The reduced rows with this question among them."""
        new: _Row = dict.fromkeys(asked, 1)
        for pivot, row in self._rows.items():
            if pivot in new:
                new = _minus(new, new[pivot], row)
        if not new:
            return dict(self._rows)
        pivot = min(new, key=self._order.__getitem__)  # so that the same questions get the same verdicts
        inverse = pow(new[pivot], -1, _PRIME)
        new = {cell: value * inverse % _PRIME for cell, value in new.items()}
        rows = {
            other: _minus(row, row[pivot], new) if pivot in row else row for other, row in self._rows.items()
        }
        return {**rows, pivot: new}


def _minus(row: _Row, factor: int, other: _Row) -> _Row:
    result = dict(row)
    for cell, value in other.items():
        left = (result.get(cell, 0) - factor * value) % _PRIME
        if left:
            result[cell] = left
        else:
            del result[cell]
    return result
