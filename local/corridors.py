"""Two planted corridors: events enough, of groups enough, for every question that analysts can ask to show a figure.

Chips from Germany by way of Turkey to Kazakhstan, four times as often after an invented control as a year before; the
same chips from the United States to Mexico, where nothing changed. Which firms see how many is the same on
every run; buyers are invented anew from a seed, each of one inquiry, so that they link to nobody.
"""

import datetime as dt
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hub.trends.expressions import WINDOW_WEEKS, ControlEvent

_ITEM: Final = "854231"
_LETTERS: Final = "bdfgklmnprstvz"
_FLAGS: Final = (("RF-ENU-01", "RF-LOG-01"), ("RF-ENU-01",), ("RF-LOG-01", "RF-ORD-03"))
_OUTCOMES: Final = ("DECLINED", "CLEARED", "CLEARED", "LOST_CONTACT")
# The control came so long ago that the eight weeks after it are over.
_WEEKS_AGO: Final = WINDOW_WEEKS + 4


@dataclass(frozen=True, slots=True)
class _Lot:
    """Events: so many of each firm, spread over eight weeks that began so long ago.

    origins, destinations  taken in turn, a firm after the other
    """

    by_firm: tuple[int, ...]
    weeks_ago: int
    origins: tuple[str, ...]
    via: tuple[str, ...]
    destinations: tuple[str, ...]


_DIVERTED: Final = (("DE",), ("TR",), ("KZ",))
_PLAIN: Final = (("US",), (), ("MX",))
_SOME: Final = (0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1)
_ORIGINS: Final = ("NL", "GB", "JP", "FR", "IT", "ES", "SE", "CH")
_LOTS: Final = (
    _Lot((4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 2), _WEEKS_AGO, *_DIVERTED),
    _Lot((1, 1, 1, 1, 1, 1, 1, 1, 1, 1), _WEEKS_AGO + 52, *_DIVERTED),
    _Lot((1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), _WEEKS_AGO, *_PLAIN),
    _Lot((1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), _WEEKS_AGO + 52, *_PLAIN),
    _Lot((3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2), _WEEKS_AGO + 10, *_PLAIN),
    # Beside each corridor its origin sends here and there, and others send to its destination: without these
    # the totals that lift is computed from would tell a single firm's report.
    _Lot(_SOME, _WEEKS_AGO + 10, ("DE",), ("TR",), ("UZ", "KG", "TJ", "AM", "GE", "AZ", "TM", "MN")),
    _Lot(_SOME, _WEEKS_AGO + 10, _ORIGINS, (), ("KZ",)),
    _Lot(_SOME, _WEEKS_AGO + 10, ("US",), (), ("BR", "CL", "AR", "PE", "CO", "EC", "UY", "PY")),
    _Lot(_SOME, _WEEKS_AGO + 10, _ORIGINS, (), ("MX",)),
)


def control_event(today: dt.date) -> ControlEvent:
    """The invented control, dated so that its surge can be asked for today."""
    year, week, _ = (_monday(today) - dt.timedelta(weeks=_WEEKS_AGO + 1)).isocalendar()
    return ControlEvent(
        "example-chips",
        "Invented controls on integrated circuits",
        f"{year}-W{week:02d}",
        (_ITEM,),
        ("KZ",),
        ("MX",),
    )


def planted(firms: Sequence[str], *, seed: int, today: dt.date) -> Iterator[tuple[str, dict[str, Any]]]:
    """(firm, inquiry as the SDK reads it). A firm for each group, twelve of them."""
    rng = random.Random(seed)
    numbers = itertools.count(1)
    for lot in _LOTS:
        monday = _monday(today) - dt.timedelta(weeks=lot.weeks_ago)
        for place, (firm, count) in enumerate(zip(firms, lot.by_firm, strict=False)):
            for at in range(count):
                number = next(numbers)
                destination = lot.destinations[place % len(lot.destinations)]
                day = monday + dt.timedelta(weeks=(number + at) % WINDOW_WEEKS, days=number % 5)
                yield (
                    firm,
                    {
                        "inquiry_id": f"{firm}-chips-{number:04d}",
                        "received_on": day.isoformat(),
                        "channel": "EMAIL",
                        "stage": "inquiry",
                        "party": {
                            "role": "PUR",
                            "name": f"{_word(rng)} {_word(rng)}",
                            "country": destination,
                        },
                        "item": {"hs6": _ITEM},
                        "route": {
                            "export_country": lot.origins[place % len(lot.origins)],
                            "via": list(lot.via),
                            "stated_destination": destination,
                        },
                        "red_flags": list(_FLAGS[number % len(_FLAGS)]),
                        "outcome": _OUTCOMES[(number + at) % len(_OUTCOMES)],
                    },
                )


def _monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def _word(rng: random.Random) -> str:
    return "".join(rng.choice(_LETTERS) + rng.choice("aeiou") for _ in range(4)).capitalize()
