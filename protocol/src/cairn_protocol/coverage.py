"""Coverage: how many groups could have been asked for what a subject asked for.

Counted from the roster that t trustees signed, so a firm finds the same number as the hub and need not
believe it. An item that is not listed counts for every family, and a group that
declares all families for every item.

What follows from a small number: the hub shows no card (policy P7), a firm sends the item's family instead
of its number (the small-market rule).
Source: domain brief 2.4, policy P7; design.md 4.5.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final

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
