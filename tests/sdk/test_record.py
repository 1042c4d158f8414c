"""The resolution record: a chain that shows what was changed or left out, kept five years, under the register key."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cairn.raw.register import Register, RegisterError
from cairn.raw.resolution import FIRST, KEPT_SECONDS, About, Entry, check_chain
from cairn_protocol.errors import BadMessage

KEY = b"register key of thirty-two bytes"
NOW = 1_790_000_000


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with Register(tmp_path / "register.db", KEY) as opened:
        yield opened


def about(inquiry_id: str, at: int = NOW) -> Callable[[int, bytes], Entry]:
    def draft(number: int, previous: bytes) -> Entry:
        return Entry(
            number=number, inquiry_id=inquiry_id, made_at=at, user="Ada Vale", about=About.FLAG,
            code="RF-ENU-01", text="the questionnaire came back complete", advice=None, previous=previous,
        )  # fmt: skip

    return draft


def noted(register: Register, *ids: str) -> list[Entry]:
    for inquiry_id in ids:
        register.record.note(about(inquiry_id), NOW + KEPT_SECONDS)
    return register.record.entries()


def test_each_entry_follows_the_one_before(register: Register) -> None:
    entries = noted(register, "A-1", "A-2", "A-1")

    assert [entry.number for entry in entries] == [1, 2, 3]
    assert entries[0].previous == FIRST and entries[2].previous == entries[1].digest()
    check_chain(entries)


@pytest.mark.parametrize("left_out", [1, 2])
def test_an_entry_left_out_is_found(register: Register, left_out: int) -> None:
    entries = noted(register, "A-1", "A-2", "A-3", "A-4")
    del entries[left_out]

    with pytest.raises(BadMessage):
        check_chain(entries)


def test_a_changed_word_is_found(register: Register) -> None:
    entries = noted(register, "A-1", "A-2")
    changed = Entry(
        **{f: getattr(entries[0], f) for f in Entry.__struct_fields__} | {"text": "nobody answered"}
    )

    with pytest.raises(BadMessage):
        check_chain([changed, entries[1]])


def test_the_same_card_is_noted_once_for_an_inquiry(register: Register) -> None:
    assert register.record.note(about("A-1"), NOW, once=b"A-1 card 7 version 1") is not None
    assert register.record.note(about("A-1"), NOW, once=b"A-1 card 7 version 1") is None
    assert register.record.note(about("A-1"), NOW, once=b"A-1 card 7 version 2") is not None


def test_after_five_years_the_oldest_go_and_the_chain_goes_on(register: Register) -> None:
    register.record.note(about("old"), NOW + KEPT_SECONDS)
    register.record.note(about("new"), NOW + KEPT_SECONDS + 1_000)

    assert register.record.forget_old(NOW + KEPT_SECONDS - 1) == 0
    assert register.record.forget_old(NOW + KEPT_SECONDS) == 1
    entries = noted(register, "newest")
    assert [entry.inquiry_id for entry in entries] == ["new", "newest"]
    check_chain(entries)


def test_the_file_holds_no_word_of_it(register: Register, tmp_path: Path) -> None:
    noted(register, "A-1")

    raw = b"".join(path.read_bytes() for path in tmp_path.glob("register.db*"))
    assert b"Ada Vale" not in raw and b"questionnaire" not in raw


def test_an_entry_moved_to_another_place_does_not_open(register: Register, tmp_path: Path) -> None:
    noted(register, "A-1", "A-2")
    with sqlite3.connect(tmp_path / "register.db") as file:
        file.execute("UPDATE record SET number = 9 WHERE number = 1")

    with pytest.raises(RegisterError):
        register.record.entries()


def test_what_fails_inside_a_transaction_leaves_nothing_of_it(register: Register) -> None:
    with pytest.raises(ValueError), register.transaction():
        register.record.note(about("A-1"), NOW)
        raise ValueError

    assert register.record.entries() == []


def test_progress_through_a_file_is_kept_until_it_is_finished(register: Register) -> None:
    assert register.unfinished.progress(b"file") == 0
    register.unfinished.keep_progress(b"file", 150)
    assert register.unfinished.progress(b"file") == 150
    register.unfinished.keep_progress(b"file", None)
    assert register.unfinished.progress(b"file") == 0
