"""`cairn liaison`: pull bulletins, say what they were worth, answer, give, ask for contact, renew the TAXII token."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import msgspec
import typer

from cairn.cli.app import HomeOption, JsonOption, group
from cairn.cli.bulletin_telling import read_json, run, tell_read
from cairn.cli.outcome import Exit, emit, say
from cairn_protocol.messages.bulletins import FeedbackCode

if TYPE_CHECKING:
    from cairn.bulletins import Read
    from cairn.session import Session

liaison = group(
    "liaison", "Government liaisons: read, comment, answer, give. Nothing here directs what is collected."
)

Id = Annotated[UUID, typer.Argument(help="The bulletin's id.")]
TOKEN_FILE = "taxii.json"  # noqa: S105  (a file's name)


@liaison.command()
def pull(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Bulletins in force and recalls, verified against the log. Recalls are acknowledged."""
    from cairn.bulletins import read_all
    from cairn.client.bulletins import BulletinsClient

    async def work(session: "Session") -> "list[Read]":
        found = await read_all(session, "/v1/liaison/bulletins")
        client = BulletinsClient(session.connection)
        for one in found:
            if one.status == "recalled":
                await client.acknowledge(one.bulletin, "/v1/liaison/acknowledgements")
        return found

    for one in run(home, as_json, work):
        tell_read(one, as_json)
    raise typer.Exit(Exit.CLEAR)


@liaison.command()
def feedback(
    bulletin_id: Id,
    code: Annotated[FeedbackCode, typer.Argument(help="What it was worth.")],
    reason: Annotated[str | None, typer.Option(help="What is inaccurate; for INACCURATE.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a bulletin was worth. Members see sums of a quarter alone."""
    from cairn.client.bulletins import BulletinsClient
    from cairn_protocol.messages.bulletins import Feedback

    said = Feedback(bulletin=bulletin_id, code=code, reason=reason)
    run(home, as_json, lambda session: BulletinsClient(session.connection).feedback(said))
    _done(as_json, f"{bulletin_id}: {code}", bulletin=str(bulletin_id), status="given", code=code.value)


@liaison.command()
def contact(
    bulletin_id: Id,
    about: Annotated[str, typer.Option(help="What you would like to hear, naming nobody.")],
    reach: Annotated[str, typer.Option(help="Where you can be reached.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have a request relayed to contributors who allow it. Each may ignore it."""
    from cairn.client.bulletins import BulletinsClient
    from cairn_protocol.messages.bulletins import ContactRequest

    asked = ContactRequest(bulletin=bulletin_id, about=about, reach=reach)
    run(home, as_json, lambda session: BulletinsClient(session.connection).ask_contact(asked))
    _done(as_json, f"{bulletin_id}: relayed to whom it may go", bulletin=str(bulletin_id), status="relayed")


@liaison.command()
def reached(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Who agreed to be reached."""
    from cairn.client.bulletins import BulletinsClient

    for one in run(home, as_json, lambda session: BulletinsClient(session.connection).reached()).reached:
        if as_json:
            emit(msgspec.to_builtins(one))
        else:
            say(f"{one.member} on bulletin {one.bulletin}: {one.reach}")
    raise typer.Exit(Exit.CLEAR)


@liaison.command()
def deconflict(bulletin_id: Id, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Ask people at the hub to wait with something. It is counted, and does nothing by itself."""
    from cairn.client.bulletins import BulletinsClient

    run(home, as_json, lambda session: BulletinsClient(session.connection).deconflict(bulletin_id))
    _done(as_json, f"{bulletin_id}: noted", bulletin=str(bulletin_id), status="noted")


@liaison.command()
def answer(
    question: Annotated[UUID, typer.Argument(help="The question's id (`cairn questions`).")],
    text: Annotated[str, typer.Argument(help="The answer, for everybody to read.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a member's question in public."""
    from cairn.client.bulletins import BulletinsClient

    run(home, as_json, lambda session: BulletinsClient(session.connection).answer(question, text))
    _done(as_json, f"{question}: answered", question=str(question), status="answered")


@liaison.command()
def push(
    file: Annotated[Path, typer.Argument(help="What you give, as JSON, with the checklist.", exists=True)],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give what may be shared. Analysts draft it; identifiers to be matched are refused."""
    from cairn.bulletins import DraftUnreadable
    from cairn.client.bulletins import BulletinsClient
    from cairn_protocol.messages.bulletins import Intelligence

    told = read_json(file)
    try:
        given = msgspec.convert({"type": "cairn/intelligence/1"} | told, Intelligence)
    except msgspec.ValidationError as wrong:
        raise DraftUnreadable(f"the checklist is not complete: {wrong}") from None
    received = run(home, as_json, lambda session: BulletinsClient(session.connection).push(given))
    _done(as_json, f"received as {received['id']}", **received)


@liaison.command()
def token(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Renew the TAXII password: the new one is written to taxii.json in your home, the old one works another day."""
    from cairn.cli.opening import folder_of
    from cairn.client.bulletins import BulletinsClient
    from cairn.home import write_private
    from cairn_protocol.messages.wire import encode

    renewed = run(home, as_json, lambda session: BulletinsClient(session.connection).rotate_token())
    path = folder_of(home) / TOKEN_FILE
    write_private(path, encode(renewed))
    _done(as_json, f"written to {path}", status="renewed", file=str(path), others_until=renewed.others_until)


def _done(as_json: bool, sentence: str, **facts: object) -> None:
    if as_json:
        emit(facts)
    else:
        say(sentence)
    raise typer.Exit(Exit.CLEAR)
