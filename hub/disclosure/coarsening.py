"""Up the ladder: cells that are too fine are joined until what is joined may be published.

Only blank cells are joined, so every cell is in one published figure at most: no figure is the difference
of two others. A figure "tier 1 in Central Asia" means what is left there beside the finer
figures that are published, and is labelled so.
Source: domain brief 2.4 (the ladder), 9 (S5).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cairn_protocol.codes import UNLISTED_FAMILY, items
from cairn_protocol.codes.m49 import subregion_of
from hub.disclosure.policy import DEFAULT, Policy
from hub.disclosure.rules import Verdict, disclose

ALL: Final = "ALL"

Contributions = Mapping[str, int]  # by group


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """What a figure is about, at some step of the ladder.

    item   a number of the items list, then "FAM-IC", then "tier 1", then "ALL"
    place  a country, then a subregion (M49), then "ALL"
    """

    item: str
    place: str


def _family(number: str) -> str:
    return items().family_of(number)


def _tier(number: str) -> str:
    """The list's tier, else its first regime; "ALL" for what has neither."""
    item = items().by_number.get(number)
    if item is None:
        return ALL
    return f"tier {item.chpl_tier}" if item.chpl_tier else item.regimes[0] if item.regimes else ALL


Step = Callable[[Cell], Cell]

LADDER: Final[tuple[Step, ...]] = (
    lambda cell: cell,
    lambda cell: Cell(_family(cell.item), cell.place),
    lambda cell: Cell(_tier(cell.item), subregion_of(cell.place)),
    lambda cell: Cell(UNLISTED_FAMILY, subregion_of(cell.place)),
    lambda cell: Cell(ALL, ALL),
)


@dataclass(frozen=True, slots=True)
class Joined:
    """A published figure: what it is about at its step of the ladder, and which finest cells are in it."""

    step: int
    about: Hashable
    cells: tuple[Hashable, ...]
    verdict: Verdict


def coarsen(
    contributions: Mapping[Cell, Contributions],
    ladder: Sequence[Step] = LADDER,
    policy: Policy = DEFAULT,
) -> tuple[list[Joined], list[Cell]]:
    """The figures that may be published, finest first, and the cells that are in none of them.

    contributions  of the finest cells, by group
    """
    blank = sorted(contributions)
    published: list[Joined] = []
    for step, name in enumerate(ladder):
        together: defaultdict[Cell, list[Cell]] = defaultdict(list)
        for cell in blank:
            together[name(cell)].append(cell)
        blank = []
        for about, cells in together.items():
            verdict = disclose(list(added(contributions[cell] for cell in cells).values()), policy)
            if verdict.published:
                published.append(Joined(step, about, tuple(cells), verdict))
            else:
                blank.extend(cells)
    return published, sorted(blank)


def added(contributions: Iterable[Contributions]) -> Counter[str]:
    """The groups' contributions to several cells together."""
    total: Counter[str] = Counter()
    for each in contributions:
        total.update(each)
    return total
