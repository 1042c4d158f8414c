"""Where a subject would come apart, for a reviewer to judge: pure, from its reports' tags.

Reports stay together that share a value which by itself makes a party one: a name, a number of the firm's own.
A contact does not, for unrelated parties may share a switchboard or a virtual office. What reports of different
parts share is what was common all along, and is learned with the cut.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from cairn_protocol.agreement import DECIDING, POINTS, THRESHOLD
from cairn_protocol.kinds import Kind
from cairn_protocol.tags import Tag
from hub.linkage.common_values import CONTACTS

_OWN: Final = frozenset(kind for kind in DECIDING if POINTS[kind] >= THRESHOLD) - frozenset(CONTACTS)


@dataclass(frozen=True, slots=True)
class Split:
    """Parts as places among the reports, the first report's part first; what they share, in ascending order."""

    parts: tuple[tuple[int, ...], ...]
    common: tuple[Tag, ...]


def split(reports: Sequence[Sequence[tuple[Kind, Tag]]]) -> Split:
    """How these reports of one subject would come apart if no contact held them together."""
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
    return Split(
        tuple(tuple(part) for part in parts.values()), shared_contacts(reports, list(parts.values()))
    )


def shared_contacts(
    reports: Sequence[Sequence[tuple[Kind, Tag]]], parts: Sequence[Sequence[int]]
) -> tuple[Tag, ...]:
    """The contacts that reports of two parts or more have."""
    found: dict[Tag, set[int]] = defaultdict(set)
    for number, part in enumerate(parts):
        for at in part:
            for kind, tag in reports[at]:
                if kind in CONTACTS:
                    found[tag].add(number)
    return tuple(sorted(tag for tag, sides in found.items() if len(sides) > 1))
