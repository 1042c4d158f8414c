"""`cairn-hub disclose`: what disclosure control says of one cell. Needs no home and touches nothing."""

import re
from typing import Annotated

import typer

from hub.disclosure import rules
from hub.verbs.saying import AsJson, say

_COUNTS = re.compile(r"[0-9]{1,12}(,[0-9]{1,12})*")


def disclose(
    groups: Annotated[
        str, typer.Option(help="The groups' counts, affiliates added: 12,6,5,5,4,3. Empty: nobody reported.")
    ],
    as_json: AsJson = False,
) -> None:
    """Say whether a count that these groups make up may be published, by which rule not, and in which band."""
    if groups and not _COUNTS.fullmatch(groups):
        raise typer.BadParameter("whole numbers with commas between, like 6,6,5,5,4,3", param_hint="--groups")
    told = rules.disclose([int(count) for count in groups.split(",")] if groups else [])
    sentence = f"published as {told.band}" if told.published else f"suppressed by {told.rule}"
    say(as_json, sentence, verdict=told.verdict, rule=told.rule, band=told.band)
