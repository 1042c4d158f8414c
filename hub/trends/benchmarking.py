"""T9, the benchmark: of all inquiries that the groups handled, how many they flagged. From returns alone.

Pooled from two totals of an encrypted sum, so nobody's own rate is in it to be found; beside it the histogram of
groups' rates, once there are groups enough for a band to clear its floor. What can't be shown is said.
Not here: how sums come about (`hub.returns`).
"""

from typing import Any

from cairn_protocol.messages.index import band as groups_band
from cairn_protocol.returns_layout import BAND_ENDS, BANDS, FLAGGED, HANDLED
from hub.returns.results import PeriodResult


def benchmark(periods: list[PeriodResult]) -> list[dict[str, Any]]:
    """A cell for each period's rate, and one for each band of its histogram. The newest period first."""
    return [cell for period in reversed(periods) for cell in _of(period)]


def _of(period: PeriodResult) -> list[dict[str, Any]]:
    groups = groups_band(period.groups)
    handled, flagged = period.figures.get(HANDLED), period.figures.get(FLAGGED)
    shown = not period.void and handled is not None and flagged is not None
    cell: dict[str, Any] = {
        "cell": f"period={period.period}",
        "verdict": "publish" if shown else "suppress",
        "rule": None if shown else ("void" if period.void else "floor"),
        "band": None,
        "groups": groups if shown else None,
        "withheld": period.withheld,
    }
    if handled is not None and flagged is not None and shown:
        low, high = _rate_interval(period)
        cell |= {
            "handled": handled,
            "flagged": flagged,
            "flagged_percent": round(100 * flagged / handled, 1),
            "low_percent": round(100 * low, 1),
            "high_percent": round(100 * high, 1),
        }
    histogram = [_band(period, band) for band in range(BANDS)]
    return [cell, *histogram]


def _rate_interval(period: PeriodResult) -> tuple[float, float]:
    """The rate's interval, from those of its two totals."""
    flagged, handled = period.intervals[FLAGGED], period.intervals[HANDLED]
    return max(0, flagged[0]) / handled[1], min(1.0, flagged[1] / max(1, handled[0]))


def _band(period: PeriodResult, band: int) -> dict[str, Any]:
    count = None if period.void else period.figures.get(f"band/{band}")
    return {
        "cell": f"period={period.period}|rate={band_name(band)}",
        "verdict": "suppress" if count is None else "publish",
        "rule": "floor" if count is None else None,
        "band": None,
        "groups": None,
        "value": count,
    }


def band_name(band: int) -> str:
    """A band of rates as it is told: "0", "0-1", ... "50-100" percent."""
    if band == 0:
        return "0"
    ends = [*(f"{end / 10:g}" for end in BAND_ENDS), "100"]
    return f"{ends[band - 1]}-{ends[band]}"
