"""Shamir sharing with Feldman commitments: any t of n shares give the secret, fewer give nothing.

Holders are numbered from 1; 0 is the secret's place. A share is checked against the
dealer's commitments without the secret.
Source: Shamir (CACM 1979); Feldman (FOCS 1987).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import NewType

from cairn_protocol.errors import BadShare, PartyId, TooFewShares
from cairn_protocol.group import ORDER, Element, Scalar, add, multiply, multiply_base, random_scalar

Index = NewType("Index", int)


@dataclass(frozen=True, slots=True)
class KeyShare:
    """One holder's share of a secret."""

    index: Index
    scalar: Scalar = field(repr=False)


def value_at(coefficients: Sequence[Scalar], at: int) -> Scalar:
    """The polynomial's value at `at`, by Horner's rule; coefficients[0] is the secret."""
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * at + coefficient) % ORDER
    return Scalar(value)


def commit(coefficients: Sequence[Scalar]) -> list[Element]:
    """coefficients[i] * B each."""
    return [multiply_base(coefficient) for coefficient in coefficients]


def committed_value_at(commitments: Sequence[Element], at: int) -> Element:
    """value_at * B, from commitments alone. Cost: one multiplication a commitment but the first."""
    # Term by term: Horner's rule could meet the identity half-way, if a dealer wants it to.
    rest = [multiply(pow(at, power, ORDER), c) for power, c in enumerate(commitments[1:], start=1)]
    return reduce(add, rest, commitments[0])


def check(share: Scalar, at: int, commitments: Sequence[Element], *, culprit: PartyId | None = None) -> None:
    """Raise BadShare unless share * B is the committed polynomial's value at `at`."""
    if not share or multiply_base(share) != committed_value_at(commitments, at):
        raise BadShare("the share is not on the committed polynomial", culprit=culprit)


def split(secret: Scalar, n: int, t: int) -> list[KeyShare]:
    """n shares of `secret`, any t of which give it back. Whoever calls this knows the secret."""
    coefficients = [secret, *(random_scalar() for _ in range(t - 1))]
    return [KeyShare(Index(at), value_at(coefficients, at)) for at in range(1, n + 1)]


def lagrange_at_zero(indices: Sequence[int]) -> list[Scalar]:
    """Coefficients that take the shares of these holders to the secret.

    Raises TooFewShares if an index stands twice or is not positive.
    """
    if len(set(indices)) != len(indices) or any(at < 1 for at in indices):
        raise TooFewShares("the holders of the shares are not distinct")
    coefficients = []
    for i in indices:
        above = below = 1
        for j in indices:
            if i != j:
                above = above * -j % ORDER
                below = below * (i - j) % ORDER
        coefficients.append(Scalar(above * pow(below, -1, ORDER) % ORDER))
    return coefficients
