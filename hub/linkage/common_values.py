"""Common values: a contact that many unrelated parties have says nothing about any of them.

A forwarder's phone or a virtual office's mailbox stands beside many companies; a procurer's phone
beside many names of one company, and that is our best case. The rule that tells them apart, over
the first `WEIGHED` reports with the value:

  identified   three parties or more whose registration numbers (or VAT numbers, or LEIs) differ, or
  named        more than `MOST_NAMES` names, where fewer than one pair of reports in twelve agrees on one

and either must hold also without the reports of any one group (`LEFT_OVER` parties, more than
`MOST_NAMES` names), so that no single firm hides a subject by filing made-up ones. A procurer with
twelve names on one number and no contradicting registration still links.

A common value links nobody; the manifest lists it and the index leaves it out. What is unclear is
taken for a subject's own. On 20,000 simulated inquiries with exact keys the rule takes three values out and
precision from .19 to .996; a value must have been seen that often, so a small hub is less sure of it.
Source: domain truth 8; the matching study, sections 3 and 6.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cairn_protocol.kinds import Kind
from cairn_protocol.tags import Tag

# The contacts that many may share. A registration number is one party's by definition.
CONTACTS: Final = (Kind.EMAIL, Kind.PHONE, Kind.DOMAIN)

# Numbers of which a party has one. It may have several ships and bank accounts.
IDENTIFIERS: Final = (Kind.REGISTRATION, Kind.VAT, Kind.LEI)

WEIGHED: Final = 256
MOST_PARTIES: Final = 2
LEFT_OVER: Final = 2
MOST_NAMES: Final = 12
LEAST_AGREEMENT: Final = 0.08


@dataclass(frozen=True, slots=True)
class Beside:
    """What one report has beside the value: who filed it, the name's tag, the identifiers' tags."""

    group: str
    names: frozenset[Tag]
    identifiers: frozenset[tuple[Kind, Tag]]


def is_common(reports: Sequence[Beside]) -> bool:
    """Whether a contact on these reports (the oldest first) belongs to many unrelated parties."""
    weighed = reports[:WEIGHED]
    return _many_identified(weighed) or _many_named(weighed)


def _many_identified(reports: Sequence[Beside]) -> bool:
    party_of = _parties(reports)
    for kind in IDENTIFIERS:
        groups_by_party: dict[int, set[str]] = defaultdict(set)
        for at, report in enumerate(reports):
            if any(told is kind for told, _ in report.identifiers):
                groups_by_party[party_of[at]].add(report.group)
        if len(groups_by_party) > MOST_PARTIES and _without_any_group(groups_by_party.values()) >= LEFT_OVER:
            return True
    return False


def _many_named(reports: Sequence[Beside]) -> bool:
    groups_by_name: dict[Tag, set[str]] = defaultdict(set)
    for report in reports:
        for name in report.names:
            groups_by_name[name].add(report.group)
    if _without_any_group(groups_by_name.values()) <= MOST_NAMES:
        return False
    uses = Counter(name for report in reports for name in report.names)
    pairs = len(reports) * (len(reports) - 1) / 2
    return sum(count * (count - 1) / 2 for count in uses.values()) < LEAST_AGREEMENT * pairs


def _without_any_group(groups_by_value: Iterable[set[str]]) -> int:
    """How many values are left if the group is left out that alone vouches for most of them."""
    groups = list(groups_by_value)
    alone = Counter(next(iter(one)) for one in groups if len(one) == 1)
    return len(groups) - max(alone.values(), default=0)


def _parties(reports: Sequence[Beside]) -> list[int]:
    """For each report the number of its party: one name or one identifier shared makes one party."""
    leader = list(range(len(reports)))

    def find(at: int) -> int:
        while leader[at] != at:
            leader[at] = leader[leader[at]]
            at = leader[at]
        return at

    first_with: dict[Hashable, int] = {}
    for at, report in enumerate(reports):
        for mark in (*report.names, *report.identifiers):
            leader[find(at)] = find(first_with.setdefault(mark, at))
    return [find(at) for at in range(len(reports))]
