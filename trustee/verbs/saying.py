"""What every verb shares: its options, the passphrase, how it answers people and programs, its exit codes."""

import contextlib
import getpass
import json
import sys
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cairn_protocol.errors import (
    BadMessage,
    BadRoster,
    CairnError,
    PeriodClosed,
    ProtocolError,
    TooFewGroups,
    TooLittleEvidence,
    WrongTerms,
)
from cairn_protocol.passphrase import WrongPassphrase
from trustee.errors import HomeError, HubRefuses
from trustee.home import Home

HomeOption = Annotated[Path, typer.Option("--home", envvar="CAIRN_HOME", help="The trustee's home folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", exists=True, dir_okay=False, help="Read the passphrase from this file."
    ),
]
HubOption = Annotated[
    str | None, typer.Option("--hub", help="The hub's address. Default: the one kept in the home.")
]


class Exit(IntEnum):
    """Exit codes, the same in every command of the project."""

    ERROR = 1
    PROOF_FAILED = 5
    REFUSED = 6


_CODES: tuple[tuple[tuple[type[CairnError], ...], Exit], ...] = (
    ((BadRoster, PeriodClosed, TooFewGroups, TooLittleEvidence, WrongTerms, HubRefuses), Exit.REFUSED),
    ((WrongPassphrase,), Exit.ERROR),
    ((ProtocolError,), Exit.PROOF_FAILED),
)


def code_of(error: Exception) -> Exit:
    """The exit code that an error stands for."""
    if isinstance(error, BadMessage) and error.culprit is None:
        return Exit.ERROR  # a file of the staff's own choosing, which is no proof of anything
    return next((code for errors, code in _CODES if isinstance(error, errors)), Exit.ERROR)


def reason_of(error: Exception) -> str:
    """The slug that a program reads."""
    return str(error.problem if isinstance(error, HubRefuses) else getattr(error, "slug", "internal"))


def say(as_json: bool, sentence: str, **facts: Any) -> None:
    """Print one sentence, or its facts as one JSON object."""
    typer.echo(json.dumps(facts, sort_keys=True) if as_json else sentence)


@contextlib.contextmanager
def verb(as_json: bool) -> Iterator[None]:
    """Turn what went wrong in the block into a sentence on stderr and an exit code."""
    try:
        yield
    except (CairnError, OSError) as error:
        if as_json:
            say(True, "", status="error", reason=reason_of(error), detail=str(error))
        typer.echo(f"cairn-trustee: {error}", err=True)
        raise typer.Exit(code_of(error)) from error


def passphrase(home: Home, file: Path | None, *, new: bool = False) -> str:
    """The passphrase: from the file named, else the one kept in the home, else asked for.

    Raises HomeError if there is none and nobody to ask.
    """
    word = file.read_text().strip() if file is not None else home.stored_passphrase()
    if word is None:
        word = _asked_for(new)
    if not word:
        raise HomeError("an empty passphrase protects nothing")
    return word


def _asked_for(new: bool) -> str:
    if not sys.stdin.isatty():
        raise HomeError("the passphrase can't be asked for here: name a file with --passphrase-file")
    word = getpass.getpass("New passphrase: " if new else "Passphrase: ")
    if new and getpass.getpass("The same again: ") != word:
        raise HomeError("the two passphrases differ")
    return word
