"""Going through a file of inquiries: in order, in bounded memory, one bad row never stopping the next.

How far it came is kept in the register, so a run that was cut off goes on with `--resume`: it starts with the
first row whose result may not have been printed. A file that changed since begins anew.
"""

import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cairn.cli.outcome import Exit, note, of_batch
from cairn.cli.prompting import ask_for_inquiry
from cairn.raw.inquiry import Inquiry
from cairn.raw.mapping import Mapped
from cairn.raw.reading import Row, read_inquiries
from cairn.raw.register import Register

Answer = Callable[[Sequence[Inquiry]], Awaitable[list[Exit]]]
BadRow = Callable[[Row], Exit]

# Rows between two notes of how far it came: a write to disk each.
_NOTED_EVERY: Final = 1_000


@dataclass(frozen=True, slots=True)
class Source:
    """Where the inquiries come from. file: None for one that is typed in."""

    file: Path | None
    mapped: Mapped | None = None
    resume: bool = False

    def rows(self) -> Iterator[Row]:
        """The rows. Raises UnreadableFile, HomeError."""
        if self.file is None:
            return iter([Row(1, ask_for_inquiry())])
        return read_inquiries(self.file, mapped=self.mapped)

    def about(self) -> int:
        """How many rows there are, about: enough for a progress bar."""
        if self.file is None:
            return 1
        with self.file.open("rb") as raw:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: raw.read(1 << 20), b"")) or 1

    def identity(self, verb: str) -> bytes:
        """What stands for this work on this state of the file."""
        if self.file is None:
            return b""
        state = self.file.stat()
        return f"{verb}\0{self.file.resolve()}\0{state.st_size}\0{state.st_mtime_ns}".encode()


async def go_through(
    source: Source,
    answer: Answer,
    bad_row: BadRow,
    *,
    size: int,
    show_progress: bool,
    register: Register,
    verb: str,
) -> Exit:
    """Answer every inquiry of the source, `size` at a time.

    answer   prints the results of a batch, in order, and returns their exit codes
    bad_row  prints the result of a row that holds no inquiry

    Returns the exit code of the whole, or of what was left of it. Raises UnreadableFile, HomeError.
    """
    identity = source.identity(verb)
    done = register.unfinished.progress(identity) if source.resume else 0
    if done:
        note(f"going on after row {done} of the file")
    rows = islice(source.rows(), done, None)
    codes: set[Exit] = set()
    total = source.about()
    noted = done
    with _progress(show_progress and total > size) as progress:
        task = progress.add_task("inquiries", total=total, completed=done)
        try:
            while batch := list(islice(rows, size)):
                good = [row.inquiry for row in batch if row.inquiry is not None]
                answered = iter(await answer(good) if good else [])
                codes.update(bad_row(row) for row in batch if row.inquiry is None)
                codes.update(answered)
                done += len(batch)
                progress.advance(task, len(batch))
                if done - noted >= _NOTED_EVERY:
                    register.unfinished.keep_progress(identity, done)
                    noted = done
        except BaseException:
            if done and source.file is not None:
                register.unfinished.keep_progress(identity, done)
                note(f"stopped after {done} rows; the same command with --resume goes on from there")
            raise
    if source.file is not None:
        register.unfinished.keep_progress(identity, None)
    return of_batch(codes)


def _progress(shown: bool) -> Progress:
    return Progress(
        TextColumn("{task.completed} of about {task.total} {task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr),
        disable=not (shown and sys.stderr.isatty()),
    )
