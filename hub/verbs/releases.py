"""`cairn-hub releases`: make a release again from its inputs."""

from typing import TYPE_CHECKING, Annotated

import typer

from hub.services import Services
from hub.verbs.saying import AsJson, Exit, Home, say, verb, with_services

if TYPE_CHECKING:
    from hub.releases.reproducing import Reproduced

app = typer.Typer(no_args_is_help=True, help="Tables that two analysts released.")


@app.command("reproduce")
def reproduce_release(
    home: Home,
    release: Annotated[str, typer.Argument(help="The release's id.")],
    as_json: AsJson = False,
) -> None:
    """Make a release again from the snapshot it names. Ends with 5 if anything comes out otherwise."""
    from hub.releases.reproducing import reproduce

    with verb(as_json):

        async def work(services: Services) -> "Reproduced":
            return await reproduce(services, release)

        found = with_services(home, work)
        good = found.same and found.snapshot
        say(
            as_json,
            f"{release}: {'the same' if good else 'NOT the same'} ({found.digest.hex()})",
            release=release,
            same=found.same,
            snapshot=found.snapshot,
            differing=list(found.differing),
            digest=found.digest.hex(),
        )
    if not good:
        raise typer.Exit(Exit.PROOF_FAILED)
