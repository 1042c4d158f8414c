"""The firm's machine with nobody to reach: what `cairn` answers from what it keeps, and what it says of bad input.

The command itself, in this process; keys, register and index are real files.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from cairn.cli import main
from cairn.client.state import StateFolder
from cairn.home import Home
from cairn.policies import Policies
from cairn.raw.inquiry import Inquiry
from cairn.raw.reading import read_inquiries
from cairn.record import verify
from cairn_protocol.errors import BadMessage, BadSignature
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.policy import FINEST
from cairn_protocol.messages.wire import encode, sign
from cairn_protocol.policy_text import BadPolicy
from tests.support.keys import genesis, public, signing_key
from tests.support.offline_home import a_card, keys_of, know, make_home, sync

BUYER: dict[str, Any] = {
    "inquiry_id": "A-1",
    "party": {"name": "Orkide Teknik", "country": "TR", "phones": ["+90 555 010 0199"]},
    "item": {"eccn": "2B230"},
    "red_flags": ["RF-ENU-01", "RF-LOG-01"],
}
CARD = msgspec.structs.replace(a_card(), last="2099-Q4")  # its quarter is not over: nothing fades
STRANGER = {"inquiry_id": "A-2", "party": {"name": "Lantern Bench"}, "red_flags": ["RF-ENU-01"]}


@dataclass
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Answer]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """It knows BUYER's values, and its index has a card for the phone."""
    made = make_home(tmp_path / "home")
    buyer = Inquiry.from_mapping(BUYER)
    know(made, [buyer])
    phone = [key for key in keys_of(buyer) if key.kind is Kind.PHONE]
    sync(made, {CARD: phone}, published_at=int(time.time()) - 60)
    return made


@pytest.fixture
def cairn(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    def run(*words: str | Path) -> Answer:
        monkeypatch.setattr(sys, "argv", ["cairn", *map(str, words), "--home", str(home.folder)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return Answer(int(ended.value.code or 0), told.out, told.err)

    with chdir(tmp_path):
        yield run


def rows(*told: dict[str, Any], name: str = "rows.jsonl") -> Path:
    path = Path(name)
    path.write_text("".join(json.dumps(one) + "\n" for one in told))
    return path


def test_a_known_buyer_is_answered_without_anybody(cairn: Run) -> None:
    done = cairn("check", rows(BUYER), "--json")

    (advice,) = done.lines
    assert done.code == 3
    assert (advice["status"], advice["groups"], advice["evidence"]) == ("seen", "2-4", "E2")
    assert (advice["points"], advice["attention"]) == (8, "A2")


def test_a_new_buyer_waits_and_is_weighed_by_the_firms_own_flags(cairn: Run) -> None:
    done = cairn("check", rows(STRANGER), "--json")

    (advice,) = done.lines
    assert (done.code, advice["status"], advice["attention"]) == (4, "queued", "A1")


def test_what_was_shown_is_in_the_record_once_with_who_looked(cairn: Run) -> None:
    for _ in range(2):
        cairn("check", rows(BUYER), "--user", "Ada Vale")

    (entry,) = cairn("record", "list", "--json").lines
    assert (entry["about"], entry["inquiry_id"], entry["user"]) == ("shown", "A-1", "Ada Vale")


def test_the_whole_card_says_that_you_decide_alone(cairn: Run) -> None:
    done = cairn("check", rows(BUYER), "--full", "--html", "card.html")

    assert "You decide alone." in done.out and "Resolved by:" in done.out
    assert "You decide alone." in Path("card.html").read_text()
    assert Path("card.html").stat().st_mode & 0o077 == 0


def test_an_output_that_is_not_unicode_gets_escapes_and_no_traceback(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps(STRANGER | {"inquiry_id": "Größe 😀"}))
    program = "from cairn.cli import main; main()"
    command = [sys.executable, "-c", program, "check", str(file), "--home", str(home.folder)]
    ascii_only = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}

    told = subprocess.run(command, env=ascii_only, capture_output=True)
    as_json = subprocess.run([*command, "--json"], env=ascii_only, capture_output=True)

    assert (told.returncode, as_json.returncode) == (4, 4)
    assert told.stdout.startswith(b"Gr\\xf6\\xdfe \\U0001f600")
    assert json.loads(as_json.stdout)["inquiry_id"] == "Größe 😀"


def test_an_index_too_old_is_said_and_answered_all_the_same(cairn: Run, home: Home) -> None:
    buyer = Inquiry.from_mapping(BUYER)
    sync(home, {CARD: keys_of(buyer)}, published_at=int(time.time()) - 100 * 86_400)

    (advice,) = cairn("check", rows(BUYER), "--json").lines
    assert advice["status"] == "seen"
    assert "Your copy of the index is too old to rely on: run `cairn index sync`." in advice["reasons"]


def test_a_clock_that_runs_behind_makes_no_negative_age(cairn: Run, home: Home) -> None:
    sync(home, {CARD: keys_of(Inquiry.from_mapping(BUYER))}, published_at=int(time.time()) + 86_400)

    (advice,) = cairn("check", rows(BUYER), "--json").lines
    assert (advice["status"], advice["index"]["age_seconds"]) == ("seen", 0)


def test_a_date_in_a_week_to_come_is_one_rows_fault(cairn: Run) -> None:
    done = cairn("check", rows(BUYER | {"received_on": "2099-01-01"}, BUYER), "--json")

    assert done.code == 1
    assert [line["status"] for line in done.lines] == ["seen", "refused"]
    assert "future week" in done.out


def test_half_filled_and_unknown_rows_stop_nothing(cairn: Run) -> None:
    done = cairn(
        "check",
        rows({"inquiry_id": "H-1"}, {"party": {"name": "x"}}, BUYER | {"red_flags": ["RF-ENU-99"]}, BUYER),
        "--json",
    )

    assert sorted(line["status"] for line in done.lines) == ["refused", "refused", "refused", "seen"]
    assert done.code == 1


def test_weights_with_an_unknown_flag_refuse_the_check_before_it_tells(cairn: Run, home: Home) -> None:
    home.weights.write_text('[weights]\n"RF-ENU-99" = 3\n')

    done = cairn("check", rows(BUYER))
    assert (done.code, done.out) == (1, "")
    assert "weights.toml weighs a flag that the red-flag list does not have" in done.err


def test_a_firms_own_weights_count_in_the_check(cairn: Run, home: Home) -> None:
    home.weights.write_text('[weights]\n"RF-ENU-01" = 0\n"RF-LOG-01" = 0\n')

    (advice,) = cairn("check", rows(BUYER), "--json").lines
    assert (advice["points"], advice["attention"]) == (2, "A0")


def test_a_foreign_csv_is_checked_by_its_mapping(cairn: Run) -> None:
    Path("map.toml").write_text(
        '[format]\ndelimiter = ";"\n[columns]\nNr = "inquiry_id"\nFirma = "party.name"\nTel = "party.phones"\n'
        '[constants]\n"party.country" = "TR"\n'
    )
    Path("export.csv").write_text("Nr;Firma;Tel;Preis\n7;Orkide Teknik;+90 555 010 0199;12\n")

    (advice,) = cairn("check", "export.csv", "--map", "map.toml", "--json").lines
    assert (advice["inquiry_id"], advice["status"]) == ("7", "seen")


def test_a_wrong_mapping_is_refused_with_a_sentence(cairn: Run) -> None:
    Path("map.toml").write_text('[columns]\nNr = "inquiry"\n')
    Path("export.csv").write_text("Nr\n7\n")

    done = cairn("check", "export.csv", "--map", "map.toml")
    assert (done.code, done.out) == (1, "")
    assert 'there is no column "inquiry"' in done.err


def test_a_record_needs_a_person_a_known_code_and_words(cairn: Run) -> None:
    add = ("record", "add", "A-1")

    assert cairn(*add, "--decision", "HOLD-ASK", "--reason", "we asked").code == 1
    assert cairn(*add, "--decision", "SELL", "--reason", "we asked", "--user", "Ada Vale").code == 1
    assert cairn(*add, "--flag", "RF-XXX-01", "--resolution", "ok", "--user", "Ada Vale").code == 1
    assert cairn(*add, "--decision", "HOLD-ASK", "--user", "Ada Vale").code == 1
    assert cairn(*add, "--user", "Ada Vale").code == 2
    assert cairn("record", "list", "--json").lines == []


def test_without_the_hub_an_export_still_verifies_as_a_chain(cairn: Run) -> None:
    cairn("record", "add", "A-1", "--flag", "RF-ENU-01", "--resolution", "site visit", "--user", "Ada Vale")
    cairn("record", "add", "A-1", "--decision", "HOLD-ASK", "--reason", "until then", "--user", "Ada Vale")
    assert cairn("record", "export", "--out", "record.html").code == 0

    page = Path("record.html").read_text()
    assert "resolved RF-ENU-01: site visit" in page
    assert verify(page).entries == 2
    with pytest.raises(BadMessage, match="not what its data says"):
        verify(page.replace("resolved RF-ENU-01: site visit", "resolved RF-ENU-01: a letter"))


def test_a_pack_that_would_refine_is_refused_whole(home: Home) -> None:
    policies, key = Policies(home, genesis()), signing_key("alder")
    (home.state / "policy").write_bytes(
        encode(sign(msgspec.structs.replace(FINEST, version=2, value="none"), signing_key("hub")))
    )
    finer = msgspec.structs.replace(FINEST, name="ours", issuer="alder", quantity="none")

    with pytest.raises(BadPolicy, match="lets out more than the network's: value"):
        policies.install(sign(finer, key), public(key))

    assert policies.firm() is None and policies.in_force().quantity == "band"


def test_a_firms_pack_and_the_networks_hold_together(home: Home) -> None:
    policies, key = Policies(home, genesis()), signing_key("alder")
    pack = msgspec.structs.replace(FINEST, name="ours", issuer="alder", withheld_kinds=(Kind.EMAIL,))
    policies.install(sign(pack, key), public(key))

    assert policies.in_force().withheld_kinds == (Kind.EMAIL,)
    with pytest.raises(BadPolicy, match="higher version"):
        policies.install(sign(pack, key), public(key))
    with pytest.raises(BadSignature):
        policies.install(sign(msgspec.structs.replace(pack, version=2), signing_key("m1")), public(key))


def test_a_damaged_pack_lets_nothing_leave(cairn: Run, home: Home) -> None:
    (home.folder / "policy").write_bytes(b"{}")

    done = cairn("report", rows(BUYER))
    assert (done.code, done.out) == (1, "")
    assert "policy pack kept here is damaged" in done.err


def test_false_answers_that_were_caught_are_told_with_who_gave_them(cairn: Run, home: Home) -> None:
    StateFolder(home.state).record_fault("hub", "policy-went-back", 1_790_000_000)

    (told,) = cairn("status", "--json").lines
    assert any(
        notice.startswith("hub gave a false answer (policy-went-back), 1 times") for notice in told["notices"]
    )


@pytest.mark.timeout(60)
def test_a_huge_line_is_one_bad_row_and_the_next_is_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as out:
        out.write(b"inquiry_id,party.name\n")
        out.truncate(1 << 28)
        out.seek(1 << 28)
        out.write(b"\nA-1,Orkide\n")

    bad, good = read_inquiries(huge)
    assert "longer than" in str(bad.error) and good.inquiry is not None


@pytest.mark.parametrize("basis", ["call +351215558080", "write to a@b.example", "", "x" * 201])
def test_a_legal_basis_with_room_for_a_person_is_refused_before_anything_is_signed(
    cairn: Run, basis: str
) -> None:
    report = str(UUID(int=1))
    done = cairn("analyst", "opening", "request", "--report", report, "--reason", "T1", "--basis", basis)

    assert done.code == 2
    assert "a legal basis is a law and its paragraph" in " ".join(done.err.replace("│", " ").split())
