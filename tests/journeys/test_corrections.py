"""A firm corrects its own reports on real processes: amended, cleared, disputed; and what others see of it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from cairn import Inquiry
from cairn.correcting import NothingFiled
from cairn.filing import ReceiptStatus
from cairn.record import entries_of
from cairn_protocol.messages.corrections import ClearReason
from cairn_protocol.messages.report import Report
from cairn_protocol.messages.wire import decode
from tests.support import buyers
from tests.support.town import RunningTown

pytestmark = pytest.mark.anyio


async def report(town: RunningTown, firm: str, about: dict[str, Any]) -> None:
    async with town.hub(firm) as hub:
        receipt = await hub.report(Inquiry.from_mapping(about))
    assert receipt.status is ReceiptStatus.PROMISED


async def points(town: RunningTown, firm: str, about: dict[str, Any]) -> float:
    async with town.hub(firm) as hub:
        await hub.sync()
        advice = await hub.check(Inquiry.from_mapping(about))
    assert advice.points is not None
    return float(advice.points)


async def test_a_new_outcome_is_the_next_revision_and_the_report_counts_once(town: RunningTown) -> None:
    about = buyers.inquiry("amended") | {"outcome": "HELD"}
    shared = about["party"]["phones"]
    await report(town, "kauri", about)
    before = town.report_leaves()

    done = town.cairn("kauri", "amend", about["inquiry_id"], "--outcome", "DECLINED", "--json")
    first = json.loads(done.stdout)
    again = town.cairn("kauri", "amend", about["inquiry_id"], "--outcome", "DECLINED", "--json")

    assert (done.returncode, first["status"]) == (0, "promised")
    assert json.loads(again.stdout)["report_id"] == first["report_id"]
    assert town.report_leaves() == before + 1
    await report(town, "gum", buyers.inquiry("amended-other", phones=shared))
    town.publish()
    rows = town.query(
        "SELECT count(DISTINCT number), count(DISTINCT cluster) FROM linked_reports"
        " JOIN reports ON number = report WHERE report_id = %s",
        first["report_id"],
    )
    assert rows == [(1, 1)]
    async with town.hub("kauri") as hub:
        await hub.sync()
        assert (await hub.verify_receipts()).overdue == 0
        assert (await hub.check(Inquiry.from_mapping(about))).groups == "2-4"


async def test_shipped_stays_on_the_firms_own_machine(town: RunningTown) -> None:
    about = buyers.inquiry("shipped") | {"outcome": "HELD"}
    await report(town, "kauri", about)
    before = town.report_leaves()

    async with town.hub("kauri") as hub:
        receipt = await hub.amend(about["inquiry_id"], outcome="SHIPPED")

    assert "never sent" in str(receipt.reason)
    assert town.report_leaves() == before

    # Nor does a later revision tell it by leaving out what was sent before.
    anew = about | {"outcome": "SHIPPED", "quantity": 977}
    async with town.hub("kauri") as hub:
        session = await hub.session()
        await hub.amend(about["inquiry_id"], inquiry=Inquiry.from_mapping(anew))
        filed = session.register.filed(about["inquiry_id"])
        assert filed is not None and filed.report is not None
        assert decode(filed.report, Report).open.codes.outcome == "HELD"
        assert [
            entry.about for entry in entries_of(session.register.record.entries(), about["inquiry_id"])
        ] == [
            "amended",
            "amended",
        ]


async def test_an_anchored_record_and_a_file_told_of_are_shown_offline(
    town: RunningTown, tmp_path: Path
) -> None:
    file = tmp_path / "quotation.txt"
    file.write_text("what Kauri kept")
    told = hashlib.sha256(file.read_bytes()).hexdigest()
    about = buyers.inquiry("anchored") | {"evidence_hash": told}
    await report(town, "kauri", about)
    async with town.hub("kauri") as hub:
        await hub.clear(about["inquiry_id"], ClearReason.SITE_VISIT, user="Ada Vale")
        await hub.dispute(about["inquiry_id"], user="Bo Lind")
    done = town.cairn("kauri", "record", "anchor", about["inquiry_id"], "--user", "Ada Vale", "--json")
    assert done.returncode == 0, done.stderr
    assert town.cairn("kauri", "record", "anchor", "no such inquiry").returncode == 1
    town.settle()
    out = tmp_path / "record.json"
    assert town.cairn("kauri", "record", "export", "--out", out).returncode == 0

    stranger = tmp_path / "stranger.txt"
    stranger.write_text("another file")
    files = ("--evidence", file, "--evidence", stranger)
    seen = town.cairn("kauri", "record", "verify", out, *files, "--json")
    verdict = json.loads(seen.stdout)
    assert verdict["anchored"] == json.loads(done.stdout)["anchored"] > 0
    assert verdict["evidence"][0] and verdict["evidence"][1] is None

    exported = json.loads(out.read_text())
    mine = [one["about"] for one in exported["entries"] if one["inquiry_id"] == about["inquiry_id"]]
    assert mine == ["cleared", "not-ours", "anchored"]
    exported["entries"] = exported["entries"][: verdict["anchored"]]
    exported["entries"][-1]["user"] = "Somebody Else"
    out.write_text(json.dumps(exported))
    refused = town.cairn("kauri", "record", "verify", out)
    assert refused.returncode == 5 or "anchored" in refused.stderr


async def test_an_amendment_waits_for_the_hub_and_the_first_revision_stands_meanwhile(
    town: RunningTown,
) -> None:
    about = buyers.inquiry("waiting") | {"outcome": "HELD"}
    await report(town, "kauri", about)
    async with town.hub("kauri") as hub:
        with town.frozen("hub"):
            waiting = await hub.amend(about["inquiry_id"], outcome="DECLINED")
        assert waiting.status is ReceiptStatus.QUEUED

        (sent,) = [one for one in await hub.send_outbox() if one.inquiry_id == about["inquiry_id"]]

        assert sent.status is ReceiptStatus.PROMISED
        withdrawn = await hub.withdraw(about["inquiry_id"])
        assert withdrawn.reason == "withdrawn"
        with pytest.raises(NothingFiled):
            await hub.amend(about["inquiry_id"], outcome="CLEARED")
    assert town.query(
        "SELECT count(*) FROM report_tags JOIN reports ON number = report WHERE report_id = %s",
        withdrawn.report_id,
    ) == [(0,)]


async def test_a_clearance_lowers_what_others_count_and_not_ones_own(town: RunningTown) -> None:
    shared = [buyers.phone()]
    own = buyers.inquiry("cleared-kauri", phones=shared)
    await report(town, "kauri", own)
    await report(town, "gum", buyers.inquiry("cleared-gum", phones=shared))
    town.publish()
    asked = buyers.inquiry("cleared-asked", phones=shared)
    before = {firm: await points(town, firm, asked) for firm in ("kauri", "elm")}

    async with town.hub("kauri") as hub:
        await hub.clear(own["inquiry_id"], ClearReason.THIRD_PARTY_CHECK)
    town.publish()

    after = {firm: await points(town, firm, asked) for firm in ("kauri", "elm")}
    assert before["elm"] - after["elm"] == 2
    assert before["kauri"] == after["kauri"]
