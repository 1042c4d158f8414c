"""What is computed from published counts: lift, rate ratio, deviation from the usual. Pure.

Nothing here takes a count that was not published, so nothing here tells more than the counts do.
Source: domain brief 3 (T4, T5, T6); Rothman, Greenland, Modern Epidemiology, for the intervals of ratios.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_95: Final = 1.959964
SMALLEST_RANKED: Final = 10  # T4 ranks corridors of so many events or more
ALERT_Z: Final = 3.0


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of counts, and the interval that holds 95 of 100 true ones if counts are Poisson."""

    value: float
    low: float
    high: float


def lift(cell: int, row: int, column: int, total: int) -> float:
    """How many times more often the two come together than if they had nothing to do with each other."""
    return cell * total / (row * column)


def rate_ratio(after: int, before: int) -> Ratio:
    """How the rate changed between two spans of equal length. Both counts above 0."""
    return _ratio(after / before, 1 / after + 1 / before)


def difference_in_differences(after: int, before: int, control_after: int, control_before: int) -> Ratio:
    """The ratio of the ratios: what changed beyond what changed elsewhere, too. All counts above 0."""
    value = (after / before) / (control_after / control_before)
    return _ratio(value, 1 / after + 1 / before + 1 / control_after + 1 / control_before)


def deviation(
    latest: int, latest_exposure: float, usual: Sequence[int], usual_exposure: float
) -> float | None:
    """z of the latest count against the rate of the periods before, by the groups there were; None without any."""
    if not usual or usual_exposure <= 0:
        return None
    expected = sum(usual) / usual_exposure * latest_exposure
    return (latest - expected) / math.sqrt(expected) if expected > 0 else None


def smoothed(counts: Sequence[int], weight: float = 0.3) -> float | None:
    """The exponentially weighted mean of a series, the newest last."""
    mean: float | None = None
    for count in counts:
        mean = float(count) if mean is None else weight * count + (1 - weight) * mean
    return mean


def _ratio(value: float, variance_of_log: float) -> Ratio:
    spread = math.exp(_95 * math.sqrt(variance_of_log))
    return Ratio(value, value / spread, value * spread)
