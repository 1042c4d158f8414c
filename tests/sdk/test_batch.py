"""Going through a file: cut off anywhere, `--resume` goes on with the first row whose result may be missing."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from cairn import Inquiry
from cairn.cli.batch import Source, go_through
from cairn.cli.outcome import Exit
from cairn.raw.reading import Row
from cairn.raw.register import Register


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with Register(tmp_path / "register.db", b"register key of thirty-two bytes") as opened:
        yield opened


def file_of(folder: Path, rows: int, bad: int | None = None) -> Path:
    path = folder / "inquiries.jsonl"
    lines = [json.dumps({"inquiry_id": f"A-{at}", "party": {"name": "Orkide"}}) for at in range(rows)]
    if bad is not None:
        lines[bad] = "{"
    path.write_text("\n".join(lines) + "\n")
    return path


class Told:
    """What was printed; `falls_at` is the row at which the power goes."""

    def __init__(self, falls_at: int | None = None) -> None:
        self.ids: list[str] = []
        self.bad: list[int] = []
        self.falls_at = falls_at

    async def answer(self, inquiries: Sequence[Inquiry]) -> list[Exit]:
        for inquiry in inquiries:
            if self.falls_at == len(self.ids):
                raise KeyboardInterrupt
            self.ids.append(inquiry.inquiry_id)
        return [Exit.CLEAR] * len(inquiries)

    def bad_row(self, row: Row) -> Exit:
        self.bad.append(row.number)
        return Exit.ERROR

    def go(self, source: Source, register: Register) -> Exit:
        work = go_through(
            source, self.answer, self.bad_row, size=50, show_progress=False, register=register, verb="check"
        )
        return asyncio.run(work)


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(tmp_path: Path, register: Register) -> None:
    path = file_of(tmp_path, 420)
    first, then = Told(falls_at=230), Told()
    with pytest.raises(KeyboardInterrupt):
        first.go(Source(path), register)

    code = then.go(Source(path, resume=True), register)

    assert then.ids[0] == "A-200", "the batch that was cut off is told anew, whole"
    assert {*first.ids, *then.ids} == {f"A-{at}" for at in range(420)}
    assert code is Exit.CLEAR


def test_a_finished_file_begins_anew(tmp_path: Path, register: Register) -> None:
    path = file_of(tmp_path, 60)
    Told().go(Source(path), register)
    again = Told()
    again.go(Source(path, resume=True), register)

    assert len(again.ids) == 60


def test_a_file_that_changed_begins_anew(tmp_path: Path, register: Register) -> None:
    with pytest.raises(KeyboardInterrupt):
        Told(falls_at=130).go(Source(file_of(tmp_path, 200)), register)
    again = Told()
    again.go(Source(file_of(tmp_path, 201), resume=True), register)

    assert len(again.ids) == 201


def test_a_bad_row_stops_nothing_and_is_the_exit_code(tmp_path: Path, register: Register) -> None:
    told = Told()
    code = told.go(Source(file_of(tmp_path, 120, bad=70)), register)

    assert (len(told.ids), told.bad, code) == (119, [71], Exit.ERROR)
