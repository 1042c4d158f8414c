"""An analyst's figures as table, CSV and picture: each says what may be told, and of the rest only the rule."""

import csv
import io
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from cairn import charts
from cairn.cli.figures import tell_figures

CELLS: list[dict[str, Any]] = [
    {"cell": "origin=DE|via=TR|destination=KZ", "verdict": "publish", "rule": None, "band": "25-49", "groups": "10+",
     "share": 0.14, "lift": 3.4},
    {"cell": "origin=DE|via=TR", "verdict": "suppress", "rule": "margins", "band": None, "groups": None},
    {"cell": "destination=AM", "verdict": "suppress", "rule": "P1", "band": None, "groups": None},
]  # fmt: skip
ANSWER = {
    "cells": CELLS,
    "coverage": {"reporting_groups": "10+"},
    "budget": {"left": 12.0, "limit": 20.0, "unit": "cells", "period": "2026-Q4"},
}


def test_a_line_of_csv_is_a_cell_with_every_figure() -> None:
    rows = list(csv.DictReader(io.StringIO(charts.as_csv(CELLS))))

    assert [row["cell"] for row in rows] == [cell["cell"] for cell in CELLS]
    assert rows[0]["lift"] == "3.4" and rows[1]["band"] == rows[1]["lift"] == ""
    assert rows[1]["rule"] == "margins"


def test_the_picture_is_drawn_without_a_network_and_says_what_is_kept_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    drawn = charts.svg(charts.vega_lite(CELLS, "Corridors"))

    ET.fromstring(drawn)
    for text in (
        "Corridors",
        "kept back: margins",
        "margins: the totals would give another cell away",
        "3.4",
    ):
        assert text in drawn
    assert "1 more cells are kept back (P1: fewer than 5 groups)" in drawn and CELLS[2]["cell"] not in drawn


def test_no_name_in_the_picture_is_cut_short() -> None:
    """Two windows of one surge differ at the end of their names."""
    names = [f"rung=item-by-country|set=transshipment|window={when}" for when in ("after", "before")]

    drawn = charts.svg(
        charts.vega_lite([{**CELLS[0], "lift": None, "cell": name} for name in names], "Surge")
    )

    assert all(name in drawn.replace("&#124;", "|") for name in names) and "…" not in drawn


def test_a_band_is_drawn_as_long_as_its_lower_end() -> None:
    bars = charts.vega_lite([{**CELLS[0], "lift": None}], "x")["data"]["values"]
    assert [(bar["length"], bar["label"]) for bar in bars] == [(25, "25-49")]


def test_people_read_rules_in_words_and_programs_a_cell_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    tell_figures(ANSWER, "Corridors, year", as_json=False)
    said = capsys.readouterr().out
    assert "kept back (margins: the totals would give another cell away)" in said
    assert "and 1 cells kept back (P1: fewer than 5 groups)" in said
    assert "12 of 20 cells left in 2026-Q4" in said

    tell_figures(ANSWER, "Corridors, year", as_json=True)
    assert len(capsys.readouterr().out.splitlines()) == len(CELLS)
