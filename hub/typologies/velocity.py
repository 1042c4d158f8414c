"""T7, velocity: four events or more within two consecutive weeks, of two groups or more.

To double twice, from one event on, is to reach four: so the one rule says both of the brief's.
Source: domain brief 3, T7.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from hub.typologies.asking import Asking, Hit

MIN_EVENTS: Final = 4
MIN_GROUPS: Final = 2


def velocity(asked: Sequence[Asking]) -> Hit | None:
    """T7, for the busiest two weeks. An event is of its first report's week."""
    first: dict[int, Asking] = {}
    for one in asked:
        if one.event not in first or one.monday < first[one.event].monday:
            first[one.event] = one
    groups_by_week: dict[int, list[str]] = defaultdict(list)
    for one in first.values():
        groups_by_week[one.monday].append(one.group)
    busiest = max(
        ([*groups_by_week[monday], *groups_by_week.get(monday + 7, [])] for monday in list(groups_by_week)),
        key=len,
        default=[],
    )
    groups = len(set(busiest))
    if len(busiest) < MIN_EVENTS or groups < MIN_GROUPS:
        return None
    return Hit("T7", groups, {"events": len(busiest)})
