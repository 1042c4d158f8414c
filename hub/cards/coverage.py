"""Coverage at the hub: which numbers a card was judged by, so that it is judged again when they change.

A card about an item that only two firms in the world make would name them. So a subject is shown
only if at least `MIN_COVERAGE` groups deal in any family it was asked for (policy P7).
The counting is `cairn_protocol.coverage`: firms count the same.
"""

from cairn_protocol import kdf
from cairn_protocol.coverage import MIN_COVERAGE, FamiliesByGroup, coverage, families_by_group

__all__ = ["MIN_COVERAGE", "FamiliesByGroup", "coverage", "families_by_group", "stands_for"]


def stands_for(declared: FamiliesByGroup) -> bytes:
    """32 bytes that change when any group's families do: then every card is judged again."""
    lines = sorted(f"{group} {' '.join(sorted(families))}" for group, families in declared.items())
    return kdf.digest(kdf.Use.MESSAGE, *(line.encode() for line in lines))
