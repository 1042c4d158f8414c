"""T10, contact re-use: a contact that this firm's own register has under another name. Local; worth it from day one.

The pattern of T3 inside one firm's data, where two names are enough to ask: nobody else has to have seen
anything, and nothing leaves. Names that share a key of any name kind, such as two spellings of one, are one name.
Source: domain brief 3, T10.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cairn.raw.normalise.match_key import MatchKey
from cairn_protocol.kinds import NAME_KINDS, Kind

WITHIN: Final = dt.timedelta(days=365)
CONTACTS: Final = frozenset({Kind.PHONE, Kind.EMAIL, Kind.DOMAIN, Kind.IBAN, Kind.ADDRESS})

_NAMES: Final = frozenset(NAME_KINDS) - {Kind.ADDRESS, Kind.ACRONYM}


@dataclass(frozen=True, slots=True)
class Seen:
    """An inquiry of the register: when it came, and its match keys."""

    received_on: dt.date
    keys: Sequence[MatchKey]


def other_names(asked: Seen, earlier: Iterable[Seen]) -> int:
    """Under how many other names one contact of `asked` stands in inquiries of the year around it.

    earlier  inquiries that have the contact; those without a name say nothing
    """
    mine = _names(asked.keys)
    others: list[frozenset[MatchKey]] = []
    for one in earlier:
        names = _names(one.keys)
        if not names or abs(one.received_on - asked.received_on) > WITHIN or names & mine:
            continue
        same = [known for known in others if known & names]
        others = [known for known in others if not known & names] + [names.union(*same)]
    return len(others) if mine else 0


def _names(keys: Sequence[MatchKey]) -> frozenset[MatchKey]:
    return frozenset(key for key in keys if key.kind in _NAMES)
