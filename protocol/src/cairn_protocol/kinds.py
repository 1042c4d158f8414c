"""Kinds of match key: which exist, which key they are evaluated under, and how many a report carries.

Wire version 1. Every padded subject costs `NAME_EVALUATIONS` under the name key and
`VALUE_EVALUATIONS` under the value key, whatever it holds, so a trustee learns nothing
from a count. In the header each fuzzy kind stands exactly `HEADER_COUNT[kind]` times;
what an inquiry lacks is filled with random tags.

Not here: how a value is normalised (`cairn.raw.normalise`), points (`agreement`).
Source: design.md 1, 4.2; the measured scheme of the matching study.
"""

from enum import StrEnum
from typing import Final


class KeyName(StrEnum):
    """The two OPRF keys. Enumerable values have a key of their own, so that one can be replaced alone."""

    NAMES = "names"
    VALUES = "values"


class Kind(StrEnum):
    """A match key's kind. The order of lockable kinds is their strength, strongest first."""

    REGISTRATION = "registration"  # company register number, with its country
    VAT = "vat"
    LEI = "lei"
    IMO = "imo"  # ship or ship company number
    IBAN = "iban"
    EMAIL = "email"
    PHONE = "phone"
    DOMAIN = "domain"  # of the company's own mail or web site, a unit's host where it has one
    TRANSACTION = "transaction"  # transport document number; collapses events, never links
    NAME = "name"  # fingerprint of a name with at least one rare word
    NAME_COMMON = "name-common"  # the same for a name of common words, bound to the country
    BAG = "bag"  # sorted letters: survives swapped, merged and split words
    SOUND = "sound"  # metaphone codes of the words
    ACRONYM = "acronym"
    ADDRESS = "address"
    EDIT = "edit"  # the name and its one-letter deletions


LOCKABLE: Final = (
    Kind.REGISTRATION,
    Kind.VAT,
    Kind.LEI,
    Kind.IMO,
    Kind.IBAN,
    Kind.EMAIL,
    Kind.PHONE,
    Kind.DOMAIN,
)
VALUE_KINDS: Final = (*LOCKABLE, Kind.TRANSACTION)
NAME_KINDS: Final = (Kind.NAME, Kind.NAME_COMMON, Kind.BAG, Kind.SOUND, Kind.ACRONYM, Kind.ADDRESS, Kind.EDIT)

# One of NAME and NAME_COMMON is always there, the rest stands as often as this, filled at random.
FUZZY_COUNT: Final = {Kind.BAG: 1, Kind.SOUND: 1, Kind.ACRONYM: 1, Kind.ADDRESS: 1, Kind.EDIT: 21}

NAME_EVALUATIONS: Final = 1 + sum(FUZZY_COUNT.values())  # 26
MAX_TRANSACTIONS: Final = 2
MAX_LOCKABLE: Final = 4
VALUE_EVALUATIONS: Final = MAX_LOCKABLE + MAX_TRANSACTIONS  # 6


def key_for(kind: Kind) -> KeyName:
    """The OPRF key that values of `kind` are evaluated under."""
    return KeyName.VALUES if kind in VALUE_KINDS else KeyName.NAMES


def is_lockable(kind: Kind) -> bool:
    """Whether a value of `kind` identifies a party alone, and so carries a line and a claim."""
    return kind in LOCKABLE


def oprf_input(kind: Kind, value: str) -> bytes:
    """What the OPRF is evaluated on: kind, 0x00, value (design.md 4.2)."""
    return kind.value.encode() + b"\0" + value.encode()
