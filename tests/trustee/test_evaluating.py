"""What a trustee evaluates is the standard's, and it is evaluated for members in force alone."""

import base64
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from cairn_protocol.group import ORDER, Element, encode_scalar, hash_to_group, multiply
from cairn_protocol.http_signatures import sign_request
from cairn_protocol.kinds import NAME_EVALUATIONS, VALUE_EVALUATIONS, KeyName, Kind, oprf_input
from cairn_protocol.messages.parties import Entry, Revocation, Role
from cairn_protocol.messages.problems import MEDIA_TYPE, PROBLEM_TYPES, PROBLEMS
from cairn_protocol.messages.trustee import Evaluate, Evaluated, Evaluations
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.sharing import Index, lagrange_at_zero
from cairn_protocol.voprf import CONTEXT, Blinded, Evaluation, PublicShare, blind, finalize
from tests.support.parties import member
from tests.support.trustees import Founded, Log, Trustee, serving, signed_headers
from trustee.settings import Settings

INPUTS = {
    KeyName.NAMES: [oprf_input(Kind.NAME, "meridian precision"), oprf_input(Kind.BAG, "deiimnr")],
    KeyName.VALUES: [oprf_input(Kind.PHONE, "+442070000000")],
}
SIZES = {KeyName.NAMES: NAME_EVALUATIONS, KeyName.VALUES: VALUE_EVALUATIONS}
NOBODY = Ed25519PrivateKey.generate()


@dataclass(frozen=True)
class Roster:
    """Who is on it, with their keys."""

    log: Log
    keys: Mapping[str, Ed25519PrivateKey]


def roster_of(founded: Founded) -> Roster:
    """Two groups' members, a revoked one, one of tomorrow, and an analyst."""
    log, keys = Log(founded.parties).begin(), {}
    tomorrow = int(time.time()) + 86_400
    entries: dict[str, dict[str, object]] = {
        "m00": {},
        "m01": {},
        "m02": dict(group="birch", group_index=2),
        "m03": {},
        "m04": dict(not_before=tomorrow),
        "a00": dict(role=Role.ANALYST, group=None, group_index=None, sector=None, families=()),
    }
    for party, told in entries.items():
        entry, keys[party] = member(party, **told)  # type: ignore[arg-type]
        log.enter(entry, keys[party])
    log.act(Revocation(party="m03", signing_key=keys["m03"].public_key().public_bytes_raw()))
    return Roster(log, keys)


@pytest.fixture(scope="module")
def roster(founded: Founded) -> Roster:
    return roster_of(founded)


@pytest.fixture(scope="module")
def trustees(
    founded: Founded, roster: Roster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Trustee]]:
    settings = Settings(subjects_a_day=100_000)
    folder = tmp_path_factory.mktemp("evaluating")
    with (
        serving(founded.home("t1", folder), settings=settings) as first,
        serving(founded.home("t3", folder), settings=settings) as third,
    ):
        for one in (first, third):
            roster.log.pushed(one)
        yield {"t1": first, "t3": third}


@pytest.fixture
def t1(trustees: dict[str, Trustee]) -> Trustee:
    return trustees["t1"]


def padded(inputs: Mapping[KeyName, list[bytes]], subjects: int = 1) -> dict[KeyName, Blinded]:
    return {
        name: blind([*inputs[name], *[None] * (subjects * SIZES[name] - len(inputs[name]))])
        for name in KeyName
    }


def batch(blinded: Mapping[KeyName, Blinded], subjects: int = 1, epoch: int = 1) -> Evaluate:
    return Evaluate(
        epoch=epoch,
        subjects=subjects,
        names=blinded[KeyName.NAMES].elements,
        values=blinded[KeyName.VALUES].elements,
    )


def a_batch(subjects: int = 1) -> bytes:
    return encode(batch(padded({KeyName.NAMES: [], KeyName.VALUES: []}, subjects), subjects))


def slug_of(answer: httpx2.Response) -> str:
    told = answer.json()
    slug = str(told["type"]).removeprefix(PROBLEM_TYPES)
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.status_code == told["status"] == PROBLEMS[slug].status
    assert told["request_id"] == answer.headers["x-request-id"]
    return slug


def rfc9497_output(founded: Founded, name: KeyName, value: bytes) -> bytes:
    """The standard's output under the whole key, which only a test puts together."""
    shares = [founded.parties.shares[trustee][name.value] for trustee in ("t1", "t2")]
    coefficients = lagrange_at_zero([share.index for share in shares])
    secret = sum(c * share.scalar for c, share in zip(coefficients, shares, strict=True)) % ORDER
    evaluated = multiply(secret, hash_to_group(value, b"HashToGroup-" + CONTEXT))
    sized = b"".join(len(part).to_bytes(2, "big") + part for part in (value, bytes(evaluated)))
    return hashlib.sha512(sized + b"Finalize").digest()


def test_two_trustees_answers_give_the_standards_output_under_the_whole_key(
    founded: Founded, roster: Roster, trustees: dict[str, Trustee]
) -> None:
    blinded = padded(INPUTS)
    body = encode(batch(blinded))
    answers = {
        name: decode(one.call("/v1/evaluate", body, "m00", roster.keys["m00"]).content, Evaluations)
        for name, one in trustees.items()
    }

    for name in KeyName:
        shares = founded.parties.genesis.joint_key(name).shares
        publics = {
            Index(at): PublicShare(Index(at), Element(shares[at - 1]), f"trustee:t{at}") for at in (1, 3)
        }
        by_index = {
            Index(int(trustee[1])): evaluation(getattr(answer, name.value))
            for trustee, answer in answers.items()
        }
        outputs = finalize(blinded[name], by_index, publics, t=2)
        for value, output in zip(INPUTS[name], outputs, strict=False):
            assert output == rfc9497_output(founded, name, value)


def evaluation(part: Evaluated) -> Evaluation:
    return Evaluation(tuple(Element(one) for one in part.elements), part.proof)


def test_the_answer_is_canonical_and_as_long_as_the_question(roster: Roster, t1: Trustee) -> None:
    answer = t1.call("/v1/evaluate", a_batch(3), "m02", roster.keys["m02"])

    told = decode(answer.content, Evaluations)
    assert (len(told.names.elements), len(told.values.elements)) == (3 * 26, 3 * 6)


Send = Callable[[Trustee, Roster], httpx2.Response]


def ask(
    t1: Trustee, body: bytes, party: str, key: Ed25519PrivateKey, at: float | None = None
) -> httpx2.Response:
    return t1.call("/v1/evaluate", body, party, key, at=at)


def altered(**changed: object) -> Send:
    """A batch that says something else."""

    def send(t1: Trustee, roster: Roster) -> httpx2.Response:
        whole = decode(a_batch(), Evaluate)
        return ask(t1, encode(replace(whole, **changed)), "m00", roster.keys["m00"])

    return send


def first_name_is(element: bytes) -> Send:
    def send(t1: Trustee, roster: Roster) -> httpx2.Response:
        whole = decode(a_batch(), Evaluate)
        body = encode(replace(whole, names=(element, *whole.names[1:])))
        return ask(t1, body, "m00", roster.keys["m00"])

    return send


def for_another_trustee(t1: Trustee, roster: Roster) -> httpx2.Response:
    """Signed for t2 and sent on to t1, Host header and all."""
    url, body = "http://t2.example/v1/evaluate", a_batch()
    headers = signed_headers("POST", url, body, "m00", roster.keys["m00"])
    return t1.send("POST", "/v1/evaluate", body, {**headers, "Host": "t2.example"})


def for_another_route(t1: Trustee, roster: Roster) -> httpx2.Response:
    body = a_batch()
    headers = signed_headers("POST", t1.url + "/v1/log/push", body, "m00", roster.keys["m00"])
    return t1.send("POST", "/v1/evaluate", body, headers)


def digest_not_covered(t1: Trustee, roster: Roster) -> httpx2.Response:
    body = a_batch()
    headers = signed_headers("POST", t1.url + "/v1/evaluate", body, "m00", roster.keys["m00"])
    covered = headers["Signature-Input"].replace(' "content-digest"', "")
    return t1.send("POST", "/v1/evaluate", body, {**headers, "Signature-Input": covered})


def other_body(t1: Trustee, roster: Roster) -> httpx2.Response:
    headers = signed_headers("POST", t1.url + "/v1/evaluate", a_batch(), "m00", roster.keys["m00"])
    return t1.send("POST", "/v1/evaluate", a_batch(), headers)


def twice(t1: Trustee, roster: Roster) -> httpx2.Response:
    body = a_batch()
    headers = signed_headers("POST", t1.url + "/v1/evaluate", body, "m00", roster.keys["m00"])
    assert t1.send("POST", "/v1/evaluate", body, headers).status_code == 200
    return t1.send("POST", "/v1/evaluate", body, headers)


def by(party: str, *, key: Ed25519PrivateKey | None = None, late: float = 0) -> Send:
    def send(t1: Trustee, roster: Roster) -> httpx2.Response:
        signer = key or roster.keys.get(party, NOBODY)
        return ask(t1, a_batch(), party, signer, time.time() - late)

    return send


REFUSALS: list[tuple[str, Send, str]] = [
    ("no signature", lambda t1, _: t1.send("POST", "/v1/evaluate", a_batch(), {}), "unsigned"),
    ("nobody of that name", by("m77"), "unknown-signer"),
    ("an analyst", by("a00"), "unknown-signer"),
    ("the hub", by("hub"), "unknown-signer"),
    ("an entry of tomorrow", by("m04"), "unknown-signer"),
    ("a revoked key", by("m03"), "revoked-signer"),
    ("another's key", by("m00", key=NOBODY), "bad-signature"),
    ("a colleague's key", lambda t1, roster: ask(t1, a_batch(), "m00", roster.keys["m01"]), "bad-signature"),
    ("signed for another trustee", for_another_trustee, "bad-signature"),
    ("signed for another route", for_another_route, "bad-signature"),
    ("digest not covered", digest_not_covered, "uncovered-component"),
    ("another body", other_body, "wrong-digest"),
    ("six minutes late", by("m00", late=360), "clock-outside-window"),
    ("six minutes early", by("m00", late=-360), "clock-outside-window"),
    ("the same again", twice, "replayed-nonce"),
    ("another epoch", altered(epoch=2), "wrong-epoch"),
    ("fewer elements than padded", altered(values=()), "bad-message"),
    ("more subjects than elements", altered(subjects=2), "bad-message"),
    ("no message", lambda t1, roster: ask(t1, b"{}", "m00", roster.keys["m00"]), "bad-message"),
    ("spaces", lambda t1, roster: ask(t1, a_batch() + b" ", "m00", roster.keys["m00"]), "bad-message"),
    ("the identity", first_name_is(bytes(32)), "bad-element"),
    ("no canonical element", first_name_is(b"\xff" * 32), "bad-element"),
    ("a scalar of ours", first_name_is(encode_scalar(ORDER - 1)[:31] + b"\x80"), "bad-element"),
    ("too large", lambda t1, roster: ask(t1, bytes(600_000), "m00", roster.keys["m00"]), "body-too-large"),
]


@pytest.mark.parametrize(("send", "slug"), [one[1:] for one in REFUSALS], ids=[one[0] for one in REFUSALS])
def test_it_is_refused_with_its_problem(send: Send, slug: str, t1: Trustee, roster: Roster) -> None:
    answer = send(t1, roster)

    assert slug_of(answer) == slug


def test_a_body_of_unknown_length_is_cut_off_while_it_arrives(t1: Trustee) -> None:
    answer = httpx2.post(t1.address + "/v1/evaluate", content=(bytes(65_536) for _ in range(32)))

    assert slug_of(answer) == "body-too-large"


def test_a_nonce_of_one_member_is_free_for_another(t1: Trustee, roster: Roster) -> None:
    url, body, nonce = t1.url + "/v1/evaluate", a_batch(), base64.b64encode(os.urandom(16)).decode()
    now = int(time.time())

    for party in ("m00", "m01"):
        headers = sign_request("POST", url, body, party, roster.keys[party], now, nonce)
        assert t1.send("POST", "/v1/evaluate", body, headers).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "slug"),
    [
        ("GET", "/nothing", "not-found"),
        ("GET", "/v1/evaluate", "method-not-allowed"),
        ("GET", "/v1/log/leaves?start=-1", "invalid-request"),
        ("GET", "/v1/log/leaves?count=many", "invalid-request"),
    ],
)
def test_what_is_no_route_is_a_problem_too(t1: Trustee, method: str, path: str, slug: str) -> None:
    assert slug_of(t1.send(method, path, b"", {})) == slug


def test_a_further_address_counts_once_it_is_set(
    founded: Founded, roster: Roster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = Settings(addresses=("http://relay.example:9000",))
    with serving(founded.home("t2", tmp_path_factory.mktemp("relay")), settings=settings) as t2:
        roster.log.pushed(t2)
        for host, status in (("relay.example:9000", 200), ("other.example", 401)):
            url, body = f"http://{host}/v1/evaluate", a_batch()
            headers = signed_headers("POST", url, body, "m00", roster.keys["m00"])
            answer = t2.send("POST", "/v1/evaluate", body, {**headers, "Host": host})

            assert answer.status_code == status


def test_refusals_are_counted_by_slug_and_no_figure_names_a_member(t1: Trustee, roster: Roster) -> None:
    ask(t1, a_batch(), "m03", roster.keys["m03"])

    told = t1.get("/metrics").text

    assert 'cairn_trustee_refusals_total{slug="revoked-signer"}' in told
    assert "cairn_trustee_up 1.0" in told
    assert "cairn_trustee_mirror_leaves" in told
    assert "cairn_trustee_evaluations_total" in told
    assert not any(f'"{name}"' in told for name in (*roster.keys, "aldous", "birch"))


def test_a_refusal_never_repeats_what_was_sent(t1: Trustee, roster: Roster) -> None:
    element = os.urandom(31) + b"\xff"

    answer = first_name_is(element)(t1, roster)

    told = json.dumps(answer.json())
    assert element.hex() not in told
    assert base64.b64encode(element).decode() not in told


def test_an_entry_counts_from_its_not_before_on(
    founded: Founded, tmp_path_factory: pytest.TempPathFactory
) -> None:
    begins = 2_000_000_000
    entry, key = member("m09", not_before=begins)
    assert isinstance(entry, Entry)
    for moment, status in ((begins - 1, 401), (begins, 200)):
        home = founded.home("t1", tmp_path_factory.mktemp("begins"))
        with serving(home, now=lambda moment=moment: moment) as trustee:
            Log(founded.parties).begin().enter(entry, key).pushed(trustee, at=moment)

            assert ask(trustee, a_batch(), "m09", key, at=moment).status_code == status
