"""T3, identity churn: one phone, domain, bank account or address under several names.

Fires if within 365 days three or more different names stand beside one contact, one of them first seen in the
last 90 days, in reports of two groups or more. The days are counted back from the last report with the contact,
so the verdict depends on the reports alone. Names that share a tag of any name kind, such as one word
order of another, are one name. Common values never come here.

Limit: a report without a name carries a random name tag that nobody can tell from a real one, and counts as a name.
Source: domain brief 3, T3.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from cairn_protocol.kinds import NAME_KINDS, Kind
from cairn_protocol.tags import Tag
from hub.typologies.asking import Asking, Hit

MIN_NAMES: Final = 3
MIN_GROUPS: Final = 2
WITHIN_DAYS: Final = 365
FRESH_DAYS: Final = 90

_CONTACTS: Final = frozenset({Kind.PHONE, Kind.DOMAIN, Kind.IBAN, Kind.ADDRESS})
_NAMES: Final = frozenset(NAME_KINDS) - {Kind.ADDRESS, Kind.ACRONYM}


def identity_churn(asked: Sequence[Asking]) -> Hit | None:
    """T3, for the contact with most names."""
    by_contact: dict[Tag, list[Asking]] = defaultdict(list)
    kinds: dict[Tag, Kind] = {}
    for one in asked:
        for kind, tag in one.tags:
            if kind in _CONTACTS:
                by_contact[tag].append(one)
                kinds[tag] = kind
    best: tuple[int, int, Tag] | None = None
    for tag, beside in by_contact.items():
        if len(beside) < MIN_NAMES:
            continue
        last = max(one.monday for one in beside)
        recent = [one for one in beside if one.monday > last - WITHIN_DAYS]
        firsts = _first_seen(recent)
        groups = {one.group for one in recent}
        fresh = any(first > last - FRESH_DAYS for first in firsts)
        if len(firsts) >= MIN_NAMES and fresh and len(groups) >= MIN_GROUPS:
            # Of two with as many names that of more groups, and of those one whatever the reports' order.
            best = max(best or (0, 0, tag), (len(firsts), len(groups), tag))
    if best is None:
        return None
    names, seen_by, tag = best
    return Hit("T3", seen_by, {"names": names, "contact": (kinds[tag].value,)})


def _first_seen(beside: Sequence[Asking]) -> list[int]:
    """For each name beside a contact the week it was first seen in."""
    leader: dict[Tag, Tag] = {}

    def find(tag: Tag) -> Tag:
        while leader[tag] != tag:
            leader[tag] = leader[leader[tag]]
            tag = leader[tag]
        return tag

    called = [[tag for kind, tag in one.tags if kind in _NAMES] for one in beside]
    for tags in called:
        for tag in tags:
            leader.setdefault(tag, tag)
            leader[find(tag)] = find(tags[0])
    firsts: dict[Tag, int] = {}
    for one, tags in zip(beside, called, strict=True):
        if tags:
            name = find(tags[0])
            firsts[name] = min(one.monday, firsts.get(name, one.monday))
    return list(firsts.values())
