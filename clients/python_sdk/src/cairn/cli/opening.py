"""Opening a home for a verb: which folder, and its passphrase without ever taking it in argv."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from cairn.api import AsyncHub, default_home
from cairn.home import Home, HomeError

_T = TypeVar("_T")


def folder_of(home: Path | None) -> Path:
    """The folder a verb works on."""
    return home if home is not None else default_home()


def passphrase_of(folder: Path) -> str:
    """The passphrase kept in the home, or asked for. Raises HomeError if there is nobody to ask."""
    if (kept := Home(folder).stored_passphrase()) is not None:
        return kept
    if not sys.stdin.isatty():
        raise HomeError(
            f"the keys in {folder} are under a passphrase: run this in a terminal, or keep the passphrase in the file "
            "'passphrase' beside them, readable by you alone"
        )
    return getpass.getpass("Passphrase: ")


def new_passphrase(path: Path | None) -> str:
    """A passphrase for new keys: from a file, or asked for twice. Raises HomeError."""
    if path is not None:
        try:
            word = path.read_text().strip()
        except OSError as cause:
            raise HomeError(f"the passphrase file can't be read: {cause.strerror}") from cause
        if not word:
            raise HomeError("the passphrase file is empty")
        return word
    if not sys.stdin.isatty():
        raise HomeError(
            "new keys need a passphrase: run this in a terminal, or name a file with --passphrase-file"
        )
    word = getpass.getpass("New passphrase: ")
    if word != getpass.getpass("The same again: "):
        raise HomeError("the two passphrases differ; nothing was written")
    if not word:
        raise HomeError("an empty passphrase protects nothing; nothing was written")
    return word


def with_hub(home: Path | None, work: Callable[[AsyncHub], Awaitable[_T]]) -> _T:
    """Run `work` with the home opened, and close it."""

    async def run() -> _T:
        folder = folder_of(home)
        Home(folder).profile()
        async with AsyncHub(folder, passphrase=passphrase_of(folder)) as hub:
            return await work(hub)

    return asyncio.run(run())
