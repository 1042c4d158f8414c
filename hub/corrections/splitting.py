"""Where a subject would come apart, for a reviewer to judge: pure, from its reports' tags.

Reports stay together that share a value which by itself makes a party one: a name, a number of its own.
A contact does not, for unrelated parties may share a switchboard or a virtual office; what reports of different
parts share is what was common all along, and is learned with the cut.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Final

from cairn_protocol.agreement import DECIDING, POINTS, THRESHOLD
from cairn_protocol.kinds import Kind
from cairn_protocol.tags import Tag
from hub.linkage.common_values import CONTACTS

_MAY_BE_COMMON: Final = frozenset({*CONTACTS, Kind.ADDRESS})

_OWN: Final = frozenset(kind for kind in DECIDING if POINTS[kind] >= THRESHOLD) - frozenset(CONTACTS)


def split(reports: Sequence[Sequence[tuple[Kind, Tag]]]) -> list[list[int]]:
    """How these reports of one subject would come apart if no contact held them together.

    Parts as places among the reports, the first report's part first.
    """
    leader = list(range(len(reports)))

    def find(at: int) -> int:
        while leader[at] != at:
            leader[at] = leader[leader[at]]
            at = leader[at]
        return at

    first_with: dict[Hashable, int] = {}
    for at, tags in enumerate(reports):
        for kind, tag in tags:
            if kind in _OWN:
                leader[find(at)] = find(first_with.setdefault(tag, at))
    parts: dict[int, list[int]] = defaultdict(list)
    for at in range(len(reports)):
        parts[find(at)].append(at)
    return list(parts.values())


def contacts(reports: Sequence[Sequence[tuple[Kind, Tag]]]) -> dict[Tag, list[int]]:
    """The places of the reports that have each contact or address, where several have it."""
    having: dict[Tag, list[int]] = defaultdict(list)
    for at, tags in enumerate(reports):
        for kind, tag in tags:
            if kind in _MAY_BE_COMMON:
                having[tag].append(at)
    return {tag: places for tag, places in having.items() if len(places) > 1}
