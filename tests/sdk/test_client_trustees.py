"""Evaluation by trustees, over the wire: the right outputs, whoever is slow, stopped or lies."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from cairn.client.errors import Metered, ProofInvalid, TrusteeUnavailable, Unauthorised
from cairn.client.trustees import SubjectInputs, TrusteesClient
from cairn_protocol.kinds import NAME_EVALUATIONS, VALUE_EVALUATIONS, KeyName, Kind, oprf_input
from cairn_protocol.sharing import KeyShare
from cairn_protocol.tags import derive
from cairn_protocol.voprf import Output
from tests.sdk.small_network import Reply, SmallNetwork, SmallTrustee, refused
from tests.support.reports import EPOCH, firm, secret_of

MEMBER = firm("m00", 1)
NAME, PHONE = "MERIDIAN MARINE SUPPLY", "+49305550101"

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]


@pytest.fixture
def network() -> Iterator[SmallNetwork]:
    started = SmallNetwork.start()
    started.member_keys[MEMBER.id] = MEMBER.key
    yield started
    started.stop()


def subject(name: str = NAME, phone: str = PHONE) -> SubjectInputs:
    names = [oprf_input(Kind.NAME, name), *[None] * (NAME_EVALUATIONS - 1)]
    values = [None, oprf_input(Kind.PHONE, phone), *[None] * (VALUE_EVALUATIONS - 2)]
    return SubjectInputs(tuple(names), tuple(values))


def with_another_key(trustee: SmallTrustee) -> None:
    """Make it answer with a share that it was never dealt, and prove that."""
    share = trustee.shares[KeyName.VALUES]
    trustee.evaluates_with[KeyName.VALUES] = KeyShare(share.index, share.scalar + 1)


def after(file: Path, reply: Reply) -> Reply:
    """The reply, held back until the file is there, or for ten seconds."""

    def wait_and_reply(request: Request, body: bytes) -> Response:
        for _ in range(1_000):
            if file.exists():
                break
            time.sleep(0.01)
        return reply(request, body)

    return wait_and_reply


async def test_outputs_are_the_standards_in_the_places_of_their_inputs(
    network: SmallNetwork, tmp_path: Path
) -> None:
    async with network.connection(tmp_path, MEMBER) as connection:
        done = await TrusteesClient(connection, network.genesis).evaluate([subject(), subject("OTHER")])

    first, second = done.subjects
    assert _tag(first.names[0], Kind.NAME) == secret_of(Kind.NAME, NAME).tag
    assert _tag(first.values[1], Kind.PHONE) == secret_of(Kind.PHONE, PHONE).tag
    assert _tag(second.names[0], Kind.NAME) == secret_of(Kind.NAME, "OTHER").tag
    assert first.names[1:] == (None,) * (NAME_EVALUATIONS - 1)
    assert done.lies == ()


async def test_more_subjects_than_a_request_takes_are_asked_in_several(
    network: SmallNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cairn.client.trustees.MAX_SUBJECTS", 2)
    names = ["A", "B", "C", "D", "E"]

    async with network.connection(tmp_path, MEMBER) as connection:
        done = await TrusteesClient(connection, network.genesis).evaluate([subject(name) for name in names])

    tags = [_tag(one.names[0], Kind.NAME) for one in done.subjects]
    assert tags == [secret_of(Kind.NAME, name).tag for name in names]
    assert network.trustees[0].asked.count("POST /v1/evaluate") == 3


async def test_a_hung_trustee_is_let_go_once_two_have_answered(network: SmallNetwork, tmp_path: Path) -> None:
    network.trustees[1].hangs = True

    # Longer than this test may take: were the answer waited for, the test would not end in time.
    async with network.connection(tmp_path, MEMBER, read=300.0, total=300.0) as connection:
        done = await TrusteesClient(connection, network.genesis).evaluate([subject()])

    assert set(done.answered) == {"t1", "t3"}
    assert await asyncio.to_thread(network.trustees[1].let_go.wait, 20)


async def test_a_lying_trustee_is_named_and_recorded_and_the_others_suffice(
    network: SmallNetwork, tmp_path: Path
) -> None:
    with_another_key(network.trustees[0])
    # The honest ones speak when the lie is on record, so that it was seen before there were two answers.
    for honest in network.trustees[1:]:
        honest.replies["/v1/evaluate"] = after(tmp_path / "faults.json", honest.answer)

    async with network.connection(tmp_path, MEMBER) as connection:
        done = await TrusteesClient(connection, network.genesis).evaluate([subject()])
        (fault,) = connection.state.faults()

    assert _tag(done.subjects[0].values[1], Kind.PHONE) == secret_of(Kind.PHONE, PHONE).tag
    assert set(done.answered) == {"t2", "t3"}
    assert [lie.culprit for lie in done.lies] == ["trustee:t1"]
    assert (fault.culprit, fault.slug, fault.count) == ("trustee:t1", "bad-proof", 1)


async def test_a_lie_that_leaves_too_few_ends_in_an_error_that_names_the_liar(
    network: SmallNetwork, tmp_path: Path
) -> None:
    with_another_key(network.trustees[2])
    network.trustees[0].stop()

    async with network.connection(tmp_path, MEMBER) as connection:
        with pytest.raises(ProofInvalid) as found:
            await TrusteesClient(connection, network.genesis).evaluate([subject()])

    assert (found.value.culprit, found.value.slug) == ("trustee:t3", "bad-proof")


async def test_an_answer_that_is_no_message_names_its_trustee(network: SmallNetwork, tmp_path: Path) -> None:
    for trustee in network.trustees[:2]:
        trustee.replies["/v1/evaluate"] = lambda request, body: Response(b'{"type": "cairn/evaluations/1"}')

    async with network.connection(tmp_path, MEMBER) as connection:
        with pytest.raises(ProofInvalid) as found:
            await TrusteesClient(connection, network.genesis).evaluate([subject()])

    assert found.value.slug == "bad-message"
    assert found.value.culprit in ("trustee:t1", "trustee:t2")


async def test_two_trustees_down_say_how_many_are_needed(network: SmallNetwork, tmp_path: Path) -> None:
    for trustee in network.trustees[:2]:
        trustee.stop()

    async with network.connection(tmp_path, MEMBER) as connection:
        with pytest.raises(TrusteeUnavailable) as failed:
            await TrusteesClient(connection, network.genesis).evaluate([subject()])

    assert (failed.value.reached, failed.value.needed) == (1, 2)


async def test_a_metered_group_learns_when_to_come_back(network: SmallNetwork, tmp_path: Path) -> None:
    for trustee in network.trustees:
        trustee.replies["/v1/evaluate"] = lambda request, body: refused("metered", Retry_After="3600")

    async with network.connection(tmp_path, MEMBER) as connection:
        with pytest.raises(Metered) as failed:
            await TrusteesClient(connection, network.genesis).evaluate([subject()])

    assert failed.value.retry_after == 3600
    assert all(trustee.asked.count("POST /v1/evaluate") == 1 for trustee in network.trustees)


async def test_a_signer_nobody_knows_is_told_so(network: SmallNetwork, tmp_path: Path) -> None:
    for trustee in network.trustees:
        trustee.replies["/v1/evaluate"] = lambda request, body: refused("unknown-signer")

    async with network.connection(tmp_path, MEMBER) as connection:
        with pytest.raises(Unauthorised) as failed:
            await TrusteesClient(connection, network.genesis).evaluate([subject()])

    assert (failed.value.slug, failed.value.request_id) == ("unknown-signer", "r-1")


async def test_no_input_is_in_a_request(network: SmallNetwork, tmp_path: Path) -> None:
    """G4: a trustee sees random elements, as many for one real value as for six."""
    bodies: list[bytes] = []
    for trustee in network.trustees:
        trustee.replies["/v1/evaluate"] = lambda request, body, keep=trustee: (
            bodies.append(body),
            keep.answer(request, body),
        )[1]

    async with network.connection(tmp_path, MEMBER) as connection:
        client = TrusteesClient(connection, network.genesis)
        await client.evaluate([subject()])
        await client.evaluate([SubjectInputs((None,) * NAME_EVALUATIONS, (None,) * VALUE_EVALUATIONS)])

    assert not any(value.encode() in body for body in bodies for value in (NAME, PHONE))
    assert len({len(body) for body in bodies}) == 1


def test_inputs_of_another_number_are_no_subject() -> None:
    with pytest.raises(ValueError, match="26 name inputs"):
        SubjectInputs((None,), (None,) * VALUE_EVALUATIONS)


def _tag(y: Output | None, kind: Kind) -> bytes:
    assert y is not None
    return derive(y, kind, EPOCH).tag
