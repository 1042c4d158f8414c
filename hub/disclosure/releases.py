"""What two releases tell together: too small a change between them would show whose it is.

Source: domain brief 3: minimum difference between releases, joining and leaving at period boundaries.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.disclosure.policy import DEFAULT, Policy


def may_change(earlier: Mapping[str, int], later: Mapping[str, int], policy: Policy = DEFAULT) -> bool:
    """Whether a cell that was released may be released anew: nothing changed, or of enough groups.

    If not, the earlier figure stays and the change rolls over to the next period.
    earlier, later  contributions by group, as they were released and as they are now
    """
    changed = sum(earlier.get(group, 0) != later.get(group, 0) for group in earlier.keys() | later.keys())
    return not changed or changed >= policy.min_difference


@dataclass(frozen=True, slots=True)
class Membership:
    """A group's time on the roster. `left` is None while it is there."""

    group: str
    joined: dt.date
    left: dt.date | None = None


def counted_groups(memberships: Iterable[Membership], period_start: dt.date) -> frozenset[str]:
    """The groups that count in a period: those on the roster at its first day, until its end.

    Who joins later counts from the next period on, who leaves still counts in this one: else the difference
    between two figures would be one group's.
    """
    return frozenset(
        one.group
        for one in memberships
        if one.joined <= period_start and (one.left is None or one.left > period_start)
    )
