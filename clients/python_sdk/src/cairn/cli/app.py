"""The command tree, and the options that every verb has."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="cairn",
    help="Tell a neutral hub about suspect inquiries, and learn whether others saw the same buyer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar="CAIRN_HOME", help="Your home folder.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line on standard output.")]


def group(name: str, about: str) -> typer.Typer:
    """A group of verbs under one word."""
    sub = typer.Typer(help=about, no_args_is_help=True)
    app.add_typer(sub, name=name)
    return sub
