"""What of an opened sum is published: the window it must lie in, the floor a counter must clear, its interval.

A counter is published only if its noisy sum exceeds four caps by more than the margin that noise
can make. For honest firms, none of which counts above the cap, that implies at least 5
contributors of which none has more than a quarter. A sum where honest firms can't bring it says
that some return or noise was not honest: then nothing of the period is published.

Whole numbers only, so that everybody who computes a result computes the same one. Tails are those
of a discrete Gaussian: P(X >= m) <= exp(-m^2 / (2 variance)), also for sums of them.
Source: design.md 4.7; Canonne, Kamath, Steinke 2020, corollary 17 and proposition 25.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Final

from cairn_protocol.messages.returns import ReturnTerms, SumFigure
from cairn_protocol.noise import gaussian_variance
from cairn_protocol.returns_layout import Layout

CAPS_TO_CLEAR: Final = 4
# margin^2 = factor * variance, so a tail of exp(-factor / 2) for each counter and side:
_FLOOR_FACTOR: Final = (
    24  # 6 in a million: once in 150 periods does one of 1,027 counters clear its floor by noise
)
_WINDOW_FACTOR: Final = 48  # 4 in 10^11: honest sums are never void
_INTERVAL_FACTOR: Final = Fraction(38416, 10_000)  # 1.96 squared: 95 of 100


def deposit_variance(terms: ReturnTerms, layout: Layout) -> Fraction:
    """The variance of the noise that each listed trustee adds to each counter."""
    return gaussian_variance(Fraction(terms.rho_thousandths, 1_000), layout.squared_sensitivity)


def total_variance(terms: ReturnTerms, layout: Layout) -> Fraction:
    """The variance of the noise in a sum: every listed trustee's, as each alone must suffice."""
    return len(terms.noise_from) * deposit_variance(terms, layout)


def margin(terms: ReturnTerms, layout: Layout) -> int:
    """How far above its true sum noise may carry a counter, but for once in 150 periods."""
    return _root(_FLOOR_FACTOR * total_variance(terms, layout))


def floors(terms: ReturnTerms, layout: Layout) -> list[int]:
    """What each counter's noisy sum must exceed to be published."""
    above = margin(terms, layout)
    return [CAPS_TO_CLEAR * cap + above for cap in layout.caps(terms.caps)]


def outside_window(terms: ReturnTerms, layout: Layout, sums: Sequence[int], groups: int) -> list[int]:
    """The slots whose sum lies where `groups` honest returns and honest noise can't bring it."""
    slack = _root(_WINDOW_FACTOR * total_variance(terms, layout))
    caps = layout.caps(terms.caps)
    return [
        slot
        for slot, (value, cap) in enumerate(zip(sums, caps, strict=True))
        if not -slack <= value <= groups * cap + slack
    ]


@dataclass(frozen=True, slots=True)
class Figures:
    """The published counters in the layout's order, the margin, and how many counters are withheld."""

    published: tuple[SumFigure, ...]
    margin: int
    withheld: int


def figures(terms: ReturnTerms, layout: Layout, sums: Sequence[int], groups: int) -> Figures:
    """The counters that clear their floors, each with its 95 % interval.

    sums    noisy, in the layout's order, inside their window
    groups  in the sum: no counter's interval goes above all of them at the cap
    """
    width = _root(_INTERVAL_FACTOR * total_variance(terms, layout))
    published = []
    for cell, value, floor, cap in zip(
        layout.cells, sums, floors(terms, layout), layout.caps(terms.caps), strict=True
    ):
        if value > floor:
            high = min(value + width, groups * cap)
            published.append(SumFigure(cell=cell.name, value=value, low=max(value - width, 0), high=high))
    return Figures(tuple(published), margin(terms, layout), len(layout.cells) - len(published))


def _root(square: Fraction) -> int:
    """The least whole number whose square is not below `square`."""
    root = isqrt(square.numerator // square.denominator)
    return root if root * root >= square else root + 1
