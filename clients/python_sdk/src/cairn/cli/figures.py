"""How figures are printed: a table for people, JSON lines, CSV, and files with a picture or its specification."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cairn.charts import RULES
from cairn.cli.outcome import emit, note, say

CsvOption = Annotated[bool, typer.Option("--csv", help="CSV on standard output.")]
VegaOption = Annotated[
    Path | None, typer.Option("--vega", help="Write the picture's Vega-Lite specification.")
]
SvgOption = Annotated[
    Path | None, typer.Option("--svg", help="Write the picture as SVG; made on this machine.")
]

_LEFT_OUT: Final = frozenset({"cell", "verdict", "rule", "band", "groups"})


def tell_figures(
    answer: dict[str, Any],
    title: str,
    *,
    as_json: bool,
    as_csv: bool = False,
    vega: Path | None = None,
    svg: Path | None = None,
) -> None:
    """Print an answer, and write what files were asked for."""
    from cairn import charts

    cells = answer["cells"]
    if vega is not None or svg is not None:
        specification = charts.vega_lite(cells, title)
        if vega is not None:
            vega.write_text(json.dumps(specification, indent=2) + "\n", encoding="utf-8")
            note(f"cairn: wrote {vega}")
        if svg is not None:
            svg.write_text(charts.svg(specification), encoding="utf-8")
            note(f"cairn: wrote {svg}")
    if as_json:
        context = {
            "coverage": answer.get("coverage"),
            "budget_left": answer["budget"]["left"] if answer.get("budget") else None,
        }
        for cell in cells:
            emit({**cell, **context})
        if answer.get("figures"):
            emit({"figures": answer["figures"], "event": answer["event"], **context})
    elif as_csv:
        say(charts.as_csv(cells).rstrip("\n"))
    else:
        say(title)
        _tell_table(cells)
        _tell_context(answer)


def _tell_table(cells: Sequence[dict[str, Any]]) -> None:
    # A table for people: cells that too few groups are in are most of them, so they are counted, not listed.
    shown = [cell for cell in cells if cell["rule"] != "P1"]
    width = max((len(cell["cell"]) for cell in shown), default=0)
    for cell in shown:
        if cell["verdict"] == "publish":
            more = [
                f"{name} {value}"
                for name, value in cell.items()
                if name not in _LEFT_OUT and value is not None
            ]
            groups = [f"by {cell['groups']} groups"] if cell["groups"] else []
            told = "; ".join([*([cell["band"]] if cell["band"] else []), *groups, *more])
        else:
            told = f"kept back ({cell['rule']}: {RULES.get(cell['rule'], 'by a rule')})"
        say(f"    {cell['cell']:<{width}}  {told}")
    if len(shown) < len(cells):
        say(f"    and {len(cells) - len(shown)} cells kept back (P1: {RULES['P1']})")


def _tell_context(answer: dict[str, Any]) -> None:
    if figures := answer.get("figures"):
        for name, value in figures.items():
            if isinstance(value, dict):
                say(f"    {name.replace('_', ' ')}: {value['value']} ({value['low']} to {value['high']})")
    if coverage := answer.get("coverage"):
        say(f"    of {coverage['reporting_groups']} groups that report; what few can see, few report")
    if budget := answer.get("budget"):
        say(f"    {budget['left']:g} of {budget['limit']:g} {budget['unit']} left in {budget['period']}")
