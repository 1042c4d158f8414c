"""`cairn-hub policy`: publish how coarse every report has to be."""

import time
from pathlib import Path
from typing import Annotated

import typer

from cairn_protocol.messages.policy import Policy
from cairn_protocol.messages.wire import open_signed
from cairn_protocol.policy_text import read_policy
from hub.home import load_settings
from hub.hub_key import load_hub_key, public_bytes
from hub.verbs.saying import AsJson, Home, say, verb

app = typer.Typer(no_args_is_help=True, help="The network's policy pack, which every firm's SDK obeys.")


@app.command("publish")
def publish_pack(
    home: Home,
    file: Annotated[Path, typer.Argument(help="A TOML file, see docs/for-firms-policy.md.", exists=True)],
    as_json: AsJson = False,
) -> None:
    """Sign a pack and put it in force: each firm takes it up at its next sync."""
    with verb(as_json):
        from hub.reports.policy import publish  # it has a route: the server's framework comes with it

        settings = load_settings(home)
        pack = read_policy(file.read_text("utf-8"), issuer="hub", issued_at=int(time.time()))
        publish(settings, load_hub_key(settings.hub_key_path), pack)
        say(as_json, f"pack {pack.name}, version {pack.version}, is published", version=pack.version)


@app.command("show")
def show(home: Home, as_json: AsJson = False) -> None:
    """Say which pack is in force."""
    with verb(as_json):
        from hub.reports.policy import published

        settings = load_settings(home)
        key = load_hub_key(settings.hub_key_path)
        pack = open_signed(published(settings, key), Policy, public_bytes(key))
        say(as_json, f"pack {pack.name}, version {pack.version}", name=pack.name, version=pack.version)
