"""`cairn analyst bulletin`: draft, from-case, check, submit, approve, release, correct, recall, list, show, stix,
inbox.

With --json each prints the bulletin's standing; a refusal has its slug as reason.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import msgspec
import typer

from cairn.cli.analyst import analyst
from cairn.cli.app import HomeOption, JsonOption
from cairn.cli.bulletin_telling import read_json, run
from cairn.cli.outcome import Exit, emit, say
from cairn_protocol.messages.bulletins import Audience, RecallReason

if TYPE_CHECKING:
    from cairn.session import Session

bulletin = typer.Typer(
    help="Bulletins: one drafts, another approves, the log has it first.", no_args_is_help=True
)
analyst.add_typer(bulletin, name="bulletin")

Id = Annotated[UUID, typer.Argument(help="The bulletin's id.")]
File = Annotated[Path, typer.Argument(help="The draft as JSON.", exists=True, dir_okay=False)]


@bulletin.command()
def draft(file: File, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Save a draft, new or edited, and see what the checks find."""
    from cairn import bulletins

    told = read_json(file)
    _tell(run(home, as_json, lambda session: bulletins.save(session, told)), as_json)
    raise typer.Exit(Exit.CLEAR)


@bulletin.command("from-case")
def from_case(
    case: Annotated[int, typer.Argument(help="The case's number, from `cairn analyst cases`.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Save a first draft about the pattern that was found in a case. Edit it, then submit it."""
    from cairn import bulletins
    from cairn.case_bulletins import NoPattern, draft_of
    from cairn.client.openings import OpeningsClient

    async def work(session: "Session") -> dict[str, Any]:
        found = [one for one in await OpeningsClient(session.connection).cases() if one["case"] == case]
        if not found:
            raise NoPattern("there is no case of that number")
        return await bulletins.save(session, draft_of(found[0]))

    _tell(run(home, as_json, work), as_json)
    raise typer.Exit(Exit.CLEAR)


@bulletin.command()
def check(bulletin_id: Id, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """See what the checks find now. Exit code 6 if anything."""
    from cairn.client.bulletins import BulletinsClient

    told = run(
        home,
        as_json,
        lambda session: BulletinsClient(session.connection).check(bulletin_id),
        bulletin=str(bulletin_id),
    )
    _tell(told, as_json)
    raise typer.Exit(Exit.REFUSED if told["findings"] else Exit.CLEAR)


@bulletin.command()
def submit(bulletin_id: Id, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Stand by your draft: it can then be approved by others."""
    from cairn import bulletins

    told = run(
        home, as_json, lambda session: bulletins.submit(session, bulletin_id), bulletin=str(bulletin_id)
    )
    _tell(told, as_json)
    raise typer.Exit(Exit.CLEAR)


@bulletin.command()
def approve(
    bulletin_id: Id,
    outline: Annotated[
        str | None, typer.Option(help="Approve exactly the text of this outline, as you read it.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Agree to another's draft. Your signature holds for this text and no other."""
    from cairn import bulletins

    try:
        read = bytes.fromhex(outline) if outline is not None else None
    except ValueError:
        raise typer.BadParameter("64 hex digits", param_hint="--outline") from None
    told = run(
        home,
        as_json,
        lambda session: bulletins.approve(session, bulletin_id, read),
        bulletin=str(bulletin_id),
    )
    _tell(told, as_json)
    raise typer.Exit(Exit.CLEAR)


@bulletin.command()
def release(bulletin_id: Id, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Let an approved draft out. Readers get it once the trustees have cosigned it."""
    from cairn.client.bulletins import BulletinsClient

    told = run(
        home,
        as_json,
        lambda session: BulletinsClient(session.connection).release(bulletin_id),
        bulletin=str(bulletin_id),
    )
    _tell(told, as_json)
    raise typer.Exit(Exit.CLEAR)


@bulletin.command()
def correct(
    bulletin_id: Id,
    file: File,
    what: Annotated[str, typer.Option(help="What was wrong, as readers will read it.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draft the next version of a bulletin that is out. It is approved and released like the first."""
    from cairn import bulletins

    told = read_json(file)
    _tell(
        run(
            home,
            as_json,
            lambda session: bulletins.correct(session, bulletin_id, told, what),
            bulletin=str(bulletin_id),
        ),
        as_json,
    )
    raise typer.Exit(Exit.CLEAR)


@bulletin.command()
def recall(
    bulletin_id: Id,
    reason: Annotated[RecallReason, typer.Option(help="Why.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a bulletin back, in all its versions. Every reader sees it at the next pull."""
    from cairn import bulletins

    told = run(
        home,
        as_json,
        lambda session: bulletins.recall(session, bulletin_id, reason),
        bulletin=str(bulletin_id),
    )
    if as_json:
        emit(told)
    else:
        say(f"{bulletin_id}: recalled ({told['reason']})")
    raise typer.Exit(Exit.CLEAR)


@bulletin.command("list")
def listed(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Every bulletin at every version, and where it stands."""
    from cairn.client.bulletins import BulletinsClient

    for told in run(home, as_json, lambda session: BulletinsClient(session.connection).drafts()):
        _tell(told, as_json)
    raise typer.Exit(Exit.CLEAR)


@bulletin.command()
def show(bulletin_id: Id, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The text of the latest version, with the outline to approve."""
    from cairn.client.bulletins import BulletinsClient
    from cairn_protocol.messages.bulletins import outline_of
    from cairn_protocol.messages.parties import Role
    from cairn_protocol.messages.wire import digest_of

    found = run(
        home,
        as_json,
        lambda session: BulletinsClient(session.connection).draft(
            bulletin_id, reviewing=session.profile.role is Role.REVIEWER
        ),
        bulletin=str(bulletin_id),
    )
    told = msgspec.to_builtins(found) | {"outline": digest_of(outline_of(found)).hex()}
    if as_json:
        emit(told)
    else:
        say(
            f"{bulletin_id} version {found.version}: {found.kind} by {found.author}, outline {told['outline']}"
        )
        for edition in found.editions:
            say(f"  for {edition.audience}, TLP:{edition.tlp}")
            for name, value in msgspec.to_builtins(edition).items():
                if value and name not in ("audience", "tlp"):
                    say(f"    {name}: {value}")
    raise typer.Exit(Exit.CLEAR)


@bulletin.command()
def stix(
    bulletin_id: Id,
    audience: Annotated[Audience, typer.Option(help="Whose edition.")] = Audience.LIAISONS,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """The latest version as STIX, around a grouping: what a reader's tools would make of it. JSON either way."""
    from cairn.client.bulletins import BulletinsClient

    emit(
        run(
            home,
            as_json,
            lambda session: BulletinsClient(session.connection).draft_as_stix(bulletin_id, audience),
            bulletin=str(bulletin_id),
        )
    )
    raise typer.Exit(Exit.CLEAR)


@bulletin.command()
def inbox(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What liaisons gave, waiting to be drafted."""
    from cairn.client.bulletins import BulletinsClient

    for one in run(home, as_json, lambda session: BulletinsClient(session.connection).inbox()).inbound:
        if as_json:
            emit(msgspec.to_builtins(one))
        else:
            say(f"{one.id} from {one.liaison}: {one.intelligence.kind} {one.intelligence.title}")
            say(f"    {one.intelligence.text}")
    raise typer.Exit(Exit.CLEAR)


def _tell(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(told)
        return
    where = told["status"] + (
        "" if told["in_force"] or told["status"] != "RELEASED" else ", waiting for the log"
    )
    say(f"{told['bulletin']} version {told['version']}: {told['kind']} by {told['author']}: {where}")
    if told["title"]:
        say(f"    {told['title']}")
    if told["needs"]:
        say(f"    still to approve: {', '.join(told['needs'])}")
    for one in told.get("findings", ()):
        say(f"    {one['code']} at {one['place']}: {one['why']}")
