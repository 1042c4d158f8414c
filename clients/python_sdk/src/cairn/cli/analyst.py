"""`cairn analyst`: cases and openings. With --json, each opening verb prints {"opening", "status", "reason"}."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import msgspec
import typer

from cairn.cli.app import HomeOption, JsonOption, group
from cairn.cli.opening import with_hub
from cairn.cli.outcome import Exit, emit, exit_for, note, say
from cairn_protocol.messages.openings import Reason

if TYPE_CHECKING:
    from cairn.session import Session

analyst = group("analyst", "The analysts' desk: cases and openings.")
opening = typer.Typer(help="Opening sealed details: two analysts ask, trustees decide.", no_args_is_help=True)
analyst.add_typer(opening, name="opening")

Id = Annotated[str, typer.Argument(help="The opening's id.")]


@analyst.command()
def cases(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Subjects that two groups or more reported: codes and bands, no name."""
    from cairn.client.openings import OpeningsClient

    async def work(session: "Session") -> list[dict[str, Any]]:
        return await OpeningsClient(session.connection).cases()

    for case in _with_session(home, work):
        if as_json:
            emit(case)
            continue
        say(
            f"case {case['case']}: {case['groups']} groups, {case['events']} events, evidence {case['evidence']}, "
            f"{case['first']} to {case['last']}; {', '.join(case['families'])}"
        )
        for hit in case["typologies"]:
            facts = ", ".join(
                f"{name.replace('_', ' ')}: {', '.join(value) if isinstance(value, list) else value}"
                for name, value in hit.items()
                if name not in ("code", "groups")
            )
            say(f"    {hit['code']}, {hit['groups']} groups; {facts}")
        say(f"    linked by {', '.join(case['linked_by'])}; reports {' '.join(case['reports'])}")
    raise typer.Exit(Exit.CLEAR)


def _legal_basis(told: str) -> str:
    """What every member may read: a law and its paragraph, with no room for a mailbox or anybody's number."""
    from msgspec import ValidationError, convert

    from cairn_protocol.messages.openings import LegalBasis

    try:
        return convert(told, LegalBasis)
    except ValidationError:
        raise typer.BadParameter(
            "a legal basis is a law and its paragraph, which every member reads: up to 200 letters, digits, spaces and "
            ".,;:()/§'&-, never six digits in a row"
        ) from None


@opening.command("request")
def request(
    report: Annotated[list[UUID], typer.Option("--report", help="A report's id; repeat for more.")],
    reason: Annotated[Reason, typer.Option(help="The reason code.")],
    basis: Annotated[
        str, typer.Option(help="The legal basis, as every member will read it.", callback=_legal_basis)
    ] = "Art. 6(1)(f) GDPR; participation agreement",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask for reports to be opened. A second analyst must confirm, then trustees decide."""
    from cairn.client.openings import OpeningsClient
    from cairn.opening import request_for
    from cairn_protocol.messages.openings import MAX_REPORTS

    if len(set(report)) > MAX_REPORTS:
        raise typer.BadParameter(f"at most {MAX_REPORTS} reports a request", param_hint="--report")

    async def work(session: "Session") -> dict[str, Any]:
        _, signed = request_for(session, report, reason, basis)
        return await OpeningsClient(session.connection).ask(signed)

    _tell(home, as_json, None, work)


@opening.command()
def confirm(opening_id: Id, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Agree to another analyst's request. From then on it is in the log for everybody to see."""
    from cairn.opening import confirm

    _tell(home, as_json, opening_id, lambda session: confirm(session, opening_id))


@opening.command()
def status(opening_id: Id, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Where an opening stands: requested, confirmed, open, refused or expired."""
    from cairn.client.openings import OpeningsClient

    _tell(home, as_json, opening_id, lambda session: OpeningsClient(session.connection).standing(opening_id))


@opening.command("list")
def listed(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Every opening, with its case, its reason and where it stands."""
    from cairn.client.openings import OpeningsClient

    async def work(session: "Session") -> list[dict[str, Any]]:
        return await OpeningsClient(session.connection).all()

    for told in _with_session(home, work):
        _print(told, as_json)
    raise typer.Exit(Exit.CLEAR)


@opening.command()
def read(opening_id: Id, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Put the plain text together on this machine and show it. It is kept encrypted for a day, then gone."""
    from cairn.client.errors import ClientError
    from cairn.opening import read

    async def work(session: "Session") -> "object":
        return await read(session, opening_id)

    try:
        opened = _with_session(home, work)
    except ClientError as error:
        # Not enough trustees yet is no refusal of what was asked: ask again later.
        waiting = error.slug in ("too-few-assents", "unknown-opening")
        _print({"opening": opening_id, "status": "shut", "reason": error.slug}, as_json)
        note(f"cairn: {error}")
        raise typer.Exit(Exit.ERROR if waiting else exit_for(error)) from None
    reports = msgspec.to_builtins(opened)["reports"]
    if as_json:
        emit({"opening": opening_id, "status": "open", "reason": None, "reports": reports})
    else:
        for report in reports:
            say(f"report {report['report_id']} of {report['member']}:")
            for field, value in report["details"].items():
                if value and field != "type":
                    say(f"    {field}: {'; '.join(value) if isinstance(value, list | tuple) else value}")
    raise typer.Exit(Exit.CLEAR)


def _tell(
    home: Path | None,
    as_json: bool,
    opening_id: str | None,
    work: "Callable[[Session], Awaitable[dict[str, Any]]]",
) -> None:
    from cairn.client.errors import ClientError

    try:
        told = _with_session(home, work)
    except ClientError as error:
        _print({"opening": opening_id, "status": "refused", "reason": error.slug}, as_json)
        note(f"cairn: {error}")
        raise typer.Exit(exit_for(error)) from None
    _print(told, as_json)
    raise typer.Exit(Exit.CLEAR)


def _print(told: dict[str, Any], as_json: bool) -> None:
    record = {name: told.get(name) for name in ("opening", "status", "reason")}
    if as_json:
        emit(record)
    else:
        say(f"{record['opening']}: {record['status']} ({record['reason']})")


def _with_session(home: Path | None, work: "Callable[[Session], Awaitable[Any]]") -> Any:
    async def run(hub: Any) -> Any:
        return await work(await hub.session())

    return with_hub(home, run)
