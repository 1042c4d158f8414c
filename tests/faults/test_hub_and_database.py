"""Faults of the hub and its database: filing waits on the firm's own machine, checking goes on."""

import json
from urllib.parse import urlsplit

import pytest

from cairn import Inquiry
from cairn.client.errors import Unreachable
from cairn.filing import ReceiptStatus
from tests.support.buyers import inquiry
from tests.support.town import RunningTown

pytestmark = pytest.mark.anyio


def _fresh(inquiry_id: str) -> Inquiry:
    return Inquiry.from_mapping(inquiry(inquiry_id))


async def test_with_the_hub_down_checks_are_answered_and_reports_wait(town: RunningTown) -> None:
    about = _fresh("hub-down")
    async with town.hub("dogwood") as hub:
        await hub.sync()
        with town.without("hub"):
            assert (await hub.check(_fresh("hub-down-check"))).status == "not_seen", "new values too"
            receipt = await hub.report(about)
            assert receipt.status is ReceiptStatus.QUEUED
            assert (receipt.reason or "").startswith("hub: ")
            with pytest.raises(Unreachable):
                await hub.sync()
            # Requests are repeated, and the program that reads the results hears nothing of it.
            (line,) = town.cairn("dogwood", "status", "--json").stdout.splitlines()
            assert json.loads(line)["roster"] == "not known now"
            with pytest.raises(Unreachable):
                await hub.withdraw(about.inquiry_id)
        sent = await hub.send_outbox()

    assert [(one.report_id, one.status) for one in sent] == [(receipt.report_id, ReceiptStatus.PROMISED)]


async def test_with_the_database_gone_the_hub_says_so_and_the_firm_keeps_its_report(
    town: RunningTown,
) -> None:
    about, wire = _fresh("database-gone"), town.wires["hub"]
    mark = wire.mark()
    async with town.hub("dogwood") as hub:
        with town.without_database():
            receipt = await hub.report(about)
            answers = b"".join(wire.since(mark, to_server=False))
        (sent,) = await hub.send_outbox()

    assert receipt.status is ReceiptStatus.QUEUED
    assert "Nothing was kept. Send the same again later" in (receipt.reason or "")
    head, _, problem = answers.partition(b"\r\n\r\n")
    assert b" 503 " in head.splitlines()[0]
    assert b"application/problem+json" in head
    assert b"retry-after" in head.lower()
    assert b"/problems/store-unavailable" in problem
    assert b"request_id" in problem
    database = urlsplit(town.database_url)
    for secret in (database.password or "", str(database.port), "psycopg", "Traceback"):
        assert secret.encode() not in problem
    assert sent.status is ReceiptStatus.PROMISED


async def test_a_database_that_died_alone_is_started_again_like_all_that_died(town: RunningTown) -> None:
    town.kill_database()

    assert town.local.ensure_up() == ["database"]
    assert town.local.ensure_up() == []
    async with town.hub("dogwood") as hub:
        assert (await hub.report(_fresh("database-again"))).status is ReceiptStatus.PROMISED


async def test_a_hub_that_stands_still_is_given_up_and_checks_go_on(town: RunningTown) -> None:
    """Half a connection is worse than none: it must not hold up what needs no hub."""
    async with town.hub("dogwood") as hub:
        await hub.sync()
        with town.frozen("hub"):
            assert (await hub.check(_fresh("hub-still"))).status == "not_seen"
