"""An answer of figures as CSV, as a Vega-Lite specification, and as an SVG picture made without a browser or a network.

Pictures show what the figures say and no more: a band is drawn as long as its lower end and labelled as a band,
a figure that is kept back as an empty row with its rule. Cells that too few groups are in are most of a table:
they are counted below the title, unless there is nothing else.
"""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any, Final

from cairn_protocol.errors import CairnError

_SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
_COLUMNS: Final = ("cell", "verdict", "rule", "band", "groups")
RULES: Final = {
    "P1": "fewer than 5 groups",
    "P2": "one group has more than a quarter",
    "margins": "the totals would give another cell away",
    "difference": "too little changed since it was last told",
    "overlap": "with earlier answers it would give a cell away",
    "floor": "below the floor that four groups could reach",
    "void": "the sum was outside its window",
}
# The figure that a picture is about, if a cell has one; else its band.
_FIGURES: Final = {
    "lift": "lift: times more often than chance",
    "cleared_percent": "cleared, percent of closed",
    "flagged_percent": "flagged, percent of handled",
    "value": "count, with noise",
}


class PicturesMissing(CairnError):
    """The library that draws pictures is not installed."""

    slug = "pictures-missing"


def as_csv(cells: Sequence[dict[str, Any]]) -> str:
    """A line a cell, with a column for each figure that any cell has."""
    more = sorted({name for cell in cells for name in cell} - set(_COLUMNS))
    text = io.StringIO()
    writer = csv.DictWriter(text, [*_COLUMNS, *more], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(cells)
    return text.getvalue()


def vega_lite(cells: Sequence[dict[str, Any]], title: str) -> dict[str, Any]:
    """The specification of a bar a cell. It holds its data: nothing is fetched to draw it."""
    figure = next((name for name in _FIGURES if any(cell.get(name) is not None for cell in cells)), None)
    shown = [cell for cell in cells if cell["rule"] != "P1"] or list(cells)
    values = [_bar(cell, figure) for cell in shown]
    names = {"field": "cell", "type": "nominal", "sort": None, "title": None}
    return {
        "$schema": _SCHEMA,
        "title": {"text": title, "subtitle": _kept_back(cells, shown), "anchor": "start", "offset": 12},
        "data": {"values": values},
        # A name cut short would be another cell's, too.
        "encoding": {"y": {**names, "axis": {"labelLimit": 0}}},
        "layer": [
            {
                "mark": {"type": "bar", "color": "#4c6a92"},
                "encoding": {
                    "x": {
                        "field": "length",
                        "type": "quantitative",
                        "title": _FIGURES[figure] if figure else "lower end of the band",
                    }
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 4},
                "encoding": {
                    "x": {"field": "length", "type": "quantitative"},
                    "text": {"field": "label", "type": "nominal"},
                },
            },
        ],
    }


def svg(specification: dict[str, Any]) -> str:
    """The picture. Raises PicturesMissing."""
    try:
        import vl_convert
    except ImportError as cause:
        raise PicturesMissing("pictures need the extra: pip install 'cairn-sdk[pictures]'") from cause
    picture: str = vl_convert.vegalite_to_svg(json.dumps(specification), allowed_base_urls=[])
    return picture


def _kept_back(cells: Sequence[dict[str, Any]], shown: Sequence[dict[str, Any]]) -> list[str]:
    """What the rules mean that keep rows back, and how many cells have no row."""
    lines = [f"{rule}: {RULES[rule]}" for rule in RULES if any(cell["rule"] == rule for cell in shown)]
    if more := len(cells) - len(shown):
        lines.append(f"{more} more cells are kept back (P1: {RULES['P1']})")
    return lines


def _bar(cell: dict[str, Any], figure: str | None) -> dict[str, Any]:
    if cell["verdict"] != "publish":
        return {"cell": cell["cell"], "length": 0, "label": f"kept back: {cell['rule']}"}
    if figure is not None and cell.get(figure) is not None:
        return {"cell": cell["cell"], "length": max(0, cell[figure]), "label": str(cell[figure])}
    band = cell["band"] or cell["groups"] or "0"
    return {"cell": cell["cell"], "length": 0 if figure else _lower(band), "label": band}


def _lower(band: str) -> int:
    return int(band.split("-")[0].rstrip("+"))
