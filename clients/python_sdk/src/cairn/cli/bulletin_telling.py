"""What the verbs about bulletins share: running, refusals, and how a bulletin is printed."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import typer

from cairn.cli.opening import with_hub
from cairn.cli.outcome import Exit, emit, exit_for, note, say

if TYPE_CHECKING:
    from cairn.bulletins import Read
    from cairn.session import Session

_T = TypeVar("_T")

# Refused as 403, but it is the act that is refused, not the party.
_ACTS: Final = frozenset({"own-draft", "own-release", "tasking"})


def run(home: Path | None, as_json: bool, work: "Callable[[Session], Awaitable[_T]]", **about: object) -> _T:
    """Run it in the home; a refusal is printed as {..., "status": "refused", "reason": SLUG}."""
    from cairn.bulletins import TextRefused
    from cairn.client.errors import ClientError

    async def in_session(hub: Any) -> _T:
        return await work(await hub.session())

    try:
        return with_hub(home, in_session)
    except (ClientError, TextRefused) as error:
        if as_json:
            emit({**about, "status": "refused", "reason": error.slug, "detail": str(error)})
        note(f"cairn: {error}")
        refused = isinstance(error, TextRefused) or error.slug in _ACTS
        raise typer.Exit(Exit.REFUSED if refused else exit_for(error)) from None


def read_json(file: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises DraftUnreadable."""
    from cairn.bulletins import DraftUnreadable

    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise DraftUnreadable(f"{file.name} can't be read as JSON: {type(wrong).__name__}") from None
    if not isinstance(told, dict):
        raise DraftUnreadable(f"{file.name} holds no JSON object")
    return told


def tell_read(one: "Read", as_json: bool) -> None:
    """Print a bulletin that was read."""
    if as_json:
        emit(one.as_json())
        return
    if one.edition is None or one.release is None:
        say(f"{one.bulletin}: RECALLED ({one.reason}). Whatever you took from it, take it back.")
        return
    edition, outline = one.edition, one.release.outline
    say(f"{one.bulletin} version {outline.version}: {outline.kind} TLP:{edition.tlp} {one.status}")
    say(f"    {edition.title}")
    say(f"    {edition.bottom_line}")
    say(f"    Observed: {edition.observed}")
    for text in edition.alternatives:
        say(f"    Could also be explained by: {text}")
    say(f"    Confidence {edition.confidence}: {edition.basis}")
    if edition.actions:
        say(f"    You may: {', '.join(edition.actions)}. You decide alone.")
    if one.correction:
        say(f"    Corrected: {one.correction}")
