"""`cairn reviewer` and `cairn analyst recall`: a dispute upheld by two people. With --json a line a case or cut."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from cairn.cli.analyst import analyst
from cairn.cli.app import HomeOption, JsonOption, group
from cairn.cli.opening import with_hub
from cairn.cli.outcome import Exit, emit, say
from cairn_protocol.messages.index import RecallReason

if TYPE_CHECKING:
    from cairn.api import AsyncHub
    from cairn.session import Session

reviewer = group("reviewer", "The reviewer's desk: disputes upheld, wrong joins cut.")
analyst_recall = typer.Typer(help="Cuts that reviewers ordered, for a second person.", no_args_is_help=True)
analyst.add_typer(analyst_recall, name="recall")


@reviewer.command("list")
def listed(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Subjects that may be cut, those in dispute first, and the cuts so far with their acknowledgements."""
    from cairn.client.corrections import CorrectionsClient

    async def work(session: "Session") -> list[dict[str, Any]]:
        client = CorrectionsClient(session.connection)
        return [*(await client.disputes()), *(await client.recalls())]

    for told in _with_session(home, work):
        if as_json:
            emit(told)
        elif "cut" in told:
            _say_cut(told)
        else:
            disputed = f", {len(told['disputed'])} in dispute" if told["disputed"] else ""
            say(f"case {told['case']}: {len(told['reports'])} reports of {told['groups']} groups{disputed}")
            for at, part in enumerate(told["parts"], 1):
                say(f"    without contacts, part {at}: {' '.join(part)}")
    raise typer.Exit(Exit.CLEAR)


@reviewer.command()
def recall(
    case: Annotated[int, typer.Argument(help="The case's number, from `cairn reviewer list`.")],
    reason: Annotated[RecallReason, typer.Option(help="The reason code.")] = RecallReason.WRONG_JOIN,
    part: Annotated[
        list[str] | None,
        typer.Option(help="Report ids of one part, separated by commas; repeat. Else as the list proposes."),
    ] = None,
    keep_contacts: Annotated[
        bool, typer.Option("--keep-contacts", help="Don't make what the parts share a common value.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Uphold a dispute: order a cut. An analyst must confirm it before anything changes."""
    from cairn.reviewing import recall

    parts = [[UUID(word.strip()) for word in one.split(",")] for one in part or []]
    _tell(
        home,
        as_json,
        lambda session: recall(session, case, reason, parts, common=not keep_contacts),
    )


@analyst_recall.command("list")
def waiting(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Every cut: those that wait for a second person, and those carried out."""
    from cairn.client.corrections import CorrectionsClient

    async def work(session: "Session") -> list[dict[str, Any]]:
        return await CorrectionsClient(session.connection).waiting()

    for told in _with_session(home, work):
        if as_json:
            emit(told)
        else:
            _say_cut(told)
    raise typer.Exit(Exit.CLEAR)


@analyst_recall.command()
def confirm(
    cut: Annotated[str, typer.Argument(help="The cut's id.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Agree to a reviewer's order: the cut is in the log, and the next index recalls the cards."""
    from cairn.reviewing import confirm

    _tell(home, as_json, lambda session: confirm(session, cut))


def _tell(home: Path | None, as_json: bool, work: "Callable[[Session], Awaitable[dict[str, Any]]]") -> None:
    told = _with_session(home, work)
    if as_json:
        emit(told)
    else:
        _say_cut(told)
    raise typer.Exit(Exit.CLEAR)


def _say_cut(told: dict[str, Any]) -> None:
    parts = " and ".join(str(count) for count in told["parts"])
    say(
        f"cut {told['cut']}: {told['status']}, {told['reason']}, reports {parts}; acknowledged by "
        f"{told['acknowledged']} of {told['contributors']} contributors"
    )


def _with_session(home: Path | None, work: "Callable[[Session], Awaitable[Any]]") -> Any:
    async def run(hub: "AsyncHub") -> Any:
        return await work(await hub.session())

    return with_hub(home, run)
