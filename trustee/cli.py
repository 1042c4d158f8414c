"""`cairn-trustee`: the staff's commands. Every verb takes --home and --json; no secret is an argument.

Exit codes: 0 done, 1 error, 2 usage, 5 a proof or signature failed, 6 refused.
"""

import typer

from trustee.verbs import deciding, founding, returning, running

app = typer.Typer(
    name="cairn-trustee",
    help="Hold one share of Cairn's joint keys: evaluate for members, cosign the log, decide on the roster.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for part in (founding.app, running.app, deciding.app):
    app.add_typer(part)
app.add_typer(returning.paillier, name="paillier")
app.add_typer(returning.returns, name="returns")


def main() -> None:
    """The entry point."""
    app()
