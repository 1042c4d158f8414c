"""What answers tell together: exact linear algebra over the classes of events that no answer tells apart.

An answered sum is a row over classes. `Equations` keeps the rows reduced modulo a prime, so a class that follows from
any sums and differences of answers stands there alone, and `unknowns` gives numbers that every answer leaves
open: what they add up to nothing over, follows from the answers. Both come by multiplying
matrices, so thousands of sums over thousands of classes take seconds.
Not here: what makes events one class, and what must not follow (`disclosing`).
Source: Chin and Ozsoyoglu, IEEE Trans. Softw. Eng. 8 (1982); Freivalds 1977 for the random test.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# So small that floating point adds up the products of two residues exactly, _AT_ONCE at a time. An answer that tells
# something looks as if it told nothing by chance once in four million, if a determinant happens to be its multiple.
_PRIME: Final = 2**22 - 3
_AT_ONCE: Final = 512
# Independent vectors: what does not follow looks as if it did once in 2^44, and is then kept back.
_VECTORS: Final = 2

Residues = NDArray[np.float64]
Which = NDArray[np.bool_]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Equations:
    """Reduced rows over classes. Each row's pivot is its first class, and stands in no other row."""

    rows: Residues
    pivots: Places

    @classmethod
    def none(cls, classes: int) -> "Equations":
        """Nothing was answered yet."""
        return cls(np.zeros((0, classes)), np.zeros(0, dtype=np.int64))

    def split(self, parents: Places, first: Places) -> "Equations":
        """The same over finer classes: a class's parts stand where it stood.

        parents  the class that each new class was a part of
        first    of each class before, the first of its parts
        """
        return Equations(self.rows[:, parents], first[self.pivots])

    def rest_of(self, sums: Residues) -> Residues:
        """What of these sums does not follow from the rows."""
        return _less(sums, self.pivots, self.rows)

    def and_also(self, other: "Equations") -> "Equations":
        """Both. The other's rows have nothing at these pivots."""
        rows = _less(self.rows, other.pivots, other.rows)
        return Equations(np.vstack([rows, other.rows]), np.concatenate([self.pivots, other.pivots]))

    def unknowns(self) -> Residues:
        """Random numbers for the classes that agree with every answer being 0: one vector a row."""
        vectors = _random((_VECTORS, self.rows.shape[1]))
        vectors[:, self.pivots] = 0
        vectors[:, self.pivots] = _mod(np.negative(_product(vectors, self.rows.T)))
        return vectors


class Joining:
    """Sums that may join what was answered: all rows together, and of which of the sums each row is made.

    A sum that follows from those before it brings no row but a relation: what it and they cancel out with.
    """

    def __init__(self, before: Equations, sums: Which) -> None:
        self._classes = sums.shape[1]
        told = np.hstack([before.rows, np.zeros((len(before.rows), len(sums)))])
        asked = np.hstack([sums.astype(np.float64), np.eye(len(sums))])
        standing = Equations(told, before.pivots)
        relations: list[Residues] = []
        self._every = standing.and_also(_reduced(standing.rest_of(asked), self._classes, relations))
        self._relations = np.vstack(
            [np.zeros((0, len(sums))), *(row[:, self._classes :] for row in relations)]
        )

    @property
    def together(self) -> Equations:
        """What was answered, with the sums that join it."""
        return Equations(self._every.rows[:, : self._classes], self._every.pivots)

    def last_needed(self, following: Sequence[Residues]) -> set[int]:
        """Of each of these, which follow, the last of the sums that it needs; those that followed before need none."""
        if not following:
            return set()
        parts = np.vstack(following)[:, self._every.pivots]
        needed = _product(parts, self._every.rows[:, self._classes :]) != 0
        return {int(np.flatnonzero(each)[-1]) for each in needed if each.any()}

    def leave_out(self, number: int) -> None:
        """Take one of the sums back. What is left is reduced as if it had never been there."""
        rows, pivots = self._every.rows, self._every.pivots
        made_of, related = rows[:, self._classes :], self._relations
        (stand_in,) = np.nonzero(related[:, number])
        if len(stand_in):
            # It follows from others that stay: the first that can stands in for it, and no row changes.
            gone = stand_in[np.argmin([np.flatnonzero(row)[-1] for row in related[stand_in]])]
            _cancel(made_of, number, related[gone])
            _cancel(related, number, related[gone].copy())
            self._relations = np.delete(related, gone, axis=0)
            return
        with_it = np.flatnonzero(made_of[:, number])
        # The row that begins last: taken from the others, it changes none of their pivots.
        gone = with_it[np.argmax(pivots[with_it])]
        _cancel(rows, self._classes + number, rows[gone].copy())
        self._every = Equations(np.delete(rows, gone, axis=0), np.delete(pivots, gone))


def _cancel(rows: Residues, column: int, by: Residues) -> None:
    """Take so much of one row from the others that nothing is left in this column."""
    touched = np.flatnonzero(rows[:, column])
    factors = _mod(rows[touched, column] * pow(int(by[column]), -1, _PRIME))
    rows[touched] = _mod(rows[touched] - factors[:, None] * by)


def _reduced(sums: Residues, classes: int, relations: list[Residues]) -> Equations:
    """The reduced rows of these sums; columns beyond `classes` go along. What comes to nothing is a relation."""
    if len(sums) > 1:
        half = len(sums) // 2
        upper = _reduced(sums[:half], classes, relations)
        return upper.and_also(_reduced(upper.rest_of(sums[half:]), classes, relations))
    if not sums[:, :classes].any():
        relations.extend([sums] if len(sums) else [])
        return Equations.none(sums.shape[1])
    pivot = int(np.argmax(sums[0, :classes] != 0))
    return Equations(_mod(sums * pow(int(sums[0, pivot]), -1, _PRIME)), np.array([pivot], dtype=np.int64))


def _less(rows: Residues, pivots: Places, others: Residues) -> Residues:
    """The rows, with multiples of the others taken from them so that nothing is left at their pivots."""
    parts = rows[:, pivots]
    touched = np.flatnonzero(parts.any(axis=1))
    if not len(touched):
        return rows
    left = rows.copy()
    left[touched] = _mod(left[touched] - _product(parts[touched], others))
    return left


def share_out(totals: Residues, class_of: Places) -> Residues:
    """Random numbers for events that add up to their classes' totals: the events of a class are left open, too."""
    drawn = _random((len(totals), len(class_of)))
    last = np.zeros(totals.shape[1], dtype=np.int64)
    last[class_of] = np.arange(len(class_of))
    for numbers, wanted in zip(drawn, totals, strict=True):
        numbers[last] = _mod(numbers[last] + wanted - added_up(numbers, class_of, len(wanted)))
    return drawn


def added_up(numbers: Residues, part_of: Places, parts: int) -> Residues:
    """The residues of each part, added."""
    return _mod(np.bincount(part_of, weights=numbers, minlength=parts).astype(np.float64))


def _random(shape: tuple[int, int]) -> Residues:
    drawn = np.random.Generator(np.random.PCG64(secrets.randbits(128)))
    return drawn.integers(0, _PRIME, shape).astype(np.float64)


def _product(a: Residues, b: Residues) -> Residues:
    total = _mod(a[:, :_AT_ONCE] @ b[:_AT_ONCE])
    for start in range(_AT_ONCE, a.shape[1], _AT_ONCE):
        total += _mod(a[:, start : start + _AT_ONCE] @ b[start : start + _AT_ONCE])
        total = _mod(total)
    return total


def _mod(numbers: Residues) -> Residues:
    """The residues of whole numbers up to 2^53."""
    quotients = numbers * (1 / _PRIME)
    np.floor(quotients, out=quotients)
    quotients *= -_PRIME
    quotients += numbers
    quotients[quotients < 0] += _PRIME  # the quotient may be off by one
    quotients[quotients >= _PRIME] -= _PRIME
    return quotients
