"""Openings at the hub: what it refuses and by which slug, who may ask for what, and what a repetition does."""

import base64
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from msgspec import structs

from cairn_protocol.evidence import label_of
from cairn_protocol.group import Element
from cairn_protocol.http_signatures import sign_request
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.log import LeafKind, content_digest
from cairn_protocol.messages.openings import (
    AssentPart,
    Material,
    Opening,
    OpeningRequest,
    PendingOpenings,
    Reason,
    Refusal,
    confirm,
    opening_digest,
    opening_id,
    seal_assent,
)
from cairn_protocol.messages.parties import Role
from cairn_protocol.messages.report import Report, sign_header
from cairn_protocol.messages.wire import Signed, decode, encode, sign
from cairn_protocol.sealing import seal
from cairn_protocol.tags import key_digest
from hub.openings import bearing_out
from hub.openings.routes import router
from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.envelopes import Envelopes
from tests.support.keys import EPOCH, seed, signing_key
from tests.support.openings import DETAILS, Analyst, analyst_named
from tests.support.reports import Firm, firm, genesis, secret_of
from tests.support.seated import SeatedHub, seated

pytestmark = pytest.mark.anyio

ALDER, BIRCH, CEDAR = firm("alder", 1), firm("birch", 2), firm("cedar", 3)
ANA, BEN, EVE = analyst_named("ana"), analyst_named("ben"), analyst_named("eve")
PHONE, DOMAIN = (Kind.PHONE, "+905550100199"), (Kind.DOMAIN, "orkide-teknik.example")
NAME = (Kind.NAME, "orkide teknik")


@dataclass(frozen=True)
class Caller:
    """A party's signed connection to the hub."""

    app: FastAPI
    id: str
    key: Ed25519PrivateKey

    async def get(self, path: str) -> httpx2.Response:
        return await self._ask("GET", path, b"")

    async def post(self, path: str, message: Signed | Report) -> httpx2.Response:
        return await self._ask("POST", path, encode(message))

    async def _ask(self, method: str, path: str, body: bytes) -> httpx2.Response:
        url, nonce = f"http://hub.example{path}", base64.b64encode(os.urandom(16)).decode()
        headers = sign_request(method, url, body, self.id, self.key, int(time.time()), nonce)
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(self.app), base_url="http://hub.example"
        ) as client:
            return await client.request(method, path, content=body, headers=headers)


@dataclass(frozen=True)
class Desk:
    """A hub with three firms of three groups, three analysts and a liaison on its roster."""

    app: FastAPI
    url: str

    def firm(self, who: Firm) -> Caller:
        return Caller(self.app, who.id, who.key)

    def analyst(self, who: Analyst) -> Caller:
        return Caller(self.app, who.entry.party, who.key)

    def trustee(self, name: str) -> Caller:
        return Caller(self.app, name, signing_key(name))

    async def file(self, who: Firm, *keys: tuple[Kind, str], sealed: bool = True) -> Report:
        report = _report(who, keys, sealed=sealed)
        answer = await self.firm(who).post("/v1/reports", report)
        assert answer.status_code == 201, answer.content
        return report

    async def file_three(self) -> Report:
        """Three groups' reports with one phone; the first can be opened."""
        first, *_ = [await self.file(who, PHONE, NAME) for who in (ALDER, BIRCH, CEDAR)]
        return first

    async def ask(self, request: OpeningRequest, by: Analyst = ANA) -> httpx2.Response:
        return await self.analyst(by).post("/v1/openings", sign(request, by.key))

    async def confirm(self, request: OpeningRequest, by: Analyst = BEN) -> httpx2.Response:
        word = confirm(request, by.entry.party, int(time.time()))
        path = f"/v1/openings/{opening_id(request)}/confirmation"
        return await self.analyst(by).post(path, sign(word, by.key))

    async def confirmed(self) -> OpeningRequest:
        """A confirmed opening of the first of three reports."""
        request = _request(await self.file_three())
        assert (await self.ask(request)).status_code == 202
        assert (await self.confirm(request)).status_code == 202
        return request

    async def answer(self, name: str, request: OpeningRequest, said: Signed) -> httpx2.Response:
        return await self.trustee(name).post(f"/v1/openings/{opening_id(request)}/answers", said)

    def opening(self, request: OpeningRequest) -> Opening:
        """The leaf that two analysts made of it."""
        ((content,),) = self.query("SELECT content FROM openings WHERE id = %s", opening_id(request))
        return decode(content, Opening)

    def assent(self, request: OpeningRequest, name: str) -> Signed:
        """A trustee's assent in form: the parts in it are nobody's, and the hub can't tell."""
        parts = [AssentPart(element=bytes(32), proof=bytes(64)) for _ in request.reports]
        digest = opening_digest(self.opening(request))
        return seal_assent(digest, name, parts, (ANA.entry, BEN.entry), signing_key(name))

    def refusal(self, request: OpeningRequest, name: str) -> Signed:
        return sign(Refusal(opening=opening_digest(self.opening(request)), trustee=name), signing_key(name))

    def query(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as database:
            cursor = database.execute(statement, parameters)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def opening_leaves(self) -> list[bytes]:
        """Digests of openings' leaves that were promised."""
        rows = self.query("SELECT digest FROM translog_promised WHERE kind = %s", LeafKind.OPENING.value)
        return [digest for (digest,) in rows]


def _report(who: Firm, keys: Sequence[tuple[Kind, str]], *, sealed: bool) -> Report:
    year, number, _ = datetime.now(UTC).isocalendar()
    made = who.report(*keys, inquiry=f"{keys}", week=f"{year}-W{number:02d}")
    if not sealed:
        return made
    header = made.signed.header
    secrets = {key_digest(one.card_key): one for one in (secret_of(*key) for key in keys)}
    lockable = [secrets[key.key_digest] for key in header.lockable()]
    joint = Element(genesis().joint_key("assent").element)
    part = seal(DETAILS, label_of(header), lockable, joint, seed("sealing", who.id))
    header = structs.replace(header, sealed_digest=part.digest())
    claims = tuple(one.lock.claim(header.digest()) for one in lockable if one.lock)
    return structs.replace(made, signed=sign_header(header, claims, who.key), sealed=part)


def _request(*reports: Report, by: Analyst = ANA, **told: Any) -> OpeningRequest:
    now = int(time.time())
    whole: dict[str, Any] = dict(
        epoch=EPOCH,
        reports=tuple(sorted(one.signed.header.report_id for one in reports)),
        reason=Reason.T1,
        basis="Art. 6(1)(f) GDPR",
        analyst=by.entry.party,
        requested_at=now,
        expires_at=now + 86_400,
    )
    return OpeningRequest(**(whole | told))


def refused(answer: httpx2.Response) -> tuple[int, str]:
    """Status and slug."""
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[1]


@pytest.fixture
async def desk(settings: Settings, database_url: str, store: Store, envelopes: Envelopes) -> Desk:
    hub: SeatedHub = seated(settings, database_url, store, envelopes)
    await hub.seat([ALDER, BIRCH, CEDAR])
    await hub.seat_more([ANA, BEN, EVE, _liaison()])  # type: ignore[list-item]
    return Desk(hub.app(more=[router]), database_url)


def _liaison() -> Analyst:
    lee = analyst_named("lee")
    return Analyst(structs.replace(lee.entry, role=Role.LIAISON), lee.key, lee.sealing_key)


# Asking


async def test_one_analyst_asks_and_another_confirms_and_the_leaf_is_promised_at_once(desk: Desk) -> None:
    request = _request(await desk.file_three())

    asked = await desk.ask(request)
    assert (asked.status_code, asked.json()["status"]) == (202, "requested")
    assert asked.json()["opening"] == opening_id(request)
    assert desk.opening_leaves() == [], "nothing is in the log before two agree"

    confirmed = await desk.confirm(request)
    assert (confirmed.status_code, confirmed.json()["status"]) == (202, "confirmed")
    assert desk.opening_leaves() == [content_digest(encode(desk.opening(request)))]


async def test_the_same_request_again_gets_the_same_answer(desk: Desk) -> None:
    request = _request(await desk.file_three())

    first, again = [await desk.ask(request) for _ in range(2)]

    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert desk.query("SELECT count(*) FROM openings") == [(1,)]


async def test_a_second_confirmation_is_harmless(desk: Desk) -> None:
    """Of the same analyst or of a third: the leaf stays the one that was promised."""
    request = await desk.confirmed()
    leaves = desk.opening_leaves()

    for who in (BEN, EVE):
        answer = await desk.confirm(request, who)
        assert (answer.status_code, answer.json()["status"]) == (202, "confirmed")

    assert desk.opening_leaves() == leaves
    assert len(leaves) == 1


async def test_two_groups_are_too_few(desk: Desk) -> None:
    report = await desk.file(ALDER, PHONE, NAME)
    await desk.file(BIRCH, PHONE, NAME)

    answer = await desk.ask(_request(report))

    assert refused(answer) == (409, "too-few-groups")
    assert desk.query("SELECT count(*) FROM openings") == [(0,)]


async def test_a_member_that_files_a_value_again_and_again_hides_nobody_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It costs no meter: a firm that would keep a subject shut could file its phone by the thousand."""
    monkeypatch.setattr(bearing_out, "MOST_CANDIDATES", 6)
    monkeypatch.setattr(bearing_out, "MOST_OF_A_MEMBER", 2)
    first = await desk.file_three()
    for at in range(6):
        await desk.file(CEDAR, PHONE, (Kind.DOMAIN, f"again-{at}.example"))

    assert (await desk.ask(_request(first))).status_code == 202


async def test_one_report_that_is_not_borne_out_keeps_the_others_shut(desk: Desk) -> None:
    borne_out = await desk.file_three()
    alone = await desk.file(ALDER, DOMAIN)

    assert refused(await desk.ask(_request(borne_out, alone)))[1] == "too-few-groups"


async def test_a_report_taken_back_before_the_confirmation_is_counted_no_more(desk: Desk) -> None:
    first, second, _ = [await desk.file(who, PHONE, NAME) for who in (ALDER, BIRCH, CEDAR)]
    request = _request(first)
    await desk.ask(request)
    await desk.firm(BIRCH).post("/v1/retractions", BIRCH.retraction(second))

    assert refused(await desk.confirm(request))[1] == "too-few-groups"
    assert desk.opening_leaves() == []


async def test_a_report_nobody_filed_is_unknown(desk: Desk) -> None:
    filed = _report(ALDER, (PHONE,), sealed=True)

    assert refused(await desk.ask(_request(filed))) == (404, "unknown-report")


async def test_a_report_that_was_taken_back_is_unknown(desk: Desk) -> None:
    report = await desk.file_three()
    await desk.firm(ALDER).post("/v1/retractions", ALDER.retraction(report))

    assert refused(await desk.ask(_request(report)))[1] == "unknown-report"


async def test_a_report_without_a_sealed_part_has_nothing_to_open(desk: Desk) -> None:
    report = await desk.file(ALDER, NAME, sealed=False)

    assert refused(await desk.ask(_request(report)))[1] == "no-sealed-part"


async def test_an_analyst_asks_in_its_own_name_only(desk: Desk) -> None:
    request = _request(await desk.file_three(), by=BEN)

    assert refused(await desk.ask(request, ANA))[1] == "bad-opening"
    asked = await desk.analyst(ANA).post("/v1/openings", sign(request, BEN.key))
    assert refused(asked)[1] == "bad-signature", "nor does it carry another's request"


@pytest.mark.parametrize(
    ("told", "slug"),
    [
        ({"requested_at": 1_000, "expires_at": 2_000}, "opening-closed"),
        ({"expires_at": 1}, "bad-message"),
        ({"requested_at": 1_000, "expires_at": 1_000 + 31 * 86_400}, "bad-message"),
        ({"epoch": EPOCH + 1}, "wrong-epoch"),
    ],
    ids=["expired", "ends before it began", "for longer than 30 days", "another epoch"],
)
async def test_a_request_out_of_its_time_is_refused(desk: Desk, told: dict[str, Any], slug: str) -> None:
    report = await desk.file_three()

    assert refused(await desk.ask(_request(report, **told)))[1] == slug
    assert desk.query("SELECT count(*) FROM openings") == [(0,)]


# Confirming


async def test_who_asked_cannot_confirm(desk: Desk) -> None:
    request = _request(await desk.file_three())
    await desk.ask(request)

    assert refused(await desk.confirm(request, ANA))[1] == "bad-opening"
    assert desk.opening_leaves() == []


async def test_an_analysts_next_key_is_the_same_analyst(
    settings: Settings, database_url: str, store: Store, envelopes: Envelopes
) -> None:
    """What one key asked for can't be confirmed by the other. (Two names never have one key: see the roster.)"""
    key = signing_key("analyst", "ana", "next")
    entry = structs.replace(ANA.entry, signing_key=key.public_key().public_bytes_raw())
    later = Analyst(entry, key, ANA.sealing_key)
    hub = seated(settings, database_url, store, envelopes)
    await hub.seat([ALDER, BIRCH, CEDAR])
    await hub.seat_more([ANA])  # type: ignore[list-item]
    desk = Desk(hub.app(more=[router]), database_url)
    request = _request(await desk.file_three())
    await desk.ask(request)
    await hub.seat_more([later])  # type: ignore[list-item]

    answer = await desk.confirm(request, later)

    assert refused(answer)[1] == "bad-opening"
    assert desk.opening_leaves() == []


async def test_a_confirmation_of_another_request_is_refused(desk: Desk) -> None:
    report = await desk.file_three()
    request, other = _request(report), _request(report, reason=Reason.T2)
    for one in (request, other):
        await desk.ask(one)
    word = sign(confirm(other, "ben", int(time.time())), BEN.key)

    answer = await desk.analyst(BEN).post(f"/v1/openings/{opening_id(request)}/confirmation", word)

    assert refused(answer)[1] == "bad-opening"


async def test_an_expired_request_is_confirmed_no_more(desk: Desk) -> None:
    request = _request(await desk.file_three())
    await desk.ask(request)
    desk.query("UPDATE openings SET expires_at = 1")

    assert refused(await desk.confirm(request)) == (409, "opening-closed")
    told = (await desk.analyst(ANA).get(f"/v1/openings/{opening_id(request)}")).json()
    assert told["status"] == "expired"


async def test_what_nobody_asked_for_is_unknown(desk: Desk) -> None:
    request = _request(_report(ALDER, (PHONE,), sealed=True))

    assert refused(await desk.confirm(request)) == (404, "unknown-opening")
    for rest in ("", "/material"):
        path = f"/v1/openings/{opening_id(request)}{rest}"
        assert refused(await desk.analyst(ANA).get(path)) == (404, "unknown-opening")
    path = f"/v1/openings/{opening_id(request)}/evidence?size=5"
    assert refused(await desk.trustee("t1").get(path)) == (404, "unknown-opening")


# Trustees


async def test_trustees_are_shown_what_is_confirmed_and_not_answered(desk: Desk) -> None:
    request = await desk.confirmed()
    only_asked = structs.replace(request, reason=Reason.T3)
    assert (await desk.ask(only_asked)).status_code == 202

    async def waiting(name: str) -> list[str]:
        answer = await desk.trustee(name).get("/v1/openings/pending")
        return [one.id for one in decode(answer.content, PendingOpenings).openings]

    assert await waiting("t1") == [opening_id(request)]
    await desk.answer("t1", request, desk.assent(request, "t1"))
    assert (await waiting("t1"), await waiting("t2")) == ([], [opening_id(request)])
    desk.query("UPDATE openings SET expires_at = 1")
    assert await waiting("t2") == []


async def test_no_evidence_is_shown_before_the_leaf_has_its_place(desk: Desk) -> None:
    request = await desk.confirmed()

    answer = await desk.trustee("t1").get(f"/v1/openings/{opening_id(request)}/evidence?size=5")

    assert refused(answer) == (404, "not-in-log")


async def test_enough_refusals_refuse_it(desk: Desk) -> None:
    """With three trustees of whom two must agree, two refusals leave nobody to ask."""
    request = await desk.confirmed()

    first = await desk.answer("t1", request, desk.refusal(request, "t1"))
    second = await desk.answer("t3", request, desk.refusal(request, "t3"))

    assert [first.json()["status"], second.json()["status"]] == ["confirmed", "refused"]
    path = f"/v1/openings/{opening_id(request)}/material"
    assert refused(await desk.analyst(ANA).get(path))[1] == "too-few-assents"


async def test_a_trustees_first_answer_stands(desk: Desk) -> None:
    request = await desk.confirmed()
    await desk.answer("t1", request, desk.refusal(request, "t1"))

    for said in (desk.assent(request, "t1"), desk.refusal(request, "t1")):
        answer = await desk.answer("t1", request, said)
        assert (answer.status_code, answer.json()["assents"]) == (200, 0)
    assert desk.query("SELECT assents FROM opening_answers") == [(False,)]


async def test_one_trustee_that_answers_twice_is_one(desk: Desk) -> None:
    request = await desk.confirmed()

    for _ in range(2):
        answer = await desk.answer("t1", request, desk.assent(request, "t1"))

    assert (answer.json()["status"], answer.json()["assents"]) == ("confirmed", 1)
    path = f"/v1/openings/{opening_id(request)}/material"
    assert refused(await desk.analyst(BEN).get(path)) == (409, "too-few-assents")


async def test_an_answer_to_another_opening_or_of_another_trustee_is_refused(desk: Desk) -> None:
    """An approval replayed for another opening says in itself which one it is for."""
    request = await desk.confirmed()
    other = structs.replace(request, reason=Reason.T2)
    await desk.ask(other)
    await desk.confirm(other)

    replayed = await desk.answer("t1", request, desk.assent(other, "t1"))
    borrowed = await desk.answer("t1", request, desk.assent(request, "t2"))
    misnamed = await desk.answer(
        "t1",
        request,
        sign(Refusal(opening=opening_digest(desk.opening(request)), trustee="t2"), signing_key("t1")),
    )

    assert refused(replayed)[1] == "bad-opening"
    assert refused(borrowed)[1] == "bad-signature"
    assert refused(misnamed)[1] == "bad-opening"
    assert desk.query("SELECT count(*) FROM opening_answers") == [(0,)]


async def test_an_expired_opening_is_answered_no_more(desk: Desk) -> None:
    request = await desk.confirmed()
    desk.query("UPDATE openings SET expires_at = 1")

    answer = await desk.answer("t1", request, desk.assent(request, "t1"))

    assert refused(answer)[1] == "opening-closed"


# Reading


async def test_only_the_two_analysts_get_the_material_and_only_with_t_assents(desk: Desk) -> None:
    request = await desk.confirmed()
    path = f"/v1/openings/{opening_id(request)}/material"
    await desk.answer("t1", request, desk.assent(request, "t1"))
    assert refused(await desk.analyst(ANA).get(path)) == (409, "too-few-assents")
    told = await desk.answer("t2", request, desk.assent(request, "t2"))
    assert told.json()["status"] == "open"

    for who in (ANA, BEN):
        material = decode((await desk.analyst(who).get(path)).content, Material)
        assert material.opening == opening_digest(desk.opening(request))
        assert len(material.assents) == 2
        (report,) = material.reports
        assert {share.group_index for share in report.shares} <= {ALDER.index, BIRCH.index, CEDAR.index}
        assert len({share.group_index for share in report.shares}) == 2
    assert refused(await desk.analyst(EVE).get(path)) == (404, "unknown-opening")


async def test_analysts_see_each_others_openings(desk: Desk) -> None:
    request = await desk.confirmed()

    (told,) = (await desk.analyst(EVE).get("/v1/openings")).json()

    assert (told["opening"], told["status"]) == (opening_id(request), "confirmed")


# Roles


async def test_nobody_but_analysts_asks_confirms_or_reads(desk: Desk) -> None:
    request = await desk.confirmed()
    path = f"/v1/openings/{opening_id(request)}"
    lee = _liaison()
    others = [desk.firm(ALDER), desk.analyst(lee), desk.trustee("t1")]

    for who in others:
        for get in ("/v1/openings", path, f"{path}/material", "/v1/cases"):
            assert refused(await who.get(get)) == (401, "unknown-signer"), (who.id, get)
        asked = await who.post("/v1/openings", sign(request, who.key))
        word = sign(confirm(request, who.id, int(time.time())), who.key)
        confirmed = await who.post(f"{path}/confirmation", word)
        assert [refused(one)[1] for one in (asked, confirmed)] == ["unknown-signer"] * 2


async def test_nobody_but_trustees_sees_evidence_or_answers(desk: Desk) -> None:
    request = await desk.confirmed()
    path = f"/v1/openings/{opening_id(request)}"

    for who in (desk.analyst(ANA), desk.firm(ALDER), Caller(desk.app, "t4", signing_key("t4"))):
        for get in ("/v1/openings/pending", f"{path}/evidence?size=5"):
            assert refused(await who.get(get)) == (401, "unknown-signer"), (who.id, get)
        answer = await who.post(f"{path}/answers", desk.assent(request, "t1"))
        assert refused(answer)[1] == "unknown-signer"
    assert desk.query("SELECT count(*) FROM opening_answers") == [(0,)]
