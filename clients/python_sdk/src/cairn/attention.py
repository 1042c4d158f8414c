"""From a card to what the score counts of it. A card speaks in bands and quarters, so the least it can mean counts.

Not here: the score itself (`raw.scoring`), which knows only flags and counts.
"""

import datetime as dt

from cairn.raw.scoring import Network
from cairn_protocol.messages.index import Card

_AT_LEAST = {"1": 1, "2-4": 2, "5-9": 5, "10+": 10}
_DAY = 24 * 3600


def network_of(card: Card, now: float) -> Network:
    """What the card's subject counts for: the band's least number of groups, aged since its last quarter ended."""
    return Network(
        groups=_AT_LEAST[card.groups],
        typologies=frozenset(typology.value for typology in card.typologies),
        cleared=card.cleared,
        age_days=_days_since(card.last, now),
    )


def _days_since(quarter: str, now: float) -> float:
    """Whole days since a quarter like "2026-Q2" ended, 0 if it hasn't."""
    year, number = int(quarter[:4]), int(quarter[-1])
    following = (year + 1, 1) if number == 4 else (year, 3 * number + 1)
    ended = dt.datetime(*following, 1, tzinfo=dt.UTC).timestamp()
    return float(max(0, int((now - ended) / _DAY)))
