"""What the firm's own machine needs: checks over known values, their memory, and the lint of a note.

check_per_second   inquiries a second of one core, from the bytes of a JSON-lines file to the printed JSON:
                   reading, normalising (exact and fuzzy keys), the register, the join with an index of 100,000
                   tags, scoring, telling. The same 300 buyers return; one in twenty has a card.
memory_ratio       the largest resident memory for 100,000 rows over that for 1,000 rows
lint_ms            one note of 280 characters, the median

    python -m benchmarks.firm [--rows 100000]
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measuring import CPU, ROOT, run_on_one_core, seconds, tell
from cairn import checking
from cairn.cli.batch import Source, go_through
from cairn.cli.outcome import Exit
from cairn.cli.telling import tell_advice, tell_unread_check
from cairn.raw.inquiry import Inquiry
from cairn.raw.sanitise.lint import lint
from cairn.session import Session
from local.inquiries import subjects
from tests.support.offline_home import NOW, WORD, a_card, keys_of, know, make_home, sync

SUBJECTS = 300
INDEX_TAGS = 100_000
SPEED_ROWS = 10_000
NOTE = (
    "Buyer refused to name the end user and asked twice to change the consignee after the quotation; wants cash "
    "in advance, has no web presence, and would not say what the items are for. Third request within two weeks. "
    "The second person on the phone said the goods go on to somebody else, and hung up then."
)


def inquiries(count: int) -> Iterator[dict[str, Any]]:
    """`count` inquiries about the same few hundred buyers, as a firm has them over the years."""
    rng = random.Random(11)
    buyers = subjects(SUBJECTS, rng)
    for at in range(count):
        buyer = buyers[at % SUBJECTS]
        yield {
            "inquiry_id": f"bench-{at:06d}",
            "received_on": "2026-03-05",
            "party": {
                "name": buyer.name,
                "country": buyer.country,
                "emails": [buyer.email],
                "phones": [buyer.phone],
            },
            "item": {"eccn": "2B230"},
            "red_flags": ["RF-ENU-01", "RF-LOG-01"],
        }


def prepare(folder: Path, rows: int) -> Path:
    """A home that knows all values, with an index, and a file of so many rows beside it."""
    home = make_home(folder / "home")
    known = [Inquiry.from_mapping(told) for told in inquiries(SUBJECTS)]
    know(home, known)
    cards = {a_card(at): keys_of(inquiry) for at, inquiry in enumerate(known, start=1) if at % 20 == 0}
    sync(home, cards, filler=INDEX_TAGS)
    file = folder / f"{rows}.jsonl"
    with file.open("w") as out:
        out.writelines(json.dumps(told) + "\n" for told in inquiries(rows))
    return file


async def check(home: Path, file: Path) -> Exit:
    """`cairn check --json` of the file, in this process."""
    async with await Session.open(home, WORD, lambda: float(NOW)) as session:

        async def answer(batch: Sequence[Inquiry]) -> list[Exit]:
            return [tell_advice(advice, True) for advice in await checking.check_all(session, batch)]

        return await go_through(
            Source(file),
            answer,
            lambda row: tell_unread_check(row, True),
            size=checking.BATCH,
            show_progress=False,
            register=session.register,
            verb="check",
        )


def measure(folder: Path) -> None:
    """The figures of one core."""
    file = prepare(folder, SPEED_ROWS)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        took = min(seconds(lambda: asyncio.run(check(folder / "home", file)), CPU) for _ in range(3))
    tell("firm", "check_per_second", SPEED_ROWS / took, "inquiries/s, one core")
    lint(NOTE)
    taken = [seconds(lambda: lint(NOTE), CPU) for _ in range(200)]
    tell("firm", "lint_ms", statistics.median(taken) * 1e3, "ms")


def memory(folder: Path, rows: int) -> int:
    """The largest resident memory of a process that checks so many rows, in KiB."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.firm", "--one", str(folder), "--rows", str(rows)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stderr.split()[-1])


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rows", type=int, default=100_000)
    arguments.add_argument("--speed", type=Path)
    arguments.add_argument("--one", type=Path)
    told = arguments.parse_args()
    if told.speed:
        measure(told.speed)
    elif told.one:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            asyncio.run(check(told.one / "home", told.one / f"{told.rows}.jsonl"))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
    else:
        with tempfile.TemporaryDirectory() as folder:
            run_on_one_core("benchmarks.firm", "--speed", folder)
        with tempfile.TemporaryDirectory() as folder:
            prepare(Path(folder), told.rows)
            with (Path(folder) / "1000.jsonl").open("w") as out:
                out.writelines(json.dumps(one) + "\n" for one in inquiries(1_000))
            small, large = memory(Path(folder), 1_000), memory(Path(folder), told.rows)
        tell("firm", "memory_ratio", large / small, f"x, {told.rows} rows over 1,000")


if __name__ == "__main__":
    main()
