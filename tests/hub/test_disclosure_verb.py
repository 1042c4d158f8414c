"""`cairn-hub disclose`: the rules on the command line, as outside checks and operators ask them."""

import json

import pytest
from typer.testing import CliRunner

from hub.cli import app


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ("12,6,5,5,4,3", {"verdict": "suppress", "rule": "P2", "band": None}),
        ("6,6,5,5,4,3", {"verdict": "publish", "rule": None, "band": "25-49"}),
        ("4,4,4,4,0", {"verdict": "suppress", "rule": "P1", "band": None}),
        ("", {"verdict": "suppress", "rule": "P1", "band": None}),
    ],
)
def test_a_verdict_is_printed_as_one_json_object(groups: str, told: dict[str, str | None]) -> None:
    printed = CliRunner().invoke(app, ["disclose", "--groups", groups, "--json"])

    assert printed.exit_code == 0
    assert json.loads(printed.stdout) == told


@pytest.mark.parametrize("groups", ["2,x", "1,,2", "-3", "1.5", "1;2"])
def test_what_is_no_list_of_counts_is_a_mistake_in_usage(groups: str) -> None:
    assert CliRunner().invoke(app, ["disclose", "--groups", groups]).exit_code == 2
