"""Reports and receipts over the wire: a promise is the hub's own and for this report, or an error."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response

from cairn.client.connection import MAX_PROBLEM_BYTES, Connection
from cairn.client.enrolment import enrol
from cairn.client.errors import (
    ClientError,
    Conflict,
    Metered,
    Misconfigured,
    ProofInvalid,
    Rejected,
    Unauthorised,
    Unreachable,
)
from cairn.client.hub import HubClient, Promised, promised_from
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.log import LeafKind, hash_of
from cairn_protocol.messages.parties import Invitation, Proposal, Role, Sector, TrusteeAddress
from cairn_protocol.messages.report import Report, Retraction
from cairn_protocol.messages.wire import digest_of, encode
from tests.sdk.small_network import SmallNetwork, message, refused
from tests.support.reports import firm, seed, signing_key

MEMBER = firm("m00", 1)

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]


@pytest.fixture
def network() -> Iterator[SmallNetwork]:
    started = SmallNetwork.start()
    started.member_keys[MEMBER.id] = MEMBER.key
    yield started
    started.stop()


@pytest.fixture
async def hub(network: SmallNetwork, tmp_path: Path) -> HubClient:
    return HubClient(network.connection(tmp_path, MEMBER), network.genesis)


def report(inquiry: str = "one", **changed: str) -> Report:
    return MEMBER.report((Kind.PHONE, "+49305550101"), inquiry=inquiry, **changed)


async def test_a_report_gets_the_hubs_promise_and_again_the_same(hub: HubClient) -> None:
    filed = await hub.file_report(report())

    assert filed.promise.leaf_hash == hash_of(LeafKind.REPORT, report().signed.digest())
    assert await hub.file_report(report()) == filed


async def test_other_bytes_under_the_same_id_are_a_conflict(hub: HubClient) -> None:
    await hub.file_report(report())

    with pytest.raises(Conflict) as refusal:
        await hub.file_report(report(country="AE"))

    assert refusal.value.slug == "report-id-reused"


async def test_a_promise_by_another_key_is_refused(network: SmallNetwork, hub: HubClient) -> None:
    network.hub.key = signing_key("somebody else")

    with pytest.raises(ProofInvalid) as found:
        await hub.file_report(report())

    assert (found.value.slug, found.value.culprit) == ("bad-signature", "hub")


async def test_a_promise_for_another_report_is_refused(network: SmallNetwork, hub: HubClient) -> None:
    other = network.hub.promise(report("another"))
    network.hub.replies["/v1/reports"] = lambda request, body: message(other, 201)

    with pytest.raises(ProofInvalid) as found:
        await hub.file_report(report())

    assert found.value.slug == "wrong-promise"


async def test_a_kept_receipt_is_checked_again_without_the_hub(network: SmallNetwork, hub: HubClient) -> None:
    filed = await hub.file_report(report())
    changed = structs.replace(filed.signed, body=filed.signed.body.replace(b'"revision":1', b'"revision":2'))

    assert promised_from(filed.signed, network.genesis) == filed
    with pytest.raises(ProofInvalid):
        promised_from(changed, network.genesis)


async def test_a_batch_accepts_and_refuses_each_report_by_itself(hub: HubClient) -> None:
    await hub.file_report(report("known"))
    batch = [report("new"), report("known", country="AE"), report("late", week="2026-W41")]

    new, reused, late = await hub.file_batch(batch)

    assert isinstance(new, Promised) and new.promise.report_id == batch[0].signed.header.report_id
    assert isinstance(reused, Conflict)
    assert isinstance(late, Rejected) and late.slug == "future-week"


async def test_more_reports_than_a_batch_takes_are_sent_in_several(
    network: SmallNetwork, hub: HubClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cairn.client.hub.MAX_REPORTS", 2)
    reports = [report(str(at)) for at in range(5)]

    results = await hub.file_batch(reports)

    assert [one.promise.report_id for one in results if isinstance(one, Promised)] == [
        one.signed.header.report_id for one in reports
    ]
    assert network.hub.asked.count("POST /v1/reports/batch") == 3


async def test_a_batch_stays_below_the_wires_limit_of_bytes(
    network: SmallNetwork, hub: HubClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cairn.client.hub._BATCH_BYTES", 2 * len(encode(report())) + 100)

    await hub.file_batch([report(str(at)) for at in range(5)])

    assert network.hub.asked.count("POST /v1/reports/batch") == 3


async def test_a_retraction_gets_a_promise_of_its_own_leaf(network: SmallNetwork, hub: HubClient) -> None:
    filed = await hub.file_report(report())
    retraction = Retraction(
        member=MEMBER.id, report_id=filed.promise.report_id, digest=report().signed.digest()
    )

    taken_back = await hub.retract(retraction)

    assert taken_back.promise.leaf_hash == network.hub.log.leaf_hashes[-1]
    assert network.hub.log.entries[-1].kind is LeafKind.RETRACTION


async def test_a_promise_of_another_leaf_for_a_retraction_is_refused(
    network: SmallNetwork, hub: HubClient
) -> None:
    filed = await hub.file_report(report())
    network.hub.replies["/v1/retractions"] = lambda request, body: message(filed.signed, 201)

    with pytest.raises(ProofInvalid, match="something else than was sent"):
        await hub.retract(Retraction(member=MEMBER.id, report_id=filed.promise.report_id, digest=seed("d")))


async def test_enrolment_proposes_the_partys_own_entry(network: SmallNetwork, tmp_path: Path) -> None:
    key = signing_key("newcomer")
    async with network.connection(tmp_path) as connection:
        proposal = await enrol(connection, invitation(network), key, None, ["FAM-VAC"])

    assert proposal.act.signing_key == key.public_key().public_bytes_raw()  # type: ignore[union-attr]


async def test_a_hub_that_proposes_another_key_is_found(network: SmallNetwork, tmp_path: Path) -> None:
    theirs = invitation(network).entry(seed("the hub's own key"), None, ("FAM-VAC",))
    proposal = Proposal(act=theirs, possession=bytes(64), approved_by=())
    network.hub.replies["/v1/enrolments"] = lambda request, body: message(proposal, 202)

    async with network.connection(tmp_path) as connection:
        with pytest.raises(ProofInvalid, match="another entry than yours"):
            await enrol(connection, invitation(network), signing_key("newcomer"), None, ["FAM-VAC"])


# The connection


@pytest.mark.parametrize(
    ("answer", "error", "slug"),
    [
        (refused("unsigned"), Unauthorised, "unsigned"),
        (refused("revoked-signer"), Unauthorised, "revoked-signer"),
        (refused("replayed-nonce"), Unauthorised, "replayed-nonce"),
        (refused("wrong-epoch"), Rejected, "wrong-epoch"),
        (refused("bad-tag"), Rejected, "bad-tag"),
        (refused("metered"), Metered, "metered"),
        (refused("store-unavailable", Retry_After="60"), Unreachable, "unreachable"),
        (Response("<html>", 418), Rejected, "http-418"),
        (Response(b"\xff" * MAX_PROBLEM_BYTES, 400), Rejected, "http-400"),
        (Response(status_code=302, headers={"Location": "https://elsewhere.example/"}), Misconfigured, None),
    ],
)
async def test_each_refusal_becomes_its_typed_error(
    network: SmallNetwork, hub: HubClient, answer: Response, error: type[ClientError], slug: str | None
) -> None:
    network.hub.replies["/v1/reports"] = lambda request, body: answer

    with pytest.raises(error) as refusal:
        await hub.file_report(report())

    assert slug is None or refusal.value.slug == slug
    assert refusal.value.problem_type.endswith("/" + refusal.value.slug)


async def test_what_fails_once_is_tried_again_with_a_new_signature(
    network: SmallNetwork, hub: HubClient
) -> None:
    signatures: list[str] = []

    def fail_once(request: Request, body: bytes) -> Response:
        signatures.append(request.headers["signature"])
        if len(signatures) == 1:
            return refused("store-unavailable", Retry_After="0")
        return network.hub.answer(request, body)

    network.hub.replies["/v1/reports"] = fail_once

    await hub.file_report(report())

    assert len(set(signatures)) == 2


async def test_what_is_refused_is_not_sent_again(network: SmallNetwork, hub: HubClient) -> None:
    network.hub.replies["/v1/reports"] = lambda request, body: refused("bad-tag")

    with pytest.raises(Rejected):
        await hub.file_report(report())

    assert network.hub.asked == ["POST /v1/reports"]


async def test_a_hub_that_is_down_is_unreachable_and_named(network: SmallNetwork, hub: HubClient) -> None:
    network.hub.stop()

    with pytest.raises(Unreachable) as failed:
        await hub.file_report(report())

    assert failed.value.party == "hub"


async def test_a_hub_that_hangs_is_given_up(network: SmallNetwork, tmp_path: Path) -> None:
    network.hub.hangs = True
    async with network.connection(tmp_path, MEMBER, read=0.2) as connection:
        with pytest.raises(Unreachable, match="no answer in time"):
            await HubClient(connection, network.genesis).checkpoint()


async def test_an_answer_without_end_is_cut_off_at_its_limit(network: SmallNetwork, hub: HubClient) -> None:
    network.hub.replies["/v1/log/checkpoint"] = lambda request, body: Response(bytes(200_000))

    with pytest.raises(ProofInvalid, match="more than 131072 bytes"):
        await hub.checkpoint()


async def test_a_request_carries_no_cookie_and_no_name_of_the_machine(
    network: SmallNetwork, hub: HubClient
) -> None:
    """G4: a hub can't give a client a mark that it brings back."""
    headers: list[dict[str, str]] = []

    def mark(request: Request, body: bytes) -> Response:
        headers.append(dict(request.headers))
        return Response(network.hub.note, headers={"Set-Cookie": "mark=1"})

    network.hub.replies["/v1/log/checkpoint"] = mark
    await hub.checkpoint()
    await hub.checkpoint()

    assert set(headers[1]) == {"host", "accept", "accept-encoding", "connection", "user-agent"}
    assert headers[1]["user-agent"] == "cairn-sdk/1"


@pytest.mark.parametrize("url", ["http://hub.example", "ftp://hub.example", "hub.example", "http://10.0.0.1"])
def test_plain_http_goes_to_this_machine_alone(url: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="https://"):
        Connection(url, {}, bytes(32), tmp_path)


@pytest.mark.parametrize("url", ["https://hub.example", "http://127.0.0.1:8000", "http://localhost:1"])
def test_tls_and_the_loopback_are_accepted(url: str, tmp_path: Path) -> None:
    Connection(url, {}, bytes(32), tmp_path)


async def test_without_a_key_nothing_is_signed(network: SmallNetwork, tmp_path: Path) -> None:
    async with network.connection(tmp_path) as connection:
        with pytest.raises(Misconfigured, match="enrol first"):
            await HubClient(connection, network.genesis).file_report(report())


async def test_a_trustee_without_an_address_is_said_so(network: SmallNetwork, tmp_path: Path) -> None:
    async with network.connection(tmp_path) as connection:
        with pytest.raises(Misconfigured, match="trustee:t9"):
            await connection.get("trustee:t9", "/healthz", limit=100)


def invitation(network: SmallNetwork) -> Invitation:
    return Invitation(
        hub=network.hub.url,
        genesis_digest=digest_of(network.genesis),
        trustees=tuple(TrusteeAddress(id=one.id, url=one.url) for one in network.trustees),
        party="m09",
        role=Role.MEMBER,
        group="g-m09",
        group_index=10,
        sector=Sector.EXPORTER,
        not_before=int(time.time()),
        word=seed("word"),
    )
