"""Which reports bear another one out: groups, sectors, tags and events, without signatures and proofs.

`objection` says why one more report adds nothing; `choose` finds reports that all add something. The
hub chooses by the same rule that trustees judge by, so it sends what will be accepted.

Events are told apart by the transaction tags of the reports at hand: two that share one are one event.
Source: design 1 (event), 4.4.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cairn_protocol.codes.evidence import Code
from cairn_protocol.messages.parties import Sector
from cairn_protocol.tags import Tag

# A search that took more steps would be someone's attempt to keep the hub busy: reports made to overlap.
_MOST_STEPS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a report says to the rule.

    lockable      its lockable tags
    transactions  its transaction tags
    """

    member: str
    report_id: UUID
    group: str
    sector: Sector
    lockable: frozenset[Tag]
    transactions: frozenset[Tag]


def objection(
    sighting: Sighting, target: Sighting, counted: Sequence[Sighting], quarantined: frozenset[Tag]
) -> Code | None:
    """Why `sighting` adds no group to those that `target` and `counted` are of, or None if it does.

    counted  reports that bear the target out, each of which was asked about before
    """
    if sighting.group in {target.group, *(other.group for other in counted)}:
        return Code.SAME_GROUP
    shared = sighting.lockable & target.lockable
    if not shared:
        return Code.NO_SHARED_TAG
    if shared.issubset(quarantined):
        return Code.QUARANTINED
    if any(sighting.transactions & other.transactions for other in (target, *counted)):
        return Code.SAME_EVENT
    if any(sighting.sector is not other.sector for other in counted):
        return Code.OTHER_SECTOR
    return None


def choose(
    target: Sighting, candidates: Iterable[Sighting], k: int, quarantined: frozenset[Tag] = frozenset()
) -> list[Sighting]:
    """As many candidates as bear the target out together, at most k - 1: with that many it can be opened.

    Candidates are reports that count at all: their caller leaves out hearsay, what was taken back and what
    is too old. Of several choices the one that comes first in the candidates' order. The search is complete
    unless reports overlap so much that it would take more than 100,000 steps; then it may find fewer.
    """
    by_sector: dict[Sector, list[Sighting]] = defaultdict(list)
    for candidate in candidates:
        if objection(candidate, target, (), quarantined) is None:
            by_sector[candidate.sector].append(candidate)
    best: list[Sighting] = []
    for together in by_sector.values():
        found = _most_apart(together, k - 1)
        if len(found) > len(best):
            best = found
    return best


def _most_apart(candidates: Sequence[Sighting], wanted: int) -> list[Sighting]:
    """At most `wanted` of these, of different groups and in different events."""
    by_group: dict[str, dict[frozenset[Tag], Sighting]] = defaultdict(dict)
    for candidate in candidates:
        by_group[candidate.group].setdefault(candidate.transactions, candidate)
    # A report without transactions is in nobody's event: its group can always be taken, and by it.
    free = [reports[frozenset()] for reports in by_group.values() if frozenset() in reports][:wanted]
    bound = [list(reports.values()) for reports in by_group.values() if frozenset() not in reports]
    return free + _search(bound, wanted - len(free))


def _search(groups: Sequence[Sequence[Sighting]], wanted: int) -> list[Sighting]:
    """The most reports of different groups, at most `wanted`, no two of which share a transaction."""
    best: list[Sighting] = []
    steps = 0

    def extend(chosen: list[Sighting], taken: frozenset[Tag], first: int) -> None:
        nonlocal best, steps
        if len(chosen) > len(best):
            best = chosen
        for at in range(first, len(groups)):
            for report in groups[at]:
                out_of_reach = len(chosen) + len(groups) - at <= len(best)
                if len(best) >= wanted or out_of_reach or steps >= _MOST_STEPS:
                    return
                steps += 1
                if not taken & report.transactions:
                    extend([*chosen, report], taken | report.transactions, at + 1)

    extend([], frozenset(), 0)
    return best
