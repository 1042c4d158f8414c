"""The numbers of disclosure control. Changing one needs two people; a release names the policy it was made under."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final


@dataclass(frozen=True, slots=True)
class Policy:
    """Defaults of the domain brief.

    min_groups              P1: groups behind a published cell
    largest_percent         P2: of a count, the largest group's share; exactly so much passes
    min_age_months          P3: of values and quantities
    protection_percent      P5: what is left beside the two largest, at least this much of the largest
    top, top_percent        P6: the `top` largest groups' share of a value or quantity
    min_difference          groups that must have changed between two releases of one cell
    public_epsilon          P9: a quarter
    public_bound            P9: reports of one group that count in a quarter
    """

    min_groups: int = 5
    largest_percent: int = 25
    min_age_months: int = 3
    protection_percent: int = 15
    top: int = 2
    top_percent: int = 75
    min_difference: int = 3
    public_epsilon: Fraction = Fraction(1, 2)
    public_bound: int = 10


DEFAULT: Final = Policy()
