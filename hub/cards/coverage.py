"""Coverage: how many groups could have been asked for what a subject asked for (policy P7).

A card about an item that only two firms in the world make would name them. So a subject is shown
only if at least `MIN_COVERAGE` groups deal in any family it was asked for. An item that is not
listed counts for every family, and a group that declares all families for every item.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final

from cairn_protocol import kdf
from cairn_protocol.codes import UNLISTED_FAMILY
from cairn_protocol.messages.parties import Role
from cairn_protocol.roster import Roster

MIN_COVERAGE: Final = 5

FamiliesByGroup = Mapping[str, frozenset[str]]


def families_by_group(roster: Roster, now: int) -> FamiliesByGroup:
    """What the groups with a member in force at `now` (seconds since 1970) deal in, as they declared."""
    declared: dict[str, set[str]] = defaultdict(set)
    for entry in roster.in_force(Role.MEMBER, now):
        if entry.group is not None:
            declared[entry.group].update(entry.families)
    return {group: frozenset(families) for group, families in declared.items()}


def coverage(asked: Collection[str], declared: FamiliesByGroup) -> int:
    """How many groups deal in any of the families asked for."""
    if UNLISTED_FAMILY in asked:
        return sum(bool(families) for families in declared.values())
    wanted = {*asked, UNLISTED_FAMILY}
    return sum(not families.isdisjoint(wanted) for families in declared.values())


def stands_for(declared: FamiliesByGroup) -> bytes:
    """32 bytes that change when any group's families do: then every card is judged again."""
    lines = sorted(f"{group} {' '.join(sorted(families))}" for group, families in declared.items())
    return kdf.digest(kdf.Use.MESSAGE, *(line.encode() for line in lines))
