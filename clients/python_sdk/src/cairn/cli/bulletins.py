"""`cairn bulletins`, `ask`, `questions`, `contacts`: what members read of and say to governments through the hub."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import msgspec
import typer

from cairn.cli.app import HomeOption, JsonOption, app
from cairn.cli.bulletin_telling import run, tell_read
from cairn.cli.outcome import Exit, emit, say

if TYPE_CHECKING:
    from cairn.bulletins import Read
    from cairn.session import Session


@app.command()
def bulletins(
    mine: Annotated[bool, typer.Option("--mine", help="Only what touches your own item families.")] = False,
    country: Annotated[
        list[str] | None, typer.Option(help="Only corridors with this country or region; repeat for more.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bulletins in force, and recalls: each proven to be in the log and signed by two people."""
    from cairn.bulletins import concerns, read_all
    from cairn.client.bulletins import BulletinsClient

    async def work(session: "Session") -> "list[Read]":
        found = await read_all(session)
        client = BulletinsClient(session.connection)
        seen = _seen(session)
        for one in found:
            if one.status == "recalled" and str(one.bulletin) not in seen:
                await client.acknowledge(one.bulletin)
                seen.add(str(one.bulletin))
        session.connection.state.write("recalls-acknowledged", "\n".join(sorted(seen)).encode())
        families = session.profile.families if mine else ("ALL",)
        return [one for one in found if concerns(one.edition, families, country or ())]

    for one in run(home, as_json, work):
        tell_read(one, as_json)
    raise typer.Exit(Exit.CLEAR)


def _seen(session: "Session") -> set[str]:
    kept = session.connection.state.read("recalls-acknowledged")
    return set(kept.decode().split()) if kept else set()


@app.command()
def drafts(
    object_to: Annotated[
        str | None, typer.Option("--object", help="Object to the draft with this outline, as listed.")
    ] = None,
    reason: Annotated[str, typer.Option(help="IDENTIFIABLE, WRONG, CAVEAT or OTHER.")] = "OTHER",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Drafts drawn from your own reports that wait for objections. One objection stops a draft as it is."""
    from cairn.client.bulletins import BulletinsClient
    from cairn_protocol.messages.bulletins import Objection

    if object_to is not None:
        try:
            said = Objection(outline=bytes.fromhex(object_to), reason=reason)
            said = msgspec.convert(msgspec.to_builtins(said), Objection)
        except (ValueError, msgspec.ValidationError):
            raise typer.BadParameter(
                "64 hex digits with --object, and a --reason as listed", param_hint="--object"
            ) from None
        run(home, as_json, lambda session: BulletinsClient(session.connection).object_to(said))
        if as_json:
            emit({"outline": object_to, "status": "objected"})
        else:
            say("objected: its author has to change the text, and two people to approve it anew")
        raise typer.Exit(Exit.CLEAR)
    for one in run(home, as_json, lambda session: BulletinsClient(session.connection).windows()).drafts:
        if as_json:
            emit(msgspec.to_builtins(one) | {"outline": one.outline.hex()})
        else:
            until = datetime.fromtimestamp(one.until, UTC)
            say(f"{one.outline.hex()}: you can object until {until:%Y-%m-%d %H:%M} UTC")
            for edition in one.editions:
                say(f"    for {edition.audience}, {edition.tlp}: {edition.title}. {edition.bottom_line}")
    raise typer.Exit(Exit.CLEAR)


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="The question, naming nobody.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask governments a question of compliance. It is published later, without your name."""
    from cairn import bulletins

    asked = run(home, as_json, lambda session: bulletins.ask(session, text))
    if as_json:
        emit({"question": str(asked.id), "status": "asked"})
    else:
        say(f"asked as {asked.id}; it will be public after a delay that hides when you asked")
    raise typer.Exit(Exit.CLEAR)


@app.command()
def questions(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Questions that members asked, and governments' answers."""
    from cairn.client.bulletins import BulletinsClient

    for one in run(home, as_json, lambda session: BulletinsClient(session.connection).questions()).questions:
        if as_json:
            emit(msgspec.to_builtins(one))
        else:
            say(f"{one.id}: {one.text}")
            say(f"    {one.answered_by}: {one.answer}" if one.answer else "    not answered yet")
    raise typer.Exit(Exit.CLEAR)


@app.command()
def contacts(
    accept: Annotated[UUID | None, typer.Option(help="Agree to this request.")] = None,
    reach: Annotated[str, typer.Option(help="Where you can be reached.")] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """What liaisons asked you. You may leave any of it: they learn of those alone who agree."""
    from cairn.client.bulletins import BulletinsClient

    if accept is not None:
        if not reach:
            raise typer.BadParameter("say where you can be reached", param_hint="--reach")
        run(home, as_json, lambda session: BulletinsClient(session.connection).accept_contact(accept, reach))
        if as_json:
            emit({"contact": str(accept), "status": "accepted"})
        else:
            say(f"{accept}: the liaison now sees who you are and where to reach you")
        raise typer.Exit(Exit.CLEAR)
    for one in run(home, as_json, lambda session: BulletinsClient(session.connection).contacts()).contacts:
        if as_json:
            emit(msgspec.to_builtins(one))
        else:
            say(f"{one.id} on bulletin {one.bulletin} from {one.liaison}: {one.about} (reach: {one.reach})")
    raise typer.Exit(Exit.CLEAR)


@app.command()
def usefulness(
    quarter: Annotated[str, typer.Argument(help="Such as 2026-Q4.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """What governments found useful in a quarter, in bands."""
    from cairn.client.bulletins import BulletinsClient

    told = run(home, as_json, lambda session: BulletinsClient(session.connection).usefulness(quarter))
    if as_json:
        emit({"quarter": told.quarter, "bulletins": told.bulletins, "useful": told.useful})
    elif told.bulletins is None:
        say(f"{quarter}: too few bulletins had any word to tell")
    else:
        say(f"{quarter}: government found {told.useful} of {told.bulletins} useful")
    raise typer.Exit(Exit.CLEAR)
