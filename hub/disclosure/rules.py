"""One cell: may it be published, by which rule not, and in which band.

`disclose` is for counts, `disclose_magnitude` for values and quantities. Contributions are per group:
affiliates added (`by_group`), zeros count as nobody. All arithmetic is on whole numbers: exactly
25 % passes.
Source: domain brief 0, P1 to P6, and its test vectors; ESSNet handbook for the forms of P5 and P6.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cairn_protocol.messages.index import band as groups_band
from hub.disclosure.bands import count_band
from hub.disclosure.policy import DEFAULT, Policy


class Decision(StrEnum):
    """What becomes of a cell."""

    PUBLISH = "publish"
    SUPPRESS = "suppress"


class Rule(StrEnum):
    """Why a cell is not published. Those of the policy have its names."""

    CONTRIBUTORS = "P1"
    DOMINANCE = "P2"
    AGE = "P3"
    P_PERCENT = "P5"
    LARGEST_FEW = "P6"
    MARGINS = "margins"  # nothing wrong with it, but totals would give another cell away
    DIFFERENCE = "difference"  # too little changed since its last release
    OVERLAP = "overlap"  # earlier answers with it would give a cell away


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a cell; of one that is suppressed nothing but the rule is told.

    band     of the count, as members see it; None for magnitudes
    groups   band of the contributors
    """

    verdict: Decision
    rule: Rule | None
    band: str | None
    groups: str | None = None

    @property
    def published(self) -> bool:
        return self.verdict is Decision.PUBLISH


SUPPRESSED = {rule: Verdict(Decision.SUPPRESS, rule, None) for rule in Rule}


def by_group(contributions: Iterable[tuple[str, int]]) -> list[int]:
    """The groups' contributions from (group, contribution) of members: affiliates are one contributor."""
    added: Counter[str] = Counter()
    for group, contribution in contributions:
        added[group] += contribution
    return list(added.values())


def disclose(groups: Sequence[int], policy: Policy = DEFAULT) -> Verdict:
    """May a count be published that is the sum of these groups' counts? Raises ValueError for one below 0."""
    counted = _told(groups)
    if len(counted) < policy.min_groups:
        return SUPPRESSED[Rule.CONTRIBUTORS]
    total = sum(counted)
    if 100 * max(counted) > policy.largest_percent * total:
        return SUPPRESSED[Rule.DOMINANCE]
    return Verdict(Decision.PUBLISH, None, count_band(total), groups_band(len(counted)))


def disclose_magnitude(
    groups: Sequence[int], *, period_end: dt.date, released_on: dt.date, policy: Policy = DEFAULT
) -> Verdict:
    """May a value or quantity be published that is the sum of these groups'? In whole units.

    period_end  the last day that the figure is about

    Raises ValueError for a contribution below 0.
    """
    counted = _told(groups)
    if len(counted) < policy.min_groups:
        return SUPPRESSED[Rule.CONTRIBUTORS]
    if 100 * max(counted) > policy.largest_percent * sum(counted):
        return SUPPRESSED[Rule.DOMINANCE]
    if not old_enough(period_end, released_on, policy.min_age_months):
        return SUPPRESSED[Rule.AGE]
    if not protected_by_remainder(counted, policy.protection_percent):
        return SUPPRESSED[Rule.P_PERCENT]
    if dominated(counted, policy.top, policy.top_percent):
        return SUPPRESSED[Rule.LARGEST_FEW]
    return Verdict(Decision.PUBLISH, None, None, groups_band(len(counted)))


def protected_by_remainder(contributions: Sequence[int], p: int) -> bool:
    """P5, the p% rule: the second largest, who knows its own, can't tell the largest to within p percent."""
    ordered = sorted(contributions, reverse=True)
    return bool(ordered) and 100 * sum(ordered[2:]) >= p * ordered[0]


def dominated(contributions: Sequence[int], n: int, k: int) -> bool:
    """P6, (n, k) dominance: the n largest make more than k percent."""
    return 100 * sum(sorted(contributions, reverse=True)[:n]) > k * sum(contributions)


def old_enough(period_end: dt.date, released_on: dt.date, months: int) -> bool:
    """P3: whether so many months lie between the last day a figure is about and its release."""
    passed = 12 * (released_on.year - period_end.year) + released_on.month - period_end.month
    # The day before the month is full: 30 November is three months after 31 August.
    full = released_on.day >= period_end.day or (released_on + dt.timedelta(days=1)).day == 1
    return passed > months or (passed == months and full)


def _told(groups: Sequence[int]) -> list[int]:
    if min(groups, default=0) < 0:
        raise ValueError("a contribution below 0")
    return [contribution for contribution in groups if contribution]
