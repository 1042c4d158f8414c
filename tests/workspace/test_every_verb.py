"""Every verb of the three commands: what it is for, and how it ends on input that is no good."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import pytest
import typer.main

from cairn import cli as firm
from cairn_protocol.errors import BadMessage, BadRoster, BadSignature, TooFewGroups
from cairn_protocol.passphrase import WrongPassphrase
from hub import cli as hub
from hub.errors import HubError
from hub.linkage.ruling import NoSuchValue
from hub.storage.database import StoreUnavailable
from hub.trends.refusals import UnknownQuestion
from hub.verbs.saying import code_of as hub_code_of
from trustee import cli as trustee
from trustee.verbs.saying import code_of as trustee_code_of

firm._load()
MAINS = {"cairn": firm.main, "cairn-hub": hub.main, "cairn-trustee": trustee.main}
APPS = {"cairn": firm.app, "cairn-hub": hub.app, "cairn-trustee": trustee.app}

# These make a home, or say what is the same for everybody.
NEEDS_NO_HOME = {
    "cairn template", "cairn score", "cairn lint", "cairn options", "cairn-hub init", "cairn-hub disclose",
}  # fmt: skip


@dataclass(frozen=True)
class Verb:
    """A verb: the words that call it, and what it takes (click's parameters)."""

    words: tuple[str, ...]
    command: Any

    def __str__(self) -> str:
        return " ".join(self.words)


def verbs() -> Iterator[Verb]:
    def below(words: tuple[str, ...], command: Any) -> Iterator[Verb]:
        if not hasattr(command, "commands"):
            yield Verb(words, command)
            return
        for name, one in command.commands.items():
            yield from below((*words, name), one)

    for name, app in APPS.items():
        yield from below((name,), typer.main.get_command(app))


VERBS = list(verbs())


def ends(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str
) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command, run in this process. No traceback is let pass."""
    monkeypatch.setattr(sys, "argv", list(words))
    with pytest.raises(SystemExit) as ended:
        MAINS[words[0]]()
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out, told.err


def junk(parameter: Any, folder: Path) -> list[str]:
    """A value that is in form for the parameter, and means nothing."""
    kind = parameter.type_descriptor.annotation
    kind = next((one for one in get_args(kind) if one is not type(None)), kind)
    value = "1"
    if issubclass(kind, Enum):
        value = str(next(iter(kind)).value)
    elif issubclass(kind, Path):
        (folder / "junk").write_bytes(b"\x00junk\n")
        value = str(folder / "junk")
    elif issubclass(kind, UUID):
        value = "00000000-0000-8000-8000-000000000000"
    return [value] if parameter.opts == [parameter.name] else [parameter.opts[0], value]


@pytest.mark.parametrize("verb", VERBS, ids=str)
def test_every_verb_and_each_of_its_options_says_what_it_is_for(verb: Verb) -> None:
    assert verb.command.help and len(verb.command.help.split()) >= 4
    for parameter in verb.command.params:
        assert parameter.name == "help" or getattr(parameter, "help", None), f"{parameter.name} says nothing"
    assert any("--json" in parameter.opts for parameter in verb.command.params)


@pytest.mark.parametrize("verb", VERBS, ids=str)
def test_an_option_that_is_not_there_is_a_usage_error(
    verb: Verb, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, told, said = ends(capsys, monkeypatch, *verb.words, "--no-such-option")

    assert (code, told) == (2, "")
    assert "--no-such-option" in said


@pytest.mark.parametrize("verb", VERBS, ids=str)
def test_on_junk_in_a_home_that_is_not_there_every_verb_ends_with_a_sentence(
    verb: Verb, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [
        word
        for one in verb.command.params
        if one.required and one.name != "home"
        for word in junk(one, tmp_path)
    ]
    if any("--home" in one.opts for one in verb.command.params):
        words += ["--home", str(tmp_path / "nobody")]
    with open("/dev/null") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        code, _, said = ends(capsys, monkeypatch, *verb.words, *words)

    assert code in ({0} if str(verb) in NEEDS_NO_HOME else {1, 2, 6})
    assert said.strip() or code == 0
    assert not any(word in said for word in ("Traceback", "0x"))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnknownQuestion("a week is written like 2026-W05"), 6),
        (NoSuchValue("no contact has that id"), 6),
        (StoreUnavailable("the database does not answer"), 1),
        (HubError("something broke"), 1),
        (BadSignature("a signature is false"), 5),
        (TooFewGroups("4 groups", groups=4), 6),
        (BadMessage("no JSON of that shape"), 1),
    ],
    ids=lambda one: getattr(one, "slug", str(one)),
)
def test_what_a_route_of_the_hub_would_refuse_its_verb_refuses(error: Exception, code: int) -> None:
    assert hub_code_of(error) == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadMessage("no JSON of that shape"), 1),  # a file that was named
        (BadMessage("no JSON of that shape", culprit="hub"), 5),  # an answer
        (BadSignature("a signature is false"), 5),
        (BadRoster("the entry does not fit"), 6),
        (TooFewGroups("4 groups", groups=4), 6),
        (WrongPassphrase("another passphrase"), 1),
    ],
)
def test_a_trustee_tells_a_proof_that_failed_from_a_file_that_is_none(error: Exception, code: int) -> None:
    assert trustee_code_of(error) == code
