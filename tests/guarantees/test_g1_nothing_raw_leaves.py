"""G1: no raw name, contact, address or free text leaves the firm, whatever is done with the SDK.

Canaries are filed, checked, amended by mistake, withdrawn, typed into wrong fields and sent while parties are
down; then every byte that firms sent and got, the whole database, and every file and log of every process
but the firms' own are searched for them (`tests.support.canaries`).
"""

import asyncio
import contextlib
import json
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from cairn import Inquiry
from cairn.filing import ReceiptStatus
from cairn.raw.fields import BadInquiry
from tests.support.canaries import search_for
from tests.support.search import Search
from tests.support.town import RunningTown

pytestmark = pytest.mark.anyio

PARTY: dict[str, Any] = {
    "role": "PUR",
    "name": "Zyrkonia Quellwerk Fabrik",
    "country": "DE",
    "address": "Wolkenkuckucksgasse 4711",
    "city": "Obertupfingen",
    "emails": ["Einkaufsleitung@zyrkonia-quellwerk.example"],
    "phones": ["+49 30 5550 48173"],
    "website": "https://www.zyrkonia-quellwerk.example/kontakt",
    "registration_no": "HRB 7481726",
    "iban": "DE89 3704 0044 0532 0130 00",
}
CANARY: dict[str, Any] = {
    "inquiry_id": "ZQ-Vorgang-1",
    "received_on": "2026-02-11",
    "channel": "EMAIL",
    "party": PARTY,
    "item": {"eccn": "2B230", "model": "Transducer-Qx99817"},
    "quantity": 3,
    "red_flags": ["RF-ENU-01"],
    "narrative": "Heisst angeblich Rumpelstilz und will ohne Anzahlung beliefert werden.",
    "transaction_ref": ["HAWB 984-55501187"],
    "outcome": "DECLINED",
    "firm": "Firmenname-Schluesselbund",
    "group": "Konzernname-Schluesselbund",
}
# The same party as another firm typed it.
VARIANT = CANARY | {
    "inquiry_id": "ZQ-Vorgang-2",
    "party": PARTY | {"name": "ZYRKONIA Quellwerk-Fabrik GmbH", "phones": ["0049305550 48173"]},
}
# Values where they don't belong.
MISUSED = CANARY | {
    "inquiry_id": "Zyrkonia Quellwerk Fabrik, +49 30 5550 48173",
    "party": {
        "name": "+49 30 5550 48173 Einkaufsleitung@zyrkonia-quellwerk.example",
        "phones": ["Zyrkonia Quellwerk Fabrik"],
        "website": "Wolkenkuckucksgasse 4711",
        "vat": "Rumpelstilz-Anzahlung",
        "country": "DE",
    },
    "transaction_ref": ["Zyrkonia Quellwerk Fabrik", "+49 30 5550 48173"],
}
REFUSED = (
    {"red_flags": ["Zyrkonia-Quellwerk"]},
    {"end_use_stated": "Zyrkonia-Quellwerk"},
    {"item": {"eccn": "Zyrkonia-Quellwerk"}},
    {"handling": ["AMBER", "Zyrkonia-Quellwerk"]},
    {"route": {"via": ["Obertupfingen"]}},
)


def canaries() -> Search:
    return search_for(*map(Inquiry.from_mapping, (CANARY, VARIANT, MISUSED)))


def test_the_search_finds_a_canary_however_it_is_wrapped() -> None:
    """Else all searches below would be empty words."""
    searched, name = canaries(), PARTY["name"]
    inside = json.dumps({"deep": b64encode(json.dumps({"name": name}).encode()).decode()}).encode()
    for leak in (
        f"x{name}x".encode(),
        name.upper().replace(" ", "").encode(),
        b"\\\\x" + f"..{name}".encode().hex().encode(),
        *(b64encode(b"." * offset + name.encode()) for offset in range(3)),
        b64encode(inside),
        b64encode(inside).hex().encode(),
        b"tel=493055504817" + b"3",
    ):
        assert searched.hits(b"before " + leak + b" after"), leak
    assert not searched.hits(b"Everything else, such as 12345678 or Quellcode.")


async def test_no_canary_is_in_any_byte_sent_or_in_anything_kept_outside_the_firms(
    town: RunningTown, tmp_path: Path
) -> None:
    firms = ("alder", "birch", "cedar")
    marks = {name: wire.mark() for name, wire in town.wires.items()}
    for firm, told in zip(firms, (CANARY, VARIANT, MISUSED), strict=True):
        async with town.hub(firm) as hub:
            assert (await hub.report(Inquiry.from_mapping(told))).status is ReceiptStatus.PROMISED
    town.publish()
    for firm in (*firms, "dogwood"):
        async with town.hub(firm) as hub:
            await hub.sync()
            await hub.check_all([Inquiry.from_mapping(told) for told in (CANARY, VARIANT, MISUSED)])
            await hub.verify_receipts()
    await _what_goes_wrong(town)
    _by_command(town, tmp_path)
    town.publish()

    searched = canaries()
    raw = json.dumps([CANARY, VARIANT, MISUSED]).encode()
    assert len(searched.hits(raw)) > 30, "at the firm itself they are all there"
    for name, wire in town.wires.items():
        passed = wire.since(marks[name])
        assert passed, "nothing was seen on the wire"
        for content in passed:
            assert not searched.hits(content), f"sent to or by {name}"
    assert not searched.hits(town.dump("--inserts")), "in a table"
    assert not searched.hits(_sqlite_dumps(town)), "in a trustee's table"
    assert searched.hits_in_files(_files_of_others(town)) == {}


async def _what_goes_wrong(town: RunningTown) -> None:
    """Refusals and an outage: errors are where values tend to slip out."""
    for wrong in REFUSED:
        with pytest.raises(BadInquiry):
            Inquiry.from_mapping(CANARY | {"inquiry_id": "ZQ-Vorgang-3"} | wrong)
    changed = CANARY | {"outcome": "HELD", "narrative": "Rumpelstilz war wieder da."}
    async with town.hub("alder") as hub:
        assert "report-id-reused" in str((await hub.report(Inquiry.from_mapping(changed))).reason)
        with town.without_database(), contextlib.suppress(TimeoutError):
            # The hub fails while it has the report; the SDK would repeat it for a while.
            await asyncio.wait_for(
                hub.report(Inquiry.from_mapping(CANARY | {"inquiry_id": "ZQ-Vorgang-5"})), 3
            )
        (sent,) = await hub.send_outbox()
        assert sent.status is ReceiptStatus.PROMISED
        await hub.withdraw(CANARY["inquiry_id"])


def _by_command(town: RunningTown, folder: Path) -> None:
    asked = folder / "asked.jsonl"
    asked.write_text(json.dumps(CANARY | {"inquiry_id": "ZQ-Vorgang-6"}))
    for words in (("report", asked, "--dry-run"), ("report", asked)):
        town.cairn("elm", *words)


def _files_of_others(town: RunningTown) -> list[Path]:
    """Every file under the town's folder that is not in a firm's home."""
    members = town.home("alder").parent
    return [
        path for path in town.place.folder.rglob("*") if path.is_file() and not path.is_relative_to(members)
    ]


def _sqlite_dumps(town: RunningTown) -> bytes:
    import sqlite3

    dumped = ""
    for name in ("t1", "t2", "t3"):
        with sqlite3.connect(f"file:{town.place.trustee(name) / 'trustee.db'}?mode=ro", uri=True) as database:
            dumped += "\n".join(database.iterdump())
    return dumped.encode()


def test_a_firms_own_folder_holds_no_canary_in_the_clear(town: RunningTown) -> None:
    """Not promised by G1, but the register is encrypted: a stolen laptop's file tells no name."""
    searched = canaries()
    folders = (town.home(firm) for firm in ("alder", "birch", "cedar", "dogwood", "elm"))
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert files
    assert searched.hits_in_files(files) == {}


def test_a_command_that_fails_shows_no_canary(town: RunningTown, tmp_path: Path) -> None:
    """What is printed ends up in tickets and mails: a fault is named by its place, not by its value."""
    asked = tmp_path / "asked.jsonl"
    asked.write_text("".join(json.dumps(CANARY | wrong) + "\n" for wrong in REFUSED))

    done: subprocess.CompletedProcess[str] = town.cairn("elm", "report", asked, "--json")

    assert done.returncode == 1
    said = (done.stdout + done.stderr).replace(str(tmp_path), "").encode()
    assert not search_for(Inquiry.from_mapping(CANARY)).hits(said)
