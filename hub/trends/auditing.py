"""`disclosure.overlap.Auditor` over arrays: the same verdicts, for the thousands of cells that a snapshot has.

A class is a set of events that no sum tells apart. Sums that were answered are rows over classes, kept in reduced form
modulo a prime, so whatever follows from sums and differences of answers stands there by itself.
Not here: what makes events one class (`disclosing`).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.disclosure.policy import DEFAULT, Policy
from hub.disclosure.rules import SUPPRESSED, Rule, Verdict, disclose

# Products of two residues fit into 64 bits; a class stands alone by chance once in 2^31.
_PRIME: Final = 2**31 - 1

Sum = NDArray[np.bool_]  # which classes are in it
_Rows = NDArray[np.int64]


class ClassAuditor:
    """The answers that one audience got. Build it from the record of answers."""

    def __init__(self, counts: NDArray[np.int64], policy: Policy = DEFAULT) -> None:
        """counts: events by class (rows) and group (columns)."""
        self._counts = counts
        self._policy = policy
        self._rows: _Rows = np.zeros((0, len(counts)), dtype=np.int64)
        self._pivots: list[int] = []
        self._answered: NDArray[np.bool_] = np.zeros((0, len(counts)), dtype=bool)

    def remember(self, asked: Sum) -> None:
        """Take in a sum that was answered before, as it was judged then."""
        self._rows, self._pivots, _ = self._reduced(asked)
        self._answered = np.vstack([self._answered, asked])

    def ask(self, asked: Sum) -> Verdict:
        """The verdict on a sum. A published one is kept as answered."""
        verdict = self._verdict(asked)
        if not verdict.published or bool((self._answered == asked).all(axis=1).any()):
            return verdict
        if not all(self._verdict(difference).published for difference in self._differences(asked)):
            return SUPPRESSED[Rule.OVERLAP]
        rows, pivots, changed = self._reduced(asked)
        if not self._harmless(rows[changed]):
            return SUPPRESSED[Rule.OVERLAP]
        self._rows, self._pivots = rows, pivots
        self._answered = np.vstack([self._answered, asked])
        return verdict

    def _verdict(self, asked: Sum) -> Verdict:
        return disclose(self._counts[asked].sum(axis=0).tolist(), self._policy)

    def _differences(self, asked: Sum) -> NDArray[np.bool_]:
        """What is left of an answered sum that contains this one, or of this one beside an answered one."""
        inside = ~(self._answered & ~asked).any(axis=1)
        around = ~(~self._answered & asked).any(axis=1)
        return self._answered[inside | around] ^ asked

    def _harmless(self, rows: _Rows) -> bool:
        """A plain sum is judged as a figure of its own, any other combination by the number of groups behind it."""
        for row in rows:
            used = row != 0
            if (row[used] == 1).all():
                if not self._verdict(used).published:
                    return False
            elif np.count_nonzero(self._counts[used].any(axis=0)) < self._policy.min_groups:
                return False
        return True

    def _reduced(self, asked: Sum) -> tuple[_Rows, list[int], list[int]]:
        """The reduced rows with this sum among them, their pivots, and which of them are new or changed."""
        new = asked.astype(np.int64)
        for at in np.flatnonzero(new[self._pivots]) if self._pivots else ():
            new = (new - new[self._pivots[at]] * self._rows[at]) % _PRIME
        left = np.flatnonzero(new)
        if not len(left):
            return self._rows, self._pivots, []
        pivot = int(left[0])
        new = new * pow(int(new[pivot]), -1, _PRIME) % _PRIME
        rows = np.vstack([self._rows, new])
        touched = np.flatnonzero(self._rows[:, pivot])
        rows[touched] = (rows[touched] - rows[touched, pivot][:, None] * new) % _PRIME
        return rows, [*self._pivots, pivot], [*touched.tolist(), len(rows) - 1]
