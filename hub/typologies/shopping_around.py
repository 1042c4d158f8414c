"""T1, shopping around: a subject that asks one firm after the other, above all after one has declined.

Fires from two groups on. `after_decline`: a report of another group, in a later week and within 90 days of
one that was declined. A refusal that was also referred to an authority is not counted as one: that could tip off.
Source: domain brief 3, T1; story S1.
"""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final

from cairn_protocol.codes import SentOutcome
from hub.typologies.asking import Asking, Hit

MIN_GROUPS: Final = 2
AFTER_DECLINE_DAYS: Final = 90


def shopping_around(asked: Sequence[Asking]) -> Hit | None:
    """T1. `median_gap_weeks`: between one group's first report and the next group's."""
    first_by_group: dict[str, int] = {}
    for one in asked:
        first_by_group[one.group] = min(one.monday, first_by_group.get(one.group, one.monday))
    if len(first_by_group) < MIN_GROUPS:
        return None
    firsts = sorted(first_by_group.values())
    gaps = [later - earlier for earlier, later in pairwise(firsts)]
    facts = {
        "after_decline": after_decline(asked),
        "median_gap_weeks": round(median(gaps) / 7),
        "span_weeks": (max(one.monday for one in asked) - firsts[0]) // 7,
    }
    return Hit("T1", len(first_by_group), facts)


def after_decline(asked: Sequence[Asking]) -> bool:
    """Whether a group was asked in the 90 days after another had declined. At most 13 weeks a refusal."""
    groups_by_week: dict[int, set[str]] = {}
    for one in asked:
        groups_by_week.setdefault(one.monday, set()).add(one.group)
    declined = {(one.group, one.monday) for one in asked if one.outcome is SentOutcome.DECLINED}
    return any(
        groups_by_week.get(monday + days, set()) - {group}
        for group, monday in declined
        for days in range(7, AFTER_DECLINE_DAYS + 1, 7)
    )
