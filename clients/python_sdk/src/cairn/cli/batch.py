"""Going through a file of inquiries: in order, in bounded memory, one bad row never stopping the next."""

import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cairn.cli.outcome import Exit, of_batch
from cairn.cli.prompting import ask_for_inquiry
from cairn.raw.inquiry import Inquiry
from cairn.raw.reading import Row, read_inquiries

Answer = Callable[[Sequence[Inquiry]], Awaitable[list[Exit]]]
BadRow = Callable[[Row], Exit]


async def go_through(
    file: Path | None, answer: Answer, bad_row: BadRow, *, size: int, show_progress: bool
) -> Exit:
    """Answer every inquiry of the file, `size` at a time; without a file, the one that is typed in.

    answer   prints the results of a batch, in order, and returns their exit codes
    bad_row  prints the result of a row that holds no inquiry

    Returns the exit code of the whole. Raises UnreadableFile, HomeError.
    """
    rows: Iterator[Row] = read_inquiries(file) if file else iter([Row(1, ask_for_inquiry())])
    codes: set[Exit] = set()
    total = _rows_about(file) if file else 1
    with _progress(show_progress and total > size) as progress:
        task = progress.add_task("inquiries", total=total)
        while batch := list(islice(rows, size)):
            good = [row.inquiry for row in batch if row.inquiry is not None]
            answered = iter(await answer(good) if good else [])
            codes.update(bad_row(row) for row in batch if row.inquiry is None)
            codes.update(answered)
            progress.advance(task, len(batch))
    return of_batch(codes)


def _progress(shown: bool) -> Progress:
    return Progress(
        TextColumn("{task.completed} of about {task.total} {task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr),
        disable=not (shown and sys.stderr.isatty()),
    )


def _rows_about(file: Path) -> int:
    """How many lines the file has: enough for a progress bar."""
    with file.open("rb") as raw:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: raw.read(1 << 20), b"")) or 1
