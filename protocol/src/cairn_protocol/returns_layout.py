"""Which counters a return holds, in which order: the published layout.

One version is one list of named cells for ever; its digest stands in the terms of every period.
A firm's own inquiries become counters by `tally`, affiliates' tallies are added, and
`finish` makes the group's vector: the rate's band, then every counter clipped at its cap.

One inquiry moves `Layout.squared_sensitivity` in squared length at most, whatever is in it: noise is
measured by that, so only `MAX_FLAGS` red flags of an inquiry and one corridor count.

Not here: what an inquiry is (the firm's side), slots (`packing`), what is published (`sum_figures`).
Source: domain brief 3 (T4, T6, T8, T9, T13 in counts); UN M49 for subregions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Final

from cairn_protocol import kdf
from cairn_protocol.codes import UNKNOWN, UNLISTED_FAMILY, SentOutcome, Stage, red_flags
from cairn_protocol.codes.m49 import SUBREGIONS, subregion_of
from cairn_protocol.errors import WrongTerms
from cairn_protocol.kdf import Use
from cairn_protocol.messages.returns import Caps, ReturnTerms

MAX_FLAGS: Final = 4  # of one inquiry; more would raise the noise on everything
# Upper ends of the bands of flagged over handled, in thousandths; the eighth is open. Band 0 is "none".
BAND_ENDS: Final = (0, 10, 20, 50, 100, 200, 500)
BANDS: Final = len(BAND_ENDS) + 1

HANDLED: Final = "handled"
FLAGGED: Final = "flagged"


class CounterClass(StrEnum):
    """Counters that share a cap."""

    HANDLED = "handled"
    FLAGGED = "flagged"
    BAND = "band"
    CELL = "cell"  # family by destination, corridor
    CODE = "code"  # red flag, outcome, stage


@dataclass(frozen=True, slots=True)
class Cell:
    """One counter. Its name is its axis and codes: "handled", "corridor/AE/143"."""

    name: str
    counter_class: CounterClass


@dataclass(frozen=True)
class Layout:
    """One version of the layout: cells in the order of their slots."""

    version: int
    cells: tuple[Cell, ...]
    places: frozenset[str]  # countries that are a destination of their own; the others count by subregion
    vias: frozenset[str]  # countries that make a corridor
    squared_sensitivity: int

    @cached_property
    def slots(self) -> Mapping[str, int]:
        """The slot of each cell, by name."""
        return MappingProxyType({cell.name: slot for slot, cell in enumerate(self.cells)})

    @cached_property
    def digest(self) -> bytes:
        """32 bytes that stand for the cells, their order and their classes."""
        told = [f"{cell.name} {cell.counter_class}".encode() for cell in self.cells]
        return kdf.digest(Use.RETURN_LAYOUT, self.version.to_bytes(2, "big"), *told)

    def caps(self, caps: Caps) -> list[int]:
        """The cap of every cell, in order."""
        by_class = {of: int(getattr(caps, of)) for of in CounterClass}
        return [by_class[cell.counter_class] for cell in self.cells]

    def destination(self, country: str) -> str:
        """The destination that an inquiry for this country counts under."""
        return country if country in self.places else _region(country)


@dataclass(frozen=True, slots=True)
class FlaggedInquiry:
    """What counts of an inquiry that raised a red flag: codes alone.

    via          countries of the route, in order
    red_flags    codes of the list; local-only ones count nowhere
    outcome      None for one that is open, untold or shipped
    """

    family: str
    destination: str
    via: tuple[str, ...]
    red_flags: tuple[str, ...]
    outcome: SentOutcome | None
    stage: Stage


def tally(layout: Layout, handled: int, flagged: Iterable[FlaggedInquiry]) -> list[int]:
    """One firm's counters: `handled` inquiries in all, of which these were flagged. Not clipped, no band."""
    counters = [0] * len(layout.cells)
    counters[layout.slots[HANDLED]] = handled
    for inquiry in flagged:
        for name in moved(layout, inquiry):
            counters[layout.slots[name]] += 1
    return counters


def moved(layout: Layout, inquiry: FlaggedInquiry) -> list[str]:
    """The counters that a flagged inquiry moves by one, beside `HANDLED`: no name twice."""
    names = [FLAGGED, f"stage/{inquiry.stage}"]
    family = f"family-destination/{inquiry.family}/{layout.destination(inquiry.destination)}"
    unlisted = f"family-destination/{UNLISTED_FAMILY}/{layout.destination(inquiry.destination)}"
    names.append(family if family in layout.slots else unlisted)
    via = next((country for country in inquiry.via if country in layout.vias), None)
    region = _region(inquiry.destination)
    if via is not None and region != UNKNOWN:
        names.append(f"corridor/{via}/{region}")
    if inquiry.outcome is not None:
        names.append(f"outcome/{inquiry.outcome}")
    known = {f"flag/{flag}" for flag in inquiry.red_flags} & layout.slots.keys()
    return names + sorted(known, key=_gravest_first)[:MAX_FLAGS]


def _gravest_first(name: str) -> tuple[int, str]:
    severity = red_flags().by_code[name.removeprefix("flag/")].severity_hint
    return ("high", "medium", "low").index(severity), name


def finish(layout: Layout, tallies: Sequence[Sequence[int]], caps: Caps) -> list[int]:
    """A group's vector from the tallies of all its firms: added, the rate's band set, clipped at the caps."""
    counters = [sum(place) for place in zip(*tallies, strict=True)]
    handled, flagged = counters[layout.slots[HANDLED]], counters[layout.slots[FLAGGED]]
    if handled:
        counters[layout.slots[f"band/{rate_band(flagged, handled)}"]] = 1
    return [min(counter, cap) for counter, cap in zip(counters, layout.caps(caps), strict=True)]


def rate_band(flagged: int, handled: int) -> int:
    """Which of the 8 bands a rate falls into: 0 for none, then up to 1 %, 2 %, 5 %, 10 %, 20 %, 50 %, more."""
    if not 0 <= flagged <= handled or not handled:
        raise ValueError("a rate is a part of something")
    return next((band for band, end in enumerate(BAND_ENDS) if flagged * 1_000 <= end * handled), BANDS - 1)


def layout_of(terms: ReturnTerms) -> Layout:
    """The layout that the terms name. Raises WrongTerms for one this version doesn't know, or knows otherwise."""
    layout = LAYOUTS.get(terms.layout)
    if layout is None or layout.digest != terms.layout_digest:
        raise WrongTerms("a layout that this version of the software doesn't have")
    return layout


def _region(country: str) -> str:
    """Subregions of Oceania but Australia and New Zealand are one: alone, none would ever be published."""
    subregion = subregion_of(country)
    return _PACIFIC if subregion in _PACIFIC_PARTS else subregion


_PACIFIC: Final = "pacific"
_PACIFIC_PARTS: Final = ("054", "057", "061")
_REGIONS: Final = (*(code for code in SUBREGIONS if code not in _PACIFIC_PARTS), _PACIFIC)

# Written out: a layout stays what it was when the code lists grow.
_FAMILIES_1: Final = (
    "BIO BRG CHEM CNC COM COMP CRY ENR FIB HTF IC MAT MSL NAV NUCEL OPT PAS PROP PWR SEMI TST UAV VAC"
)
_FLAGS_1: Final = {
    "CUS": 7, "ENU": 7, "PRD": 9, "ORD": 7, "PAY": 5, "LOG": 9, "DOC": 4, "DIG": 5, "NET": 4,
}  # fmt: skip
_OUTCOMES_1: Final = (
    "HELD DECLINED REFERRED LICENCE_APPLIED LICENCE_REFUSED CLEARED WITHDRAWN LOST_CONTACT "
    "SHIPPED_UNDER_LICENCE"
)
_STAGES_1: Final = "inquiry quotation due_diligence order payment shipment claim"
# Places through which much is re-exported, so that a subregion would hide the pattern. No finding about a place.
_PLACES_1: Final = "AE AM CN GE HK KG KZ MY SG TR"
_VIAS_1: Final = "AE AM GE HK KG KZ MY RS SG TR"


def _layout_1() -> Layout:
    families = [*(f"FAM-{family}" for family in _FAMILIES_1.split()), UNLISTED_FAMILY]
    places, vias = _PLACES_1.split(), _VIAS_1.split()
    flags = [f"RF-{category}-{at:02}" for category, last in _FLAGS_1.items() for at in range(1, last + 1)]
    codes = [
        *(f"flag/{flag}" for flag in flags),
        *(f"outcome/{outcome}" for outcome in _OUTCOMES_1.split()),
        *(f"stage/{stage}" for stage in _STAGES_1.split()),
    ]
    destinations = [*places, *_REGIONS, UNKNOWN]
    cells = [
        *(f"family-destination/{family}/{place}" for family in families for place in destinations),
        *(f"corridor/{via}/{region}" for via in vias for region in _REGIONS),
    ]
    return Layout(
        version=1,
        cells=(
            Cell(HANDLED, CounterClass.HANDLED),
            Cell(FLAGGED, CounterClass.FLAGGED),
            *(Cell(f"band/{band}", CounterClass.BAND) for band in range(BANDS)),
            *(Cell(name, CounterClass.CODE) for name in codes),
            *(Cell(name, CounterClass.CELL) for name in cells),
        ),
        places=frozenset(places),
        vias=frozenset(vias),
        # handled, flagged, stage, family by destination, corridor, outcome, flags; a band left, another entered
        squared_sensitivity=6 + MAX_FLAGS + 2,
    )


LAYOUTS: Final[Mapping[int, Layout]] = MappingProxyType({1: _layout_1()})
CURRENT: Final = LAYOUTS[1]
