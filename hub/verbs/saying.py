"""What every verb shares: its options, how it answers people and programs, and its exit codes."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterator
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from cairn_protocol.errors import (
    BadClose,
    BadConsistency,
    BadInclusion,
    BadProof,
    BadRoster,
    BadSignature,
    CairnError,
    PeriodClosed,
    TooFewGroups,
)
from cairn_protocol.messages.problems import PROBLEMS
from cairn_protocol.policy_text import BadPolicy
from hub.errors import HubError
from hub.home import load_settings
from hub.members.invitations import InvitationUnusable
from hub.services import Services, running_database
from hub.settings import Settings

T = TypeVar("T")

Home = Annotated[
    Path, typer.Option("--home", envvar=["CAIRN_HUB_HOME", "CAIRN_HOME"], help="The hub's home folder.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]


class Exit(IntEnum):
    """Exit codes, the same in every command of the project."""

    ERROR = 1
    PROOF_FAILED = 5
    REFUSED = 6


_SERVERS_OWN = 500  # statuses from here on are no refusals

_CODES: tuple[tuple[type[CairnError] | tuple[type[CairnError], ...], Exit], ...] = (
    ((BadSignature, BadProof, BadInclusion, BadConsistency), Exit.PROOF_FAILED),
    ((BadClose, BadPolicy, BadRoster, InvitationUnusable, PeriodClosed, TooFewGroups), Exit.REFUSED),
)


def say(as_json: bool, sentence: str, **facts: Any) -> None:
    """Print one sentence, or its facts as one JSON object."""
    typer.echo(json.dumps(facts, sort_keys=True) if as_json else sentence)


@contextlib.contextmanager
def verb(as_json: bool) -> Iterator[None]:
    """Turn what went wrong in the block into a sentence on stderr and an exit code."""
    try:
        yield
    except (CairnError, OSError) as error:
        reason = getattr(error, "slug", "internal")
        if as_json:
            say(True, "", status="error", reason=reason, detail=str(error))
        typer.echo(f"cairn-hub: {error}", err=True)
        raise typer.Exit(code_of(error)) from error


def code_of(error: Exception) -> Exit:
    """The exit code that an error stands for: what a route would refuse is refused here too."""
    for errors, code in _CODES:
        if isinstance(error, errors):
            return code
    refused = isinstance(error, HubError) and PROBLEMS[error.slug].status < _SERVERS_OWN
    return Exit.REFUSED if refused else Exit.ERROR


def with_services(home: Path, work: Callable[[Services], Awaitable[T]]) -> T:
    """Do something with the hub's services, its database started for it if need be. Raises as `Services.open`."""
    from hub import logs  # here and below: who only makes keys waits for neither logs nor migrations

    settings = load_settings(home)
    logs.set_up("ERROR")

    async def run(url: str) -> T:
        async with Services.open(settings, url) as services:
            return await work(services)

    with running_database(settings) as url:
        return asyncio.run(run(url))


@contextlib.contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The URL of the database, up and migrated, for the block. For `serve` and whoever comes before it."""
    from hub.storage.migrate import upgrade

    with running_database(settings) as url:
        upgrade(url)
        yield url
