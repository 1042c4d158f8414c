"""`cairn-hub`: what the operator does. Every verb takes --home and --json; no secret is an argument.

Exit codes: 0 done, 1 error, 2 usage, 5 a proof or signature failed, 6 refused. Verbs talk to
the database, also while `serve` runs; a private server is started for the verb if need be.
"""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from hub.home import create_home, load_settings
from hub.services import Services
from hub.settings import Settings
from hub.verbs import disclose, genesis, liaisons, linkage, log, members, policy, releases, returns, trends
from hub.verbs.saying import AsJson, Exit, Home, database, say, verb, with_services

SHUTDOWN_SECONDS = 15

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Run a Cairn hub: begin its log, serve it, invite firms, publish the index.",
)
app.add_typer(genesis.app, name="genesis")
app.add_typer(members.app, name="members")
app.add_typer(liaisons.app, name="liaisons")
app.add_typer(log.app, name="log")
app.add_typer(trends.app, name="trends")
app.add_typer(releases.app, name="releases")
app.add_typer(returns.app, name="returns")
app.add_typer(policy.app, name="policy")
index = typer.Typer(no_args_is_help=True, help="The index that members sync.")
app.add_typer(index, name="index")
app.command(name="disclose")(disclose.disclose)
app.command(name="common-values")(linkage.common_values)
app.command(name="merges")(linkage.merges)
app.command(name="transparency")(liaisons.transparency)


@app.command()
def init(
    home: Home,
    public_url: Annotated[
        str, typer.Option(help="Address members use. `serve` listens on its port.")
    ] = "http://127.0.0.1:8700",
    database_url_file: Annotated[
        Path | None, typer.Option(help="File with the PostgreSQL's URL. Default: a private server.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a home: the hub's keys and its settings. Keep copies of the two key files elsewhere."""
    with verb(as_json):
        url = database_url_file.read_text().strip() if database_url_file else None
        key = create_home(home, public_url=public_url, database_url=url)
        say(
            as_json,
            f"{home} is ready. Keep copies of hub_key.pem and keys.json in a safe place.",
            home=str(home),
            hub_key=key.hex(),
        )


@app.command()
def serve(home: Home, as_json: AsJson = False) -> None:
    """Serve until stopped (SIGTERM or Ctrl-C): requests, sequencer and worker in one process."""
    import uvicorn  # here, and in the verbs of trends and releases: short verbs don't wait for what they don't use

    from hub import logs
    from hub.main import create_app

    with verb(as_json):
        settings = load_settings(home)
        logs.set_up(settings.log_level)
        with database(settings) as url:
            asyncio.run(_try_services(settings, url))
            # The server passes a signal on once it has stopped; the private database is still to be stopped then.
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            say(as_json, f"serving {settings.url}", url=settings.url)
            # No access log: its lines would tell who did what when (G4).
            uvicorn.run(
                create_app(settings),
                host=settings.host,
                port=settings.port,
                loop="uvloop",
                http="httptools",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            )


@app.command()
def doctor(home: Home, as_json: AsJson = False) -> None:
    """Look at everything the hub needs, and say what to do about what is not well."""
    from hub import logs
    from hub.doctor import examine

    with verb(as_json):
        logs.set_up("CRITICAL")
        checks = examine(load_settings(home))
        for check in checks:
            sentence = f"{'ok ' if check.ok else 'BAD'} {check.name}: {check.found}"
            say(
                as_json,
                f"{sentence}. {check.advice}" if check.advice else sentence,
                name=check.name,
                ok=check.ok,
                found=check.found,
                advice=check.advice,
            )
        if not all(check.ok for check in checks):
            raise typer.Exit(Exit.ERROR)


@index.command("publish")
def publish_index(home: Home, as_json: AsJson = False) -> None:
    """Publish the index now, and wait until members can prove it. The server must run, and t trustees be up."""
    from hub.index.publishing import publish

    with verb(as_json):
        manifest = with_services(home, publish)
        cards = sum(segment.count for segment in manifest.card_segments)
        say(
            as_json,
            f"published as number {manifest.number}: {cards} cards.",
            number=manifest.number,
            cards=cards,
            tags=sum(segment.count for segment in manifest.tag_segments),
        )


async def _try_services(settings: Settings, url: str) -> None:
    """Raise what would keep the server from starting: inside it, that would be a traceback."""
    async with Services.open(settings, url):
        return


def main() -> None:
    """The command's entry."""
    app()


if __name__ == "__main__":
    main()
