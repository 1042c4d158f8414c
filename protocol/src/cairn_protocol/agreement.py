"""Agreement: how many points speak for two sightings being of one subject, and what made them.

Pure: kinds in, points and reasons out, the same at the hub and at a member. Names give the points
of their strongest kind, identifying values add up, and at `THRESHOLD` there is a link. What
differs speaks against the name alone: contacts that link by themselves can't be undone by
another country, or by another address at the same domain.

Not here: rarity and common values, which need to be counted (`hub.linkage`).
Source: the measured scheme of the matching study, section 3, whose penalties were taken from
the whole sum; domain brief 9, S1.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from cairn_protocol.kinds import LOCKABLE, NAME_KINDS, Kind

THRESHOLD: Final = 8

POINTS: Final = {
    Kind.REGISTRATION: 12,
    Kind.VAT: 12,
    Kind.LEI: 12,
    Kind.IMO: 12,
    Kind.IBAN: 12,
    Kind.EMAIL: 10,
    Kind.PHONE: 10,
    Kind.DOMAIN: 8,
    Kind.TRANSACTION: 0,  # collapses events, never links
    Kind.NAME: 10,
    Kind.NAME_COMMON: 8,
    Kind.BAG: 9,
    Kind.SOUND: 8,
    Kind.ACRONYM: 8,  # of five letters or more
    Kind.ADDRESS: 4,
    Kind.EDIT: 8,
}

# Kinds that link by themselves. An address only helps a name that speaks for itself already.
DECIDING: Final = frozenset(kind for kind, points in POINTS.items() if points >= THRESHOLD)

# What is equal as a whole. The other deciding kinds say that two names are alike.
EXACT: Final = frozenset({*LOCKABLE, Kind.NAME, Kind.NAME_COMMON})

# An address is normalised like a name, but is found beside one, as a contact is.
_NAMES: Final = frozenset(NAME_KINDS) - {Kind.ADDRESS}

_DIFFERS: Final = {Kind.EMAIL: -1, Kind.PHONE: -1, Kind.REGISTRATION: -1}
_BOTH_CONTACTS_DIFFER: Final = -2
_COUNTRY_DIFFERS: Final = -5


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that gave or took points: "phone", "email differs", "country differs"."""

    what: str
    points: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """The points that two sightings agree by, never below 0, and their reasons, the strongest first."""

    points: int
    reasons: tuple[Reason, ...]

    @property
    def links(self) -> bool:
        """Whether this is enough to take the two for one subject."""
        return self.points >= THRESHOLD


def agree(
    shared: Collection[Kind], differing: Collection[Kind] = (), *, countries_differ: bool = False
) -> Agreement:
    """The agreement of two sightings.

    shared            kinds of which both carry an equal tag
    differing         kinds of which both carry tags, and no equal one
    countries_differ  both tell a country, and not the same
    """
    contacts = [Reason(kind.value, POINTS[kind]) for kind in Kind if kind in _contacts(shared)]
    named = sorted((Reason(kind.value, POINTS[kind]) for kind in _NAMES & set(shared)), key=_strongest_first)[
        :1
    ]
    against = _against(set(differing) - set(shared), countries_differ) if named else []
    by_name = max(0, sum(reason.points for reason in (*named, *against)))
    reasons = sorted((*contacts, *named, *against), key=_strongest_first)
    return Agreement(by_name + sum(reason.points for reason in contacts), tuple(reasons))


def _contacts(shared: Collection[Kind]) -> set[Kind]:
    """The shared kinds whose points add up. An e-mail address must not vouch for its own domain."""
    contacts = {kind for kind in shared if kind not in _NAMES and POINTS[kind]}
    return contacts - {Kind.DOMAIN} if Kind.EMAIL in contacts else contacts


def _against(differing: Collection[Kind], countries_differ: bool) -> list[Reason]:
    reasons = [Reason(f"{kind} differs", _DIFFERS[kind]) for kind in _DIFFERS if kind in differing]
    if Kind.EMAIL in differing and Kind.PHONE in differing:
        reasons.append(Reason("email and phone differ", _BOTH_CONTACTS_DIFFER))
    if countries_differ:
        reasons.append(Reason("country differs", _COUNTRY_DIFFERS))
    return reasons


def _strongest_first(reason: Reason) -> tuple[int, str]:
    return -reason.points, reason.what
