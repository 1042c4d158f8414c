"""A Cairn that ends with the process that made it, and the end of those whose makers were killed.

    with passing_town("cairn-demo-") as town: ...

It lives in a temporary folder. Its maker holds a lock there, which the kernel releases whatever the maker dies of: so
the next maker finds what a kill -9 left, ends its processes and removes it. A maker that is asked to stop (SIGTERM,
SIGHUP, Ctrl-C) ends them itself, see `stopping_is_an_exit`.
"""

import contextlib
import fcntl
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hub.storage.embedded import EmbeddedPostgres
from local.running import Local
from local.town import Town

_HELD = "held"


@contextlib.contextmanager
def passing_town(prefix: str) -> Iterator[Town]:
    """The place of a town to set up, ended and removed after the block. prefix: of its folder's name."""
    end_leftovers(prefix)
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    with open(folder / _HELD, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        folder.chmod(0o755)  # the private database's own user must pass through
        try:
            yield Town(folder / "run")
        finally:
            _end(folder)


def end_leftovers(prefix: str) -> int:
    """End the towns of makers that were killed. How many there were."""
    ended = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        with (
            contextlib.suppress(OSError),
            open(folder / _HELD) as held,
        ):  # OSError: held still, or another user's
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _end(folder)
            ended += 1
    return ended


def stopping_is_an_exit() -> None:
    """From here on SIGTERM and SIGHUP end this process as an exit does: by way of every `finally`."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))


def _end(folder: Path) -> None:
    place = Town(folder / "run")
    if local := Local.remembered(place):
        local.stop()
    EmbeddedPostgres(place.hub / "postgres").stop()
    shutil.rmtree(folder, ignore_errors=True)
