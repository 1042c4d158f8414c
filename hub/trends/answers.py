"""What each question's answer says of its judged cells. Pure: counts and verdicts in, what is told out.

Of a cell that is not published the rule alone is told; of one that is, bands, and ratios of published
counts. Cells are listed where something is published, and where a row and a column that are told
meet: no row or column is named that nobody may know of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hub.disclosure.margins import TOTAL
from hub.disclosure.rules import SUPPRESSED, Rule, Verdict
from hub.trends.expressions import ALL_KEY, Place
from hub.trends.statistics import (
    ALERT_Z,
    SMALLEST_RANKED,
    Ratio,
    deviation,
    difference_in_differences,
    lift,
    rate_ratio,
    smoothed,
)

_MOST_CELLS: Final = 2_000
_FEWEST_COMPARED: Final = 3  # periods; of fewer nobody knows what is usual


@dataclass(frozen=True, slots=True)
class Judged:
    """Counts, and what may be said of them."""

    counts: Mapping[Place, int]
    verdicts: Mapping[Place, Verdict]

    def told(self, place: Place) -> int | None:
        """The count, if it is published."""
        verdict = self.verdicts.get(place)
        return self.counts[place] if verdict is not None and verdict.published else None

    def verdict(self, place: Place) -> Verdict:
        """A place nobody contributed to looks like one that too few did."""
        return self.verdicts.get(place, SUPPRESSED[Rule.CONTRIBUTORS])


def cell_of(judged: Judged, place: Place, **figures: Any) -> dict[str, Any]:
    """One cell as it is told."""
    verdict = judged.verdict(place)
    return {
        "cell": key_of(place),
        "verdict": verdict.verdict.value,
        "rule": verdict.rule,
        "band": verdict.band,
        "groups": verdict.groups,
        **figures,
    }


def key_of(place: Place) -> str:
    """The cell's key: "family=FAM-VAC|quarter=2026-Q2". Totals leave their axis out; the total of all is "all=ALL"."""
    parts = [part for part in dict.fromkeys(place) if part and part not in (TOTAL, ALL_KEY)]
    return "|".join(parts) or ALL_KEY


def trend_cells(judged: Judged, periods: Sequence[str], exposure: Mapping[str, int]) -> list[dict[str, Any]]:
    """Series: each row's periods, and for the latest its deviation from the usual.

    periods   the columns' names, oldest first
    exposure  the groups that had begun to report by each period
    """
    cells = []
    for row in _rows(judged):
        series = [(column, judged.told(("", row, column))) for column in periods]
        latest, before = series[-1], [(c, n) for c, n in series[:-1] if n is not None]
        for column, count in series:
            figures: dict[str, Any] = {}
            if column == latest[0] and count is not None and len(before) >= _FEWEST_COMPARED:
                z = deviation(
                    count, exposure[column], [n for _, n in before], sum(exposure[c] for c, _ in before)
                )
                usual = smoothed([n for _, n in before])
                figures = {
                    "z": None if z is None else round(z, 1),
                    "alert": z is not None and z >= ALERT_Z,
                    "times_usual": round(count / usual, 1) if usual else None,
                    "periods_compared": len(before),
                }
            cells.append(cell_of(judged, ("", row, column), **figures))
        cells.append(cell_of(judged, ("", row, TOTAL)))
    return cells


def corridor_cells(judged: Judged) -> list[dict[str, Any]]:
    """Corridors, those that stand out most first: share and lift where row, column and total are published, too."""
    cells = []
    for strip in sorted({place[0] for place in judged.verdicts}):
        total = judged.told((strip, TOTAL, TOTAL))
        for place in _listed(judged, strip):
            count = judged.told(place)
            row, column = judged.told((strip, place[1], TOTAL)), judged.told((strip, TOTAL, place[2]))
            figures: dict[str, Any] = {"share": None, "lift": None}
            if count is not None and total is not None and TOTAL not in place[1:]:
                figures["share"] = round(count / total, 2)
                if row is not None and column is not None and count >= SMALLEST_RANKED:
                    figures["lift"] = round(lift(count, row, column, total), 1)
            cells.append(cell_of(judged, place, **figures))
    return sorted(cells, key=lambda cell: (cell["verdict"] != "publish", -(cell["lift"] or 0)))[:_MOST_CELLS]


def surge_cells(judged: Judged, rung: str) -> list[dict[str, Any]]:
    """The four counts of a rung: all of them, or none."""
    return [cell_of(judged, place) for place in four(rung)]


def all_or_none(judged: Judged, rung: str) -> Judged:
    """A rung of which one count can't be told, without the others: they are kept back by the rule of that one."""
    verdicts = [judged.verdict(place) for place in four(rung)]
    kept_back = next((verdict for verdict in verdicts if not verdict.published), None)
    if kept_back is None:
        return judged
    changed = {
        place: kept_back if verdict.published else verdict
        for place, verdict in zip(four(rung), verdicts, strict=True)
    }
    return Judged(judged.counts, {**judged.verdicts, **changed})


def four(rung: str) -> list[Place]:
    """The places of a rung's counts: moved on, then the control; after, then before."""
    return [
        (f"rung={rung}", f"set={which}", f"window={when}")
        for which in ("transshipment", "control")
        for when in ("after", "before")
    ]


def surge_figures(judged: Judged, rung: str) -> dict[str, Any] | None:
    """Rate ratios and what is beyond the control's; None if a count is missing."""
    counts = [judged.told(place) for place in four(rung)]
    found = [count for count in counts if count is not None]
    if len(found) < len(counts):
        return None
    after, before, control_after, control_before = found
    return {
        "rung": rung,
        "rate_ratio": _interval(rate_ratio(after, before)),
        "control_rate_ratio": _interval(rate_ratio(control_after, control_before)),
        "difference_in_differences": _interval(
            difference_in_differences(after, before, control_after, control_before)
        ),
    }


def clearance_cells(judged: Judged) -> list[dict[str, Any]]:
    """Of each flag or family: how many closed events were cleared. A rate only if every part of it is published."""
    cells = []
    for strip in sorted({place[0] for place in judged.verdicts}):
        total = judged.told((strip, strip, TOTAL))
        cleared = judged.told((strip, strip, "outcome=cleared"))
        other = judged.told((strip, strip, "outcome=other"))
        if total is None:
            continue
        whole = cleared is not None and other is not None
        cells.append(
            cell_of(
                judged,
                (strip, strip, TOTAL),
                cleared_percent=round(100 * (cleared or 0) / total) if whole else None,
            )
        )
        cells += [cell_of(judged, (strip, strip, f"outcome={which}")) for which in ("cleared", "other")]
    return cells or [cell_of(judged, ("", TOTAL, TOTAL))]


def _rows(judged: Judged) -> list[str]:
    """The rows in which something is published, the total last."""
    rows = {place[1] for place, verdict in judged.verdicts.items() if verdict.published}
    return [ALL_KEY] if ALL_KEY in rows else [*sorted(rows - {TOTAL}), TOTAL]


def _listed(judged: Judged, strip: str) -> list[Place]:
    published = [p for p, verdict in judged.verdicts.items() if p[0] == strip and verdict.published]
    rows = sorted({row for _, row, _ in published} | {TOTAL})
    columns = sorted({column for _, _, column in published} | {TOTAL})
    return [(strip, row, column) for row in rows for column in columns]


def _interval(ratio: Ratio) -> dict[str, float]:
    return {"value": round(ratio.value, 1), "low": round(ratio.low, 1), "high": round(ratio.high, 1)}
