"""`cairn-hub log`: the operator's own look at the log."""

import typer

from hub import fsck as checking
from hub.services import Services
from hub.verbs.saying import AsJson, Exit, Home, say, verb, with_services

app = typer.Typer(no_args_is_help=True, help="The transparency log.")


@app.command()
def fsck(home: Home, as_json: AsJson = False) -> None:
    """Hold the whole log against its hashes, its checkpoint and the tables. Ends with 5 if anything is off."""
    with verb(as_json):

        async def work(services: Services) -> checking.Fsck:
            return await checking.everything(services.store, services.envelopes)

        found = with_services(home, work)
        for finding in found.findings:
            say(as_json, finding, finding=finding)
        say(
            as_json,
            f"{found.size} leaves, {len(found.findings)} findings",
            size=found.size,
            ok=not found.findings,
        )
    if found.findings:
        raise typer.Exit(Exit.PROOF_FAILED)
