"""Linkage of many reports at once, in memory: what the hub's jobs arrive at one by one.

The same rules in the same order: contacts are judged by all their reports, then every report is placed
in its turn. `benchmarks.linkage` measures by it, and a test holds the jobs against it.

Not here: amendments and what was taken back, which leave nothing to place.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cairn_protocol.agreement import DECIDING
from cairn_protocol.kinds import NAME_KINDS
from cairn_protocol.tags import Tag
from hub.linkage.clustering import Board, Sighting
from hub.linkage.common_values import CONTACTS, MOST_PARTIES, WEIGHED, Verdict, beside, judge


def held_back(sightings: Sequence[Sighting]) -> Mapping[Tag, Verdict]:
    """The contacts that link nobody: those of many unrelated parties, and those that are unclear."""
    holders: dict[Tag, list[Sighting]] = defaultdict(list)
    for sighting in sorted(sightings, key=lambda one: one.place):
        for kind, tag in sighting.tags:
            if kind in CONTACTS:
                holders[tag].append(sighting)
    verdicts = {
        tag: judge([beside(tag, one.group, one.tags) for one in reports[:WEIGHED]])
        for tag, reports in holders.items()
        if len(reports) > MOST_PARTIES
    }
    return {tag: verdict for tag, verdict in verdicts.items() if verdict is not Verdict.OWN}


def link_all(sightings: Sequence[Sighting]) -> Board:
    """The board after placing every report in its turn."""
    held = held_back(sightings)
    uses = Counter(tag for sighting in sightings for _, tag in sighting.tags)
    board = Board([], [])
    for sighting in sorted(sightings, key=lambda one: one.place):
        tags = tuple(
            (kind, tag)
            for kind, tag in sighting.tags
            # A name's tag that one report has, as all filler is, leads nobody there.
            if kind in DECIDING and tag not in held and (kind not in NAME_KINDS or uses[tag] > 1)
        )
        board.place(replace(sighting, tags=tags))
    return board
