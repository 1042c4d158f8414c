"""Filing several inquiries at once: each gets its own answer, and none is taken for another."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from cairn import AsyncHub, Hub, Inquiry
from cairn.filing import ReceiptStatus
from cairn.raw.normalise import normaliser_digest
from cairn.raw.register import State
from cairn_protocol.messages.log import LeafKind
from cairn_protocol.messages.report import Report
from cairn_protocol.messages.wire import decode
from tests.sdk.small_network import Server, SmallNetwork, home_on, refused
from tests.support.reports import firm

ALDER = firm("alder", 1)
BUYER: dict[str, Any] = {
    "inquiry_id": "A-1",
    "party": {"name": "Quillback Metrology", "country": "FI", "phones": ["+358 9 5550 1122"]},
    "item": {"eccn": "2B206"},
    "received_on": "2026-09-01",
}
OTHER: dict[str, Any] = BUYER | {"party": {"name": "Tamarisk Hydraulics", "phones": ["+33 1 55 50 33 44"]}}

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]


@pytest.fixture
def network() -> Iterator[SmallNetwork]:
    started = SmallNetwork.start(normaliser=normaliser_digest())
    started.enter(ALDER)
    started.cosign()
    yield started
    started.stop()


@pytest.fixture
async def hub(network: SmallNetwork, tmp_path: Path) -> AsyncIterator[AsyncHub]:
    async with AsyncHub(home_on(network, ALDER, tmp_path / "home")) as opened:
        yield opened


async def test_of_two_inquiries_under_one_id_the_second_is_refused_and_the_first_is_filed(
    hub: AsyncHub,
) -> None:
    """In one file as in two: a promise for the second would say that both are on file."""
    first, second = await hub.report_all([Inquiry.from_mapping(BUYER), Inquiry.from_mapping(OTHER)])

    assert first.status is ReceiptStatus.PROMISED
    assert second.status is ReceiptStatus.REFUSED
    assert str(second.reason).startswith("report-id-reused")
    assert (await hub.report(Inquiry.from_mapping(BUYER))).promise == first.promise


async def test_the_same_inquiry_twice_in_one_file_gets_one_report_and_one_promise(
    hub: AsyncHub, network: SmallNetwork
) -> None:
    first, second = await hub.report_all([Inquiry.from_mapping(BUYER)] * 2)

    assert first == second
    assert len(network.hub.reports) == 1


async def test_a_batch_that_the_hub_refuses_whole_is_refused_one_by_one(
    hub: AsyncHub, network: SmallNetwork
) -> None:
    def refuse(_: Request, __: bytes) -> Any:
        return refused("bad-message")

    network.hub.replies["/v1/reports/batch"] = refuse
    two = [Inquiry.from_mapping(BUYER), Inquiry.from_mapping(OTHER | {"inquiry_id": "A-2"})]

    answers = await hub.report_all(two)

    assert [answer.status for answer in answers] == [ReceiptStatus.REFUSED] * 2
    assert all(str(answer.reason).startswith("bad-message") for answer in answers)
    network.hub.replies.clear()
    assert [one.status for one in await hub.report_all(two)] == [ReceiptStatus.PROMISED] * 2


@pytest.mark.parametrize("path", ["/v1/evaluate", "/v1/reports"])
async def test_what_another_process_withdraws_meanwhile_stays_withdrawn_and_is_not_on_file(
    hub: AsyncHub, network: SmallNetwork, path: str
) -> None:
    """Two commands on one home: who is told `withdrawn` finds no promise there afterwards."""
    home, asked, turn = (await hub.session()).home.folder, threading.Event(), threading.Lock()
    servers = [*network.trustees, network.hub]

    def withdraw_first(server: Server) -> Callable[[Request, bytes], Any]:
        def reply(request: Request, body: bytes) -> Any:
            del server.replies[path]
            with turn:  # so that no trustee answers before it is withdrawn
                if not asked.is_set():
                    asked.set()
                    with ThreadPoolExecutor(1) as another:
                        another.submit(_withdraw, home).result()
            return server.answer(request, body)

        return reply

    for server in servers:
        server.replies[path] = withdraw_first(server)
    told = await hub.report(Inquiry.from_mapping(BUYER))

    session = await hub.session()
    filed = session.register.filed("A-1")
    assert asked.is_set()
    assert (told.status, filed and filed.state) == (ReceiptStatus.REFUSED, State.WITHDRAWN)
    assert str(told.reason).startswith("withdrawn")
    retracted = any(entry.kind is LeafKind.RETRACTION for entry in network.hub.log.entries)
    assert retracted or not network.hub.reports


def _withdraw(home: Path) -> None:
    with Hub(home) as hub:
        hub.withdraw("A-1")


@pytest.mark.parametrize("told_before", [True, False])
async def test_what_was_sent_stands_when_the_outcome_is_one_that_is_never_sent(
    hub: AsyncHub, network: SmallNetwork, told_before: bool
) -> None:
    """Left out of a later revision, an outcome would say SHIPPED; never sent, it must not go along later either."""
    about = BUYER | ({"outcome": "DECLINED"} if told_before else {})
    await hub.report(Inquiry.from_mapping(about))
    kept_here = await hub.amend("A-1", outcome="SHIPPED")
    assert "never sent" in str(kept_here.reason)

    anew = Inquiry.from_mapping(about | {"outcome": "SHIPPED", "quantity": 977})
    await hub.amend("A-1", inquiry=anew, user="Ada Vale")

    session = await hub.session()
    filed = session.register.filed("A-1")
    assert filed is not None and filed.report is not None and filed.revision == 2
    codes = decode(filed.report, Report).open.codes
    assert codes.outcome == ("DECLINED" if told_before else None)
    assert [(entry.about, entry.user) for entry in session.register.record.entries()] == [
        ("amended", ""),
        ("amended", "Ada Vale"),
    ]
