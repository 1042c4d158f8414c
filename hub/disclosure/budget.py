"""The ledger of a privacy budget: what an audience may still learn from a data source in a period.

Costs add up (epsilon of pure differential privacy, rho of zCDP), and fractions add exactly. An
account is a value: whoever stores it writes the new one in the transaction that makes the figure, so
neither a crash nor two requests at once can overspend.
Source: Dwork, Roth 2014, theorem 3.16; Bun, Steinke 2016, lemma 1.7 and proposition 1.3.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar

from hub.errors import HubError


class BudgetSpent(HubError):
    """A figure would cost more than is left of the period's budget."""

    slug: ClassVar[str] = "budget-spent"


class Unit(StrEnum):
    """What a cost is counted in. Costs of one unit add up; never add two units."""

    EPSILON = "epsilon"
    RHO = "rho"
    CELLS = "cells"  # exact figures that an audience was told: each is one more equation


@dataclass(frozen=True, slots=True)
class Account:
    """The budget of one data source, audience and period."""

    source: str
    audience: str
    period: str
    unit: Unit
    limit: Fraction
    spent: Fraction = Fraction(0)

    @property
    def left(self) -> Fraction:
        return self.limit - self.spent

    def spend(self, cost: Fraction) -> "Account":
        """The account after a figure of that cost. Raises BudgetSpent; ValueError for a cost not above 0."""
        if cost <= 0:
            raise ValueError("a figure that costs nothing tells nothing")
        if cost > self.left:
            raise BudgetSpent("the figure would cost more than is left of the period's budget")
        return replace(self, spent=self.spent + cost)


def rho_of_epsilon(epsilon: Fraction) -> Fraction:
    """The zCDP that epsilon-differential privacy gives."""
    return epsilon * epsilon / 2


def epsilon_of_rho(rho: Fraction, delta: float) -> float:
    """The epsilon, for people to read, that rho-zCDP gives at this delta."""
    return float(rho) + 2 * math.sqrt(float(rho) * math.log(1 / delta))
