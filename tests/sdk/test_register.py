"""The register: what is kept, encrypted, and what happens when it can't be."""

import sqlite3
import stat
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from cairn.client.seen import SeenCard
from cairn.raw.normalise.match_key import MatchKey
from cairn.raw.register import Derived, Filed, Register, RegisterError, State
from cairn_protocol.kinds import Kind
from cairn_protocol.tags import CardKey, Tag
from cairn_protocol.voprf import Output

KEY = bytes(range(32))
PHONE = MatchKey(Kind.PHONE, "+905550100199")


def filed(name: str = "A-1", state: State = State.READY, **more: object) -> Filed:
    return msgspec.structs.replace(
        Filed(inquiry_id=name, state=state, inquiry=b'{"party":{"name":"Orkide Teknik"}}'), **more
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "register.db"


def test_a_record_comes_back_as_it_was_kept(path: Path) -> None:
    with Register(path, KEY) as register:
        register.keep(filed(report=b"bytes", report_id=UUID(int=7), promised_at=5))

    with Register(path, KEY) as register:
        assert register.filed("A-1") == filed(report=b"bytes", report_id=UUID(int=7), promised_at=5)
        assert register.filed("A-2") is None


def test_nothing_in_the_file_names_anybody(path: Path) -> None:
    with Register(path, KEY) as register:
        register.keep(filed(name="Orkide-inquiry"))
        register.unfinished.keep_check("check-of-Orkide", b"raw inquiry of Orkide")
        register.values.keep({PHONE: Derived(Output(bytes(64)), Tag(bytes(32)), CardKey(bytes(32)))}, 1)

    kept = b"".join(file.read_bytes() for file in path.parent.iterdir())

    assert not [word for word in (b"Orkide", b"9055501", b"phone") if word in kept]


def test_the_file_is_the_owners_alone(path: Path) -> None:
    Register(path, KEY).close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_key_is_told_from_an_empty_register(path: Path) -> None:
    with Register(path, KEY) as register:
        register.keep(filed())

    with pytest.raises(RegisterError, match="other keys"):
        Register(path, bytes(32))


def test_a_row_moved_to_another_inquiry_does_not_open(path: Path) -> None:
    with Register(path, KEY) as register:
        register.keep(filed("A-1"))
        register.keep(filed("A-2"))
    with sqlite3.connect(path) as database:
        (stolen,) = database.execute("SELECT sealed FROM inquiries ORDER BY arrived LIMIT 1").fetchone()
        database.execute("UPDATE inquiries SET sealed = ? WHERE arrived = 2", (stolen,))

    with Register(path, KEY) as register, pytest.raises(RegisterError):
        register.filed("A-2")


def test_a_damaged_file_is_said_to_be_damaged(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + bytes(4_000))

    with pytest.raises(RegisterError, match="damaged"):
        Register(path, KEY)


def test_a_register_another_process_writes_says_to_wait(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.raw.register.sealed_file.BUSY_SECONDS", 0.1)
    with Register(path, KEY) as register:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(RegisterError, match="another Cairn process"), register.transaction():
            register.keep(filed())
        other.close()


def test_a_transaction_that_fails_keeps_nothing(path: Path) -> None:
    with Register(path, KEY) as register:
        with pytest.raises(ValueError, match="stop"), register.transaction():
            register.keep(filed())
            raise ValueError("stop")

        assert register.filed("A-1") is None


def test_states_come_in_the_order_of_arrival(path: Path) -> None:
    with Register(path, KEY) as register:
        for name in ("C", "A", "B"):
            register.keep(filed(name, State.WAITING))
        register.keep(filed("A", State.PROVEN))

        assert [one.inquiry_id for one in register.in_state(State.WAITING)] == ["C", "B"]
        assert register.counts()[State.PROVEN] == 1


def test_a_withdrawn_report_is_no_longer_one_of_ours(path: Path) -> None:
    tag = Tag(b"t" * 32)
    with Register(path, KEY) as register:
        register.keep(filed(), [tag])
        assert register.is_ours([tag])

        register.keep(filed(state=State.WITHDRAWN))
        assert not register.is_ours([tag])


def test_values_are_known_in_their_epoch_only(path: Path) -> None:
    became = Derived(Output(b"y" * 64), Tag(b"t" * 32), CardKey(b"k" * 32))
    with Register(path, KEY) as register:
        register.values.keep({PHONE: became}, 1)

        assert register.values.known([PHONE], 1) == {PHONE: became}
        assert register.values.known([PHONE], 2) == {}


def test_cards_shown_are_remembered(path: Path) -> None:
    card = SeenCard(UUID(int=3), 2, 1_000)
    with Register(path, KEY) as register:
        register.told.keep_cards([card])

    with Register(path, KEY) as register:
        assert register.told.cards() == [card]


def test_a_repr_tells_nothing() -> None:
    assert repr(filed()) == "Filed(state=ready)"
    assert repr(Derived(Output(b"y" * 64), Tag(b""), CardKey(b""))) == "Derived()"


def test_the_next_number_is_found_without_going_through_a_large_register(path: Path) -> None:
    with Register(path, KEY) as register:
        register.keep(filed())

    with sqlite3.connect(path) as database:
        plan = database.execute("EXPLAIN QUERY PLAN SELECT max(arrived) FROM inquiries").fetchall()
    assert "USING COVERING INDEX inquiries_by_arrival" in str(plan)
    assert "SCAN" not in str(plan)
