"""Decisions: what waits at the hub, roster acts and openings, approved or refused.

The database is imported where it is used: it takes half a second to load.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from trustee import keys as key_file
from trustee.errors import HomeError
from trustee.home import Home
from trustee.hub_link import HubLink
from trustee.keys import ServingKeys
from trustee.settings import Settings
from trustee.verbs.saying import AsJson, HomeOption, HubOption, PassphraseFile, passphrase, say, verb

app = typer.Typer()

_ID = re.compile(r"[0-9a-f]{16}")
Ids = Annotated[list[str], typer.Argument(help="Ids as `requests` shows them.", show_default=False)]


@app.command()
def requests(
    home: HomeOption,
    hub: HubOption = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """What waits for this trustee's decision, and what its own log bears out."""
    with verb(as_json):
        from trustee.desk import desk

        _, _, link = _at_the_desk(home, passphrase_file, hub)
        told = desk(Home(home), Settings(), link).told()
        for facts, words in told:
            say(as_json, words, **facts)
        if not told and not as_json:
            say(False, "Nothing waits.")


@app.command()
def approve(
    home: HomeOption,
    ids: Ids = [],  # noqa: B006  typer makes a new list
    every: Annotated[
        bool,
        typer.Option("--all", help="All roster acts that are borne out; openings are approved by id alone."),
    ] = False,
    hub: HubOption = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Agree to roster acts and openings, each checked against this trustee's own log first.

    If one of those named is not borne out, none is approved.
    """
    _require_ids(ids)
    if bool(ids) == every:
        raise typer.BadParameter("name the ids to approve, or --all")
    with verb(as_json):
        from trustee.desk import assent, desk
        from trustee.openings import OpeningWaiting
        from trustee.requests import sign

        own, settings = Home(home), Settings()
        word, keys, link = _at_the_desk(home, passphrase_file, hub)
        waiting = desk(own, settings, link)
        if missing := [identity for identity in ids if waiting.find(identity) is None]:
            raise HomeError(f"nothing waits under {', '.join(missing)}; see `cairn-trustee requests`")
        wanted = [one for one in map(waiting.find, ids) if one is not None] or [
            one
            for one in waiting.acts
            if one.objection is None and link.trustee not in one.proposal.approved_by
        ]
        for one in wanted:
            one.require()
        for one in wanted:
            if isinstance(one, OpeningWaiting):
                assent(own, settings, word, keys, link, one)
            else:
                sign(link, one, keys.signing)
            say(as_json, f"{one.id}: approved", id=one.id, status="approved")
        if not wanted:
            say(as_json, "Nothing to approve.", status="nothing")


@app.command()
def refuse(
    ids: Ids,
    home: HomeOption,
    hub: HubOption = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Refuse: it is not shown here again, and the hub hears of a refused opening. No reason is asked for."""
    _require_ids(ids)
    with verb(as_json):
        from trustee.desk import desk, refuse_opening, remember_refusals
        from trustee.openings import OpeningWaiting

        own, settings = Home(home), Settings()
        _, keys, link = _at_the_desk(home, passphrase_file, hub)
        try:
            waiting = desk(own, settings, link)
        finally:
            remember_refusals(own, settings, ids)  # also while the hub is down
        for identity in ids:
            if isinstance(found := waiting.find(identity), OpeningWaiting):
                refuse_opening(keys, link, found)
            say(as_json, f"{identity}: refused", id=identity, status="refused")


def _require_ids(ids: Sequence[str]) -> None:
    if any(not _ID.fullmatch(identity) for identity in ids):
        raise typer.BadParameter("an id is 16 hex digits, as `cairn-trustee requests` shows it")


def _at_the_desk(
    home: Path, passphrase_file: Path | None, hub: str | None
) -> tuple[str, ServingKeys, HubLink]:
    """The passphrase, the opened keys, and the hub to talk to in this trustee's name."""
    own = Home(home)
    identity = own.descriptor().keys.id
    word = passphrase(own, passphrase_file)
    keys = key_file.load(own, word)
    url = hub.rstrip("/") if hub else own.hub_url()
    return word, keys, HubLink(url, identity, keys.signing, Settings().hub_seconds)
