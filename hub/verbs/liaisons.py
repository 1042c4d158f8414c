"""`cairn-hub liaisons` and `cairn-hub transparency`: TAXII tokens with their scope, and what the log says in counts."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.bulletins import TaxiiToken
from cairn_protocol.messages.wire import encode
from cairn_protocol.private_files import write_private
from hub.bulletins.catalogue import EVERYTHING
from hub.bulletins.tokens import issue, revoke_all
from hub.bulletins.transparency import Transparency, report
from hub.services import Services
from hub.verbs.saying import AsJson, Home, say, verb, with_services

app = typer.Typer(no_args_is_help=True, help="Government liaisons' TAXII tokens.")

Id = Annotated[str, typer.Option("--id", help="The liaison's short name.")]


@app.command()
def token(
    home: Home,
    liaison: Id,
    out: Annotated[Path, typer.Option(help="Where to write it (mode 0600): it is shown once.")],
    collection: Annotated[
        list[str] | None, typer.Option(help=f"Repeat for more; all by default: {', '.join(EVERYTHING)}.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give a liaison a token for some collections. Its earlier ones work for another day."""
    with verb(as_json):
        scope = tuple(collection) if collection else EVERYTHING

        async def work(services: Services) -> TaxiiToken:
            return await services.store.transact("issue token", lambda db: issue(db, liaison, scope))

        issued = with_services(home, work)
        write_private(out, encode(issued))
        say(
            as_json,
            f"{out}: for {liaison}, {', '.join(issued.collections)}.",
            liaison=liaison,
            file=str(out),
            collections=list(issued.collections),
            expires_at=issued.expires_at,
        )


@app.command()
def revoke(home: Home, liaison: Id, as_json: AsJson = False) -> None:
    """Void every token of a liaison at once."""
    with verb(as_json):

        async def work(services: Services) -> int:
            async def body(db: AsyncSession) -> int:
                return await revoke_all(db, liaison)

            return await services.store.transact("revoke tokens", body)

        ended = with_services(home, work)
        say(as_json, f"{ended} tokens of {liaison} are void.", liaison=liaison, revoked=ended)


def transparency(home: Home, as_json: AsJson = False) -> None:
    """Count openings, bulletins, recalls and what liaisons did, from the log; Markdown, or JSON with --json."""
    with verb(as_json):

        async def work(services: Services) -> Transparency:
            return await report(services)

        told = with_services(home, work)
        say(as_json, told.as_markdown(), **told.as_json())
