"""Public figures: counts of OPEN codes with exact noise that hides any one group.

A group counts with at most so many reports in a quarter, over all cells together; so adding or taking
away a group moves the table by no more than that, and discrete Laplace noise of scale bound / epsilon
in every cell gives epsilon-differential privacy at the level of groups. The cells are
fixed before anyone looks: empty ones get noise, too.
Source: domain brief 0, P9; Ghosh, Roughgarden, Sundararajan, STOC 2009; Canonne et al. 2020 for the sampler.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from cairn_protocol.noise import Dice
from hub.disclosure.policy import DEFAULT, Policy


@dataclass(frozen=True, slots=True)
class NoisyFigure:
    """A public count, and the interval in which 95 of 100 true ones lie. It may be below 0: clip for show only."""

    value: int
    low: int
    high: int


def bounded(
    contributions: Mapping[Hashable, Mapping[str, int]], bound: int
) -> dict[Hashable, dict[str, int]]:
    """The contributions with every group's total cut to `bound`, its shares kept as well as whole numbers can.

    What is cut from a group depends on its own contributions alone: so the promise holds.
    """
    by_group: defaultdict[str, dict[Hashable, int]] = defaultdict(dict)
    for cell, counted in contributions.items():
        for group, count in counted.items():
            if count:
                by_group[group][cell] = count
    kept: dict[Hashable, dict[str, int]] = {cell: {} for cell in contributions}
    for group, counts in by_group.items():
        for cell, count in _scaled(counts, bound).items():
            kept[cell][group] = count
    return kept


def _scaled(counts: Mapping[Hashable, int], bound: int) -> dict[Hashable, int]:
    total = sum(counts.values())
    if total <= bound:
        return dict(counts)
    whole = {cell: count * bound // total for cell, count in counts.items()}
    by_remainder = sorted(counts, key=lambda cell: (-(counts[cell] * bound % total), str(cell)))
    for cell in by_remainder[: bound - sum(whole.values())]:
        whole[cell] += 1
    return {cell: count for cell, count in whole.items() if count}


def public_figures(
    cells: Iterable[Hashable],
    contributions: Mapping[Hashable, Mapping[str, int]],
    dice: Dice,
    *,
    epsilon: Fraction = DEFAULT.public_epsilon,
    policy: Policy = DEFAULT,
) -> dict[Hashable, NoisyFigure]:
    """A noisy figure for every cell of the published axes, at a cost of `epsilon` altogether.

    cells          all of them, whether anybody contributed or not
    contributions  by group; those of other cells don't count
    dice           a keystream of the hub's secret and the inputs' digest makes the release reproducible
    """
    scale = Fraction(policy.public_bound) / epsilon
    width = _half_interval(scale)
    listed = list(cells)
    kept = bounded({cell: contributions.get(cell, {}) for cell in listed}, policy.public_bound)
    figures = {}
    for cell in listed:
        value = sum(kept[cell].values()) + dice.laplace(scale)
        figures[cell] = NoisyFigure(value, value - width, value + width)
    return figures


def _half_interval(scale: Fraction) -> int:
    """The least m that noise exceeds, on either side, in less than 5 of 100: 2 a^(m+1) / (1 + a), a = exp(-1/scale)."""
    a = math.exp(-1 / scale)
    return max(0, math.ceil(math.log(0.05 * (1 + a) / 2) / math.log(a)) - 1)
