"""Faults of whoever asks: a revoked key, a request heard before, a clock that is wrong."""

import json
import time
from pathlib import Path

import pytest

from cairn import Hub, Inquiry
from cairn.client.errors import Unauthorised
from cairn.filing import ReceiptStatus
from local.processes import command
from local.town import approve
from tests.support.buyers import inquiry
from tests.support.town import RunningTown, until
from tests.support.wire import send_raw

pytestmark = pytest.mark.anyio

REPORT, EVALUATE = b"POST /v1/reports", b"POST /v1/evaluate"


def _fresh(inquiry_id: str) -> Inquiry:
    return Inquiry.from_mapping(inquiry(inquiry_id))


def test_a_new_firm_files_until_it_is_revoked(town: RunningTown, tmp_path: Path) -> None:
    """Revoking is proposed by the operator's command and approved by the trustees'."""
    party = f"rowan{time.time_ns() % 100_000}"
    home = town.enrol(party, f"{party}-group", tmp_path)
    known = _fresh("revoked-known")
    with Hub(home) as hub:
        assert hub.report(known).status is ReceiptStatus.PROMISED
        assert hub.check(known).status == "not_seen"

    told = command("cairn-hub", "members", "revoke", "--home", town.hub_home, "--id", party, "--json")
    approve(town.place, [json.loads(told)["act"]])
    town.settle()

    with Hub(home) as hub:
        with pytest.raises(Unauthorised) as refused:
            hub.report(_fresh("revoked-new"))
        assert refused.value.slug == "revoked-signer", "the trustees evaluate nothing for it"
        with pytest.raises(Unauthorised) as refused:
            hub.withdraw(known.inquiry_id)
        assert refused.value.slug == "revoked-signer", "and the hub takes nothing from it"
        assert "Ask the operator for an invitation" in refused.value.detail
    asked = tmp_path / "asked.jsonl"
    asked.write_text(json.dumps(inquiry("revoked-cli")))
    done = town.cairn(home, "report", asked, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["reason"] == "revoked-signer"
    assert json.loads(town.cairn(home, "status", "--json").stdout)["roster"] == "revoked"


async def test_a_request_heard_before_is_refused_by_hub_and_trustee(town: RunningTown) -> None:
    marks = {name: town.wires[name].mark() for name in ("hub", "t1")}
    with town.frozen("t3"):
        async with town.hub("kauri") as hub:
            await hub.report(_fresh("replayed"))
    leaves = town.report_leaves()

    for name, beginning in (("hub", REPORT), ("t1", EVALUATE)):
        wire = town.wires[name]
        (request,) = [raw for raw in wire.since(marks[name], to_server=True) if raw.startswith(beginning)]
        answer = send_raw(request, wire.port)
        assert b" 409 " in answer.splitlines()[0]
        assert b"application/problem+json" in answer
        assert b"/problems/replayed-nonce" in answer
        assert b"Send it again with a new signature" in answer

    assert town.report_leaves() == leaves


async def test_a_request_that_was_changed_on_its_way_is_refused(town: RunningTown) -> None:
    mark, wire = town.wires["hub"].mark(), town.wires["hub"]
    async with town.hub("kauri") as hub:
        await hub.report(_fresh("changed"))
    (request,) = [raw for raw in wire.since(mark, to_server=True) if raw.startswith(REPORT)]

    body = send_raw(request.replace(b'"channel":"EMAIL"', b'"channel":"OTHER"'), wire.port)
    path = send_raw(request.replace(REPORT + b" ", REPORT + b"/batch "), wire.port)
    unsigned = send_raw(request.replace(b"Signature", b"Nosignature"), wire.port)

    assert b"/problems/wrong-digest" in body
    assert b"/problems/bad-signature" in path
    assert b" 401 " in unsigned.splitlines()[0]
    assert b"/problems/unsigned" in unsigned


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_is_wrong_is_told_and_costs_nothing(town: RunningTown, hours: int) -> None:
    about = _fresh(f"clock-{hours}")
    async with town.hub("kauri", now=lambda: time.time() + hours * 3600) as hub:
        with pytest.raises(Unauthorised) as refused:
            await hub.report(about)
    assert refused.value.slug == "clock-outside-window"
    assert "Set your machine's clock" in refused.value.detail

    async with town.hub("kauri") as hub:
        (sent,) = await hub.send_outbox()
    assert sent.status is ReceiptStatus.PROMISED


async def test_an_oversized_body_is_refused_unread(town: RunningTown) -> None:
    head = (
        b"POST /v1/reports HTTP/1.1\r\nHost: hub.example\r\nContent-Type: application/json\r\n"
        b"Content-Length: 20000000\r\n\r\n"
    )
    for name in ("hub", "t1"):
        path = b"/v1/reports" if name == "hub" else b"/v1/evaluate"
        answer = send_raw(head.replace(b"/v1/reports", path), town.wires[name].port)
        assert b" 413 " in answer.splitlines()[0]
        assert b"/problems/body-too-large" in answer
    until(lambda: town.is_alive("hub"))
