"""Common values: a contact that many unrelated parties have says nothing about any of them.

A forwarder's phone or a virtual office's mailbox stands beside many companies; a procurer's phone
beside many names of one company, and that is our best case. What tells them apart is what the names have
besides: companies have numbers, web sites and mailboxes of their own, new names on an old phone have little.
Over the first `WEIGHED` reports with the value, a party being reports that share a name, a likeness of one, a
number or another contact, the value is common if

  identified   three parties or more have registration numbers (or VAT numbers, or LEIs) of their own, or
  established  the parties' own numbers (4), domains (2) and other contacts (1), at most 4 a party, add up to
               `MUCH_OF_THEIR_OWN`, and to 1.3 a party on average, or
  named        more than `MOST_NAMES` names, where fewer than one pair of reports in twelve agrees on one

and either must hold also without the reports of any one group, at a lower bar, so that no single firm
hides a subject by filing made-up ones. A procurer with twelve names on one number links, even if
half of them have a mailbox of their own.

A value for which it comes close (`SOME_OF_THEIR_OWN`, four parties or more) is unclear: it links nobody either,
and waits for the operator's word (`cairn-hub common-values`). Five companies of which nothing but the phone is told
look like a procurer, and are taken for one.

Measured: docs/linkage.md. Source: domain truth 8; the matching study, sections 3 and 6.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cairn_protocol.kinds import Kind
from cairn_protocol.tags import Tag

# The contacts that many may share. A registration number is one party's by definition.
CONTACTS: Final = (Kind.EMAIL, Kind.PHONE, Kind.DOMAIN)

# Numbers of which a party has one. It may have several ships and bank accounts.
IDENTIFIERS: Final = (Kind.REGISTRATION, Kind.VAT, Kind.LEI)

NAMES: Final = (Kind.NAME, Kind.NAME_COMMON)
LIKENESSES: Final = (Kind.BAG, Kind.SOUND)

# All that is read of a report to judge its contacts.
TELLING: Final = (*NAMES, *LIKENESSES, *IDENTIFIERS, *CONTACTS)

WEIGHED: Final = 256
MOST_PARTIES: Final = 2
LEFT_OVER: Final = 2
MOST_NAMES: Final = 12
LEAST_AGREEMENT: Final = 0.08


# What a party has of its own, and how much of it makes a value common or unclear.
NUMBER_OF_ITS_OWN: Final = 4
DOMAIN_OF_ITS_OWN: Final = 2
CONTACT_OF_ITS_OWN: Final = 1
MOST_OF_A_PARTY: Final = 4
MUCH_OF_THEIR_OWN: Final = 9
SOME_OF_THEIR_OWN: Final = 6
LEFT_OF_THEIR_OWN: Final = 4
LEFT_PARTIES: Final = 2  # that have anything of their own: one registered name is a procurer's too
PER_TEN_PARTIES: Final = 13
UNCLEAR_PARTIES: Final = 4


class Verdict(StrEnum):
    """Whose a contact is: a subject's own, unrelated parties', or a question for the operator."""

    OWN = "own"
    UNCLEAR = "unclear"
    COMMON = "common"


@dataclass(frozen=True, slots=True)
class Beside:
    """What one report has beside the value: who filed it, and the tags of the rest.

    alike     of names' likenesses (bag, sound)
    contacts  other than the value itself
    """

    group: str
    names: frozenset[Tag]
    identifiers: frozenset[tuple[Kind, Tag]]
    alike: frozenset[Tag] = frozenset()
    contacts: frozenset[tuple[Kind, Tag]] = frozenset()


def beside(value: Tag, group: str, told: Iterable[tuple[Kind, Tag]]) -> Beside:
    """What a report of `group` that tells these tags has beside a contact."""
    told = [pair for pair in told if pair[1] != value]
    return Beside(
        group,
        frozenset(tag for kind, tag in told if kind in NAMES),
        frozenset(pair for pair in told if pair[0] in IDENTIFIERS),
        frozenset(tag for kind, tag in told if kind in LIKENESSES),
        frozenset(pair for pair in told if pair[0] in CONTACTS),
    )


def judge(reports: Sequence[Beside]) -> Verdict:
    """Whose a contact on these reports (the oldest first) is."""
    weighed = reports[:WEIGHED]
    if _many_identified(weighed) or _many_named(weighed):
        return Verdict.COMMON
    return _established(weighed)


def _many_identified(reports: Sequence[Beside]) -> bool:
    party_of = _parties(reports, by_contacts=False)
    for kind in IDENTIFIERS:
        groups_by_party: dict[int, set[str]] = defaultdict(set)
        for at, report in enumerate(reports):
            if any(told is kind for told, _ in report.identifiers):
                groups_by_party[party_of[at]].add(report.group)
        if len(groups_by_party) > MOST_PARTIES and _without_any_group(groups_by_party.values()) >= LEFT_OVER:
            return True
    return False


def _established(reports: Sequence[Beside]) -> Verdict:
    """By what the parties have of their own."""
    party_of = _parties(reports, by_contacts=True)
    groups: dict[int, set[str]] = defaultdict(set)
    own: dict[int, dict[Kind, int]] = defaultdict(dict)
    for at, report in enumerate(reports):
        groups[party_of[at]].add(report.group)
        for kind, _ in report.identifiers:
            if kind in IDENTIFIERS:
                own[party_of[at]][kind] = NUMBER_OF_ITS_OWN
        for kind, _ in report.contacts:  # another party's would have made the two one
            own[party_of[at]][kind] = DOMAIN_OF_ITS_OWN if kind is Kind.DOMAIN else CONTACT_OF_ITS_OWN
    worth = {party: min(MOST_OF_A_PARTY, sum(own[party].values())) for party in groups}
    vouched: dict[str, set[int]] = defaultdict(set)
    for party, seen_by in groups.items():
        if len(seen_by) == 1:
            vouched[next(iter(seen_by))].add(party)
    for alone in vouched.values():
        left = [points for party, points in worth.items() if party not in alone]
        if sum(left) < max(LEFT_OF_THEIR_OWN, len(left)) or sum(map(bool, left)) < LEFT_PARTIES:
            return Verdict.OWN
    if len(worth) > MOST_PARTIES and _reaches(list(worth.values()), MUCH_OF_THEIR_OWN):
        return Verdict.COMMON
    unclear = len(worth) >= UNCLEAR_PARTIES and _reaches(list(worth.values()), SOME_OF_THEIR_OWN)
    return Verdict.UNCLEAR if unclear else Verdict.OWN


def _reaches(worth: Sequence[int], least: int) -> bool:
    return sum(worth) >= least and sum(worth) * 10 >= PER_TEN_PARTIES * len(worth)


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


def _parties(reports: Sequence[Beside], *, by_contacts: bool) -> list[int]:
    """For each report the number of its party: one name, likeness or number shared, or contact, makes one party."""
    leader = list(range(len(reports)))

    def find(at: int) -> int:
        while leader[at] != at:
            leader[at] = leader[leader[at]]
            at = leader[at]
        return at

    first_with: dict[Hashable, int] = {}
    for at, report in enumerate(reports):
        marks = (*report.names, *report.alike, *report.identifiers)
        for mark in (*marks, *report.contacts) if by_contacts else marks:
            leader[find(at)] = find(first_with.setdefault(mark, at))
    return [find(at) for at in range(len(reports))]
