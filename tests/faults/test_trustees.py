"""Faults of trustees: down, standing still, lying, metering. Filing and checking go on, or wait and say why."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from cairn import Inquiry
from cairn.client.errors import ProofInvalid
from cairn.filing import ReceiptStatus
from cairn_protocol.group import ORDER, Scalar, multiply_base
from cairn_protocol.sharing import KeyShare
from local.processes import end, free_port, start, wait_until_ready
from tests.support.buyers import inquiry
from tests.support.town import RunningTown
from trustee import keys as key_file
from trustee.home import Home as TrusteeHome

pytestmark = pytest.mark.anyio


def _fresh(inquiry_id: str) -> Inquiry:
    return Inquiry.from_mapping(inquiry(inquiry_id))


@pytest.mark.parametrize("trustee", ["t1", "t2", "t3"])
async def test_any_one_trustee_may_stand_still(town: RunningTown, trustee: str) -> None:
    with town.frozen(trustee):
        async with town.hub("elm") as hub:
            assert (await hub.check(_fresh(f"still-check-{trustee}"))).status == "not_seen"
            assert (await hub.report(_fresh(f"still-report-{trustee}"))).status is ReceiptStatus.PROMISED


async def test_with_two_trustees_down_what_is_new_waits_and_what_is_known_is_answered(
    town: RunningTown, tmp_path: Path
) -> None:
    known, new = _fresh("down-known"), _fresh("down-new")
    async with town.hub("elm") as hub:
        await hub.check(known)
        with town.without("t1", "t3"):
            assert (await hub.check(known)).status == "not_seen"
            advice = await hub.check(new)
            assert advice.status == "queued"
            assert "1 trustees answered, 2 are needed" in advice.reasons[0]
            receipt = await hub.report(new)
            assert receipt.status is ReceiptStatus.QUEUED
            assert "2 are needed" in (receipt.reason or "")
            asked = tmp_path / "asked.jsonl"
            asked.write_text(json.dumps(new.to_mapping()))
            done = town.cairn("elm", "report", asked, "--json")
            assert (done.returncode, json.loads(done.stdout)["status"]) == (4, "queued")

    done = town.cairn("elm", "outbox", "send", "--json")

    assert done.returncode == 0, done.stdout
    sent = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["status"] for line in sent] == ["promised", "not_seen"], "the report, then the check"
    assert sent[0]["report_id"] == receipt.report_id


@contextmanager
def _with_a_wrong_share(town: RunningTown, folder: Path) -> Iterator[str]:
    """t1 as a process of its own that evaluates with another share than the genesis says. Its address."""
    home = TrusteeHome(folder / "t1-false")
    shutil.copytree(town.place.trustee("t1"), home.folder)
    url, word = f"http://127.0.0.1:{free_port()}", home.stored_passphrase() or ""
    keys = key_file.load(home, word)
    assert keys.names is not None
    wrong = KeyShare(keys.names.index, Scalar((keys.names.scalar + 1) % ORDER))
    false = key_file.ServingKeys(keys.index, keys.signing, keys.sealing, wrong, keys.values)
    key_file._write(home, word, false, None)
    home.save_descriptor(structs.replace(home.descriptor(), url=url))
    # It would not serve with a share that is not its genesis's: so that lies too.
    genesis = home.genesis()
    shares = tuple(
        multiply_base(wrong.scalar) if at == keys.index else share
        for at, share in enumerate(genesis.keys[0].shares, start=1)
    )
    home.save_genesis(
        structs.replace(genesis, keys=(structs.replace(genesis.keys[0], shares=shares), *genesis.keys[1:]))
    )
    running = start(["cairn-trustee", "serve", "--home", home.folder], home.folder / "log")
    try:
        wait_until_ready(f"{url}/healthz", running)
        yield url
    finally:
        end(running.pid, running.started)


async def test_a_lying_trustee_is_named_and_loses_nothing(town: RunningTown, tmp_path: Path) -> None:
    """With the true t2 and no t3, the lie leaves one right answer; then t3 is back, and two are enough."""
    about = _fresh("lying")
    nobody = f"http://127.0.0.1:{free_port()}"
    with _with_a_wrong_share(town, tmp_path) as false:
        home = town.copy_home("gum", tmp_path, trustees={"t1": false, "t3": nobody})
        async with town.hub(home) as hub:
            with pytest.raises(ProofInvalid) as found:
                await hub.report(about)
            assert found.value.culprit == "trustee:t1"
            assert found.value.slug == "bad-proof"
            faults = (await hub.session()).connection.state.faults()
        assert [(fault.culprit, fault.slug) for fault in faults] == [("trustee:t1", "bad-proof")]
        asked = tmp_path / "asked.jsonl"
        asked.write_text(json.dumps(about.to_mapping()))
        done = town.cairn(home, "check", asked, "--json")
        assert done.returncode == 5
        assert "trustee:t1" in done.stderr

        town.readdress(home, t3=town.wires["t3"].url)
        async with town.hub(home) as hub:
            (sent,) = await hub.send_outbox()
        assert sent.status is ReceiptStatus.PROMISED, "it had been kept, and two true answers are enough"


async def test_a_group_that_used_up_its_meter_is_told_when_to_come_back(
    town: RunningTown, tmp_path: Path
) -> None:
    """A firm without an allowance has 500 padded subjects a day, in its whole group."""
    home = town.enrol("meteor", "meteor-group", tmp_path)
    today = datetime.now(UTC).date().isoformat()
    for name in ("t1", "t2", "t3"):
        with sqlite3.connect(town.place.trustee(name) / "trustee.db", timeout=10) as database:
            database.execute("INSERT INTO meter VALUES ('meteor-group', ?, 499)", (today,))
    asked = tmp_path / "asked.jsonl"
    asked.write_text("".join(json.dumps(inquiry(f"metered-{at}")) + "\n" for at in range(2)))

    done = town.cairn(home, "report", asked, "--json")

    assert done.returncode == 6
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["status"] for line in told} == {"refused"}
    assert all(line["reason"].startswith("metered: ") for line in told)
    assert "Wait until the next day" in told[0]["reason"]
    # The one subject that is left can be used, and what was refused was kept.
    async with town.hub(home) as hub:
        assert (await hub.report(_fresh("metered-last"))).status is ReceiptStatus.PROMISED
        waiting = await hub.send_outbox()
    assert len(waiting) == 2
