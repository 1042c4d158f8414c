"""A trustee in office: serve, and what it has seen.

Server and database are imported where they are used: they take most of a second to load.
"""

import contextlib

import typer

from trustee import keys as key_file
from trustee.addresses import listen, listening_address
from trustee.home import Home
from trustee.settings import Settings
from trustee.verbs.saying import AsJson, HomeOption, PassphraseFile, passphrase, say, verb

app = typer.Typer()


@app.command()
def serve(home: HomeOption, passphrase_file: PassphraseFile = None, as_json: AsJson = False) -> None:
    """Answer members and the hub until stopped (SIGTERM or Ctrl-C)."""
    with verb(as_json):
        import structlog
        import uvicorn

        from trustee import logs
        from trustee.main import create_app
        from trustee.serving import Serving

        own, settings = Home(home), Settings()
        url = own.descriptor().url
        # The passphrase goes out of scope here: it would open the assent share too.
        serving = Serving(own, key_file.load(own, passphrase(own, passphrase_file)), settings)
        host, port = listening_address(url, settings.listen)
        with contextlib.closing(listen(host, port)) as listening:
            logs.set_up(settings.log_level)
            say(as_json, f"serving {url}", status="serving", url=url)
            structlog.get_logger("trustee").info("serving", port=port)
            # No access log: its lines would tell which member asked when.
            config = uvicorn.Config(
                create_app(serving),
                loop="uvloop",
                http="httptools",
                ws="none",  # a library for them, where there is one, logs who asked and for which path
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=settings.shutdown_seconds,
            )
            uvicorn.Server(config).run(sockets=[listening])


@app.command()
def status(home: HomeOption, as_json: AsJson = False) -> None:
    """What this trustee has and has seen. Asks for no passphrase, works while it serves."""
    with verb(as_json):
        from trustee.inside import look

        seen = look(Home(home), Settings())
        say(as_json, seen.words(), **seen.facts())
