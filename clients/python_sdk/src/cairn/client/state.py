"""The client's folder on disk: what was verified, what was synced, what contradicts itself.

A write is whole or not there, so a crash or a full disk leaves what stood before. Nothing
in here is secret from the firm or about an inquiry; files are 0600 all the same.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from filelock import AsyncFileLock

from cairn.client.errors import StateUnwritable
from cairn_protocol.errors import PartyId

_FAULTS: Final = "faults.json"
_CONFLICTS: Final = "conflicts"
LOCK_SECONDS: Final = 60.0


class Fault(msgspec.Struct, frozen=True):
    """A party gave a false answer, how often, and when first and last (seconds since 1970)."""

    culprit: PartyId
    slug: str
    first: int
    last: int
    count: int


class StateFolder:
    """Named files under one folder, made on the first write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> bytes | None:
        """The file's bytes, or None if there is none."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> Path:
        """Put `content` in the file's place, durably. Raises StateUnwritable; then nothing changed."""
        path = self.folder / name
        with _unwritable(self.folder):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(temporary, path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        return path

    def lock(self, name: str) -> AsyncFileLock:
        """One process at a time: `async with folder.lock("sync")`. Freed by the system if its holder dies."""
        with _unwritable(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return AsyncFileLock(self.folder / f".{name}.lock", timeout=LOCK_SECONDS)

    def keep_conflict(self, at: int, notes: Iterable[tuple[str, str]]) -> list[Path]:
        """Keep notes (who gave it, text) that contradict each other, as files named by time and giver."""
        return [
            self.write(f"{_CONFLICTS}/{at}-{order}-{giver.replace(':', '-')}.note", note.encode())
            for order, (giver, note) in enumerate(notes)
        ]

    def conflicts(self) -> list[tuple[int, str, str]]:
        """Every kept note that contradicts another: when it was kept, who gave it, its text."""
        kept = []
        for path in sorted((self.folder / _CONFLICTS).glob("*.note")):
            at, _, giver = path.stem.partition("-")
            kept.append((int(at), giver.partition("-")[2], path.read_text()))
        return kept

    def record_fault(self, culprit: PartyId, slug: str, at: int) -> None:
        """Remember that `culprit` gave a false answer at `at` (seconds since 1970)."""
        faults = {(fault.culprit, fault.slug): fault for fault in self.faults()}
        known = faults.get((culprit, slug))
        faults[culprit, slug] = Fault(
            culprit, slug, known.first if known else at, at, known.count + 1 if known else 1
        )
        self.write(_FAULTS, msgspec.json.encode(list(faults.values())))

    def faults(self) -> list[Fault]:
        """Every false answer so far, by culprit and kind."""
        raw = self.read(_FAULTS)
        try:
            return msgspec.json.decode(raw, type=list[Fault]) if raw else []
        except msgspec.MsgspecError:
            return []  # a damaged list of faults must not stop work


@contextmanager
def _unwritable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as cause:
        raise StateUnwritable(
            f"the folder {folder} can't be written ({cause.strerror}); free some space or check its owner, "
            "then run the same again"
        ) from cause
