"""G7: an acknowledged report is never lost nor counted twice, whoever is killed and whenever.

Hub, database, trustee and client are killed with -9 while rows are filed; answers are lost on their way. Then
the same rows are filed again, and there are as many report ids, receipts and leaves as there are rows.
"""

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from cairn import Inquiry
from cairn.filing import Receipt, ReceiptStatus
from cairn_protocol.messages.report import Promise
from cairn_protocol.messages.wire import Signed, decode
from local.processes import BIN
from tests.support.buyers import inquiries, inquiry
from tests.support.town import RunningTown, until
from tests.support.wire import send_raw

pytestmark = pytest.mark.anyio

AT_A_TIME = 10  # rows a call, so that a kill falls between calls as well as into them


def _rows(prefix: str, count: int) -> list[Inquiry]:
    return [Inquiry.from_mapping(told) for told in islice(inquiries(prefix), count)]


async def _file(town: RunningTown, firm: str, rows: Sequence[Inquiry]) -> list[Receipt]:
    """File all rows, a few at a time, whatever becomes of each call."""
    receipts: list[Receipt] = []
    async with town.hub(firm) as hub:
        for at in range(0, len(rows), AT_A_TIME):
            receipts += await hub.report_all(rows[at : at + AT_A_TIME])
    return receipts


async def _file_while(
    town: RunningTown, firm: str, rows: Sequence[Inquiry], disturb: Callable[[], None]
) -> list[Receipt]:
    """File all rows while `disturb` runs beside."""
    disturbing = asyncio.create_task(asyncio.to_thread(disturb))
    receipts = await _file(town, firm, rows)
    await disturbing
    return receipts


async def _all_are_there_once(
    town: RunningTown, firm: str, rows: Sequence[Inquiry], leaves_before: int, promised: Sequence[Receipt]
) -> None:
    """File the rows again; each has one report, one receipt, one leaf, and what was promised before still stands."""
    again = await _file(town, firm, rows)
    assert {receipt.status for receipt in again} <= {ReceiptStatus.PROMISED, ReceiptStatus.PROVEN}
    receipts = {receipt.inquiry_id: receipt.promise for receipt in again}
    assert len(receipts) == len({receipt.report_id for receipt in again}) == len(rows)
    assert len({_leaf(receipt) for receipt in again}) == len(rows)
    for receipt in promised:
        if receipt.promise is not None:
            assert receipts[receipt.inquiry_id] == receipt.promise, "the same receipt as before"

    assert town.report_leaves() - leaves_before == len(rows)
    ids = [receipt.report_id for receipt in again]
    ((kept, distinct),) = town.query(
        "SELECT count(*), count(DISTINCT report_id) FROM reports WHERE report_id = ANY(%s)", ids
    )
    assert (kept, distinct) == (len(rows), len(rows))
    town.settle()
    async with town.hub(firm) as hub:
        proofs = await hub.verify_receipts()
    assert (proofs.promised, proofs.overdue) == (0, 0), "every promise is proven in the log"


def _leaf(receipt: Receipt) -> bytes:
    assert receipt.promise is not None
    return decode(decode(receipt.promise, Signed).body, Promise).leaf_hash


async def _hub_is_killed_while_filing(town: RunningTown, firm: str, count: int, kills: int) -> None:
    rng = random.Random()
    rows, before = _rows(f"G7-hub-{count}", count), town.report_leaves()

    def disturb() -> None:
        for _ in range(kills):
            time.sleep(rng.uniform(0.2, 1.2))
            town.kill("hub")
            town.up()

    receipts = await _file_while(town, firm, rows, disturb)
    assert len(receipts) == count
    await _all_are_there_once(town, firm, rows, before, receipts)


async def test_the_hub_is_killed_while_rows_are_filed(town: RunningTown) -> None:
    await _hub_is_killed_while_filing(town, "larch", count=200, kills=2)


@pytest.mark.long
async def test_the_hub_is_killed_again_and_again_while_500_rows_are_filed(town: RunningTown) -> None:
    await _hub_is_killed_while_filing(town, "larch", count=500, kills=12)


async def test_the_database_is_killed_while_rows_are_filed(town: RunningTown) -> None:
    """A connection breaks, maybe while a commit is on its way: the hub says 503, and the firm files again."""
    rows, before = _rows("G7-database", 60), town.report_leaves()

    def disturb() -> None:
        time.sleep(random.uniform(0.2, 0.8))
        with town.without_database():
            time.sleep(random.uniform(0, 0.5))

    receipts = await _file_while(town, "larch", rows, disturb)
    await _all_are_there_once(town, "larch", rows, before, receipts)


async def test_an_answer_that_is_lost_costs_no_second_leaf(town: RunningTown) -> None:
    """The hub has committed and answered; the firm never hears it and files again with another signature."""
    about, before = Inquiry.from_mapping(inquiry("G7-lost")), town.report_leaves()
    wire = town.wires["hub"]

    async with town.hub("larch") as hub:
        with wire.losing_an_answer(b"POST /v1/reports"):
            receipt = await hub.report(about)
            assert wire.lost.is_set()
        assert receipt.status is ReceiptStatus.PROMISED
        assert await hub.report(about) == receipt

    assert town.report_leaves() - before == 1


async def test_every_answer_is_lost_and_the_outbox_sends_the_same_bytes(town: RunningTown) -> None:
    """The hub dies right after its commit: the firm holds no promise, and gets the one of that commit later."""
    about, before = Inquiry.from_mapping(inquiry("G7-dies")), town.report_leaves()
    wire = town.wires["hub"]

    async with town.hub("larch") as hub:
        with wire.losing_an_answer(b"POST /v1/reports"):
            filing = asyncio.create_task(hub.report(about))
            await asyncio.to_thread(wire.lost.wait, 20)
            town.kill("hub")
            receipt = await filing
        assert receipt.status is ReceiptStatus.QUEUED
        ((kept,),) = town.query("SELECT count(*) FROM reports WHERE report_id = %s", receipt.report_id)
        assert kept == 1, "the commit was before the answer"
        town.up()
        (sent,) = await hub.send_outbox()

    assert (sent.report_id, sent.status) == (receipt.report_id, ReceiptStatus.PROMISED)
    assert town.report_leaves() - before == 1


async def test_a_trustee_that_dies_between_its_commit_and_its_answer_has_metered(town: RunningTown) -> None:
    """Nonce and meter are committed first: a crash never gives an evaluation for nothing, nor a second for one."""
    wire, path = town.wires["t1"], town.place.trustee("t1") / "trustee.db"

    def metered() -> int:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            ((subjects,),) = database.execute(
                "SELECT coalesce(sum(subjects), 0) FROM meter WHERE group_name = 'larch-line'"
            )
        return int(subjects)

    before, mark = metered(), wire.mark()
    async with town.hub("larch") as hub:
        with town.frozen("t3"), wire.losing_an_answer(b"POST /v1/evaluate"):
            filing = asyncio.create_task(hub.report(Inquiry.from_mapping(inquiry("G7-trustee"))))
            await asyncio.to_thread(wire.lost.wait, 20)
            town.kill("t1")
        receipt = await filing
        assert receipt.status is ReceiptStatus.PROMISED, "the two others are enough"
    town.up()

    assert metered() - before == 1
    (request,) = [raw for raw in wire.since(mark, to_server=True) if raw.startswith(b"POST /v1/evaluate")]
    assert b"replayed-nonce" in send_raw(request, wire.port)
    assert metered() - before == 1


def test_a_client_that_is_killed_goes_on_where_it_was(town: RunningTown, tmp_path: Path) -> None:
    count, before = 120, town.report_leaves()
    told = [*islice(inquiries("G7-client"), count)]
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps(row) + "\n" for row in told))
    words = [str(BIN / "cairn"), "report", str(rows), "--json", "--home", str(town.home("juniper"))]
    out = (tmp_path / "out").open("w+")
    client = subprocess.Popen(words, stdout=out, stderr=subprocess.DEVNULL)
    until(lambda: (tmp_path / "out").read_text().count("\n") > 0)
    time.sleep(random.uniform(0, 0.4))
    os.kill(client.pid, signal.SIGKILL)
    client.wait()

    done = town.cairn("juniper", "report", rows, "--json")

    assert done.returncode == 0, done.stderr
    lines: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["inquiry_id"] for line in lines] == [row["inquiry_id"] for row in told]
    assert {line["status"] for line in lines} <= {"promised", "proven"}
    assert len({line["report_id"] for line in lines}) == count
    first: list[dict[str, Any]] = [
        json.loads(line) for line in (tmp_path / "out").read_text().splitlines() if line.endswith("}")
    ]
    assert {(line["inquiry_id"], line["report_id"]) for line in first} <= {
        (line["inquiry_id"], line["report_id"]) for line in lines
    }
    assert town.report_leaves() - before == count


async def test_a_lost_register_files_the_same_reports_again(town: RunningTown, tmp_path: Path) -> None:
    """Keys restored from a backup give the same ids and bytes, so the hub has nothing twice."""
    home = town.copy_home("juniper", tmp_path)
    rows, before = _rows("G7-register", 5), town.report_leaves()
    async with town.hub(home) as hub:
        first = await hub.report_all(rows)
    backup = tmp_path / "backup"
    assert town.cairn(home, "keys", "backup", backup).returncode == 0
    for path in home.glob("register.db*"):
        path.unlink()
    assert town.cairn(home, "keys", "restore", backup).returncode == 0

    async with town.hub(home) as hub:
        again = await hub.report_all(rows)

    assert again == first
    assert town.report_leaves() - before == len(rows)
