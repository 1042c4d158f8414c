"""Filing: what is acknowledged is kept with its leaf and its job, and what is refused leaves nothing."""

import asyncio
from typing import Any

import psycopg
import pytest

from cairn_protocol.kinds import Kind
from cairn_protocol.messages.log import LeafKind, hash_of
from cairn_protocol.messages.report import Batch, BatchAnswer, Promise, Report, Retraction
from cairn_protocol.messages.wire import Signed, decode, encode, open_signed, sign
from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.envelopes import Envelopes
from tests.support.reports import Firm, firm
from tests.support.seated import Member, SeatedHub, seated

pytestmark = pytest.mark.anyio

ALDER, BIRCH = firm("alder", 1), firm("birch", 2)
PHONE, NAME = (Kind.PHONE, "+905550100199"), (Kind.NAME, "orkide teknik")

KEPT = ("reports", "report_tags", "report_secrets", "translog_promised", "procrastinate_jobs", "retractions")


@pytest.fixture
async def hub(settings: Settings, database_url: str, store: Store, envelopes: Envelopes) -> SeatedHub:
    hub = seated(settings, database_url, store, envelopes)
    await hub.seat([ALDER, BIRCH])
    return hub


@pytest.fixture
async def alder(hub: SeatedHub) -> Member:
    return Member(ALDER, hub.app())


def counts(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # type: ignore[index, arg-type]
            for table in KEPT
        }


def promised(raw: bytes, hub: SeatedHub) -> Promise:
    return open_signed(decode(raw, Signed), Promise, hub.services.genesis.hub_key)


async def file(member: Member, report: Report) -> Any:
    return await member.post("/v1/reports", encode(report))


async def test_a_report_leaf_and_job_are_kept_together(
    alder: Member, hub: SeatedHub, database_url: str
) -> None:
    report = ALDER.report(PHONE, NAME)

    answer = await file(alder, report)

    promise = promised(answer.content, hub)
    assert answer.status_code == 201
    assert promise.digest == report.signed.digest()
    assert promise.leaf_hash == hash_of(LeafKind.REPORT, report.signed.digest())
    assert counts(database_url) == {
        "reports": 1,
        "report_tags": len(report.signed.header.keys),
        "report_secrets": 1,
        "translog_promised": 1,
        "procrastinate_jobs": 1,
        "retractions": 0,
    }


async def test_the_same_report_again_gets_the_same_receipt(alder: Member, database_url: str) -> None:
    first = await file(alder, ALDER.report(PHONE, NAME))
    kept = counts(database_url)

    again = await file(alder, ALDER.report(PHONE, NAME))

    assert (again.status_code, again.content) == (200, first.content)
    assert counts(database_url) == kept


async def test_filed_twice_at_once_it_is_kept_once(alder: Member, database_url: str) -> None:
    answers = await asyncio.gather(*[file(alder, ALDER.report(PHONE, NAME)) for _ in range(6)])

    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.content for answer in answers}) == 1
    assert counts(database_url)["reports"] == counts(database_url)["translog_promised"] == 1


async def test_other_bytes_under_an_id_are_refused(alder: Member, database_url: str) -> None:
    await file(alder, ALDER.report(PHONE, NAME))
    kept = counts(database_url)

    answer = await file(alder, ALDER.report(PHONE, NAME, country="CN"))

    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (409, "report-id-reused")
    assert counts(database_url) == kept


async def test_nobody_files_under_another_members_id(
    alder: Member, hub: SeatedHub, database_url: str
) -> None:
    """The log tells every member which reports an opening or a cut is about: a second one would stand in its way."""
    mine = ALDER.report(PHONE, NAME)
    amended = ALDER.report(NAME, revision=2, supersedes=mine.signed.digest())
    theirs = BIRCH.report(PHONE, NAME, report_id=mine.signed.header.report_id)

    await file(alder, mine)
    kept = counts(database_url)
    answer = await Member(BIRCH, hub.app()).post("/v1/reports", encode(theirs))

    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (409, "report-id-reused")
    assert counts(database_url) == kept
    assert (await file(alder, amended)).status_code == 201


async def test_an_amendment_takes_the_place_of_what_it_supersedes(
    alder: Member, hub: SeatedHub, database_url: str
) -> None:
    first = ALDER.report(PHONE, NAME)
    second = ALDER.report(NAME, revision=2, supersedes=first.signed.digest())

    await file(alder, first)
    answer = await file(alder, second)

    assert (answer.status_code, promised(answer.content, hub).revision) == (201, 2)
    kept = counts(database_url)
    assert (kept["reports"], kept["translog_promised"], kept["report_secrets"]) == (2, 2, 1)
    assert kept["report_tags"] == len(second.signed.header.keys)
    assert (await file(alder, first)).status_code == 200


@pytest.mark.parametrize(("revision", "supersedes"), [(2, b"x" * 32), (3, None), (5, None)])
async def test_an_amendment_of_something_else_is_refused(
    alder: Member, database_url: str, revision: int, supersedes: bytes | None
) -> None:
    first = ALDER.report(PHONE, NAME)
    await file(alder, first)
    kept = counts(database_url)

    answer = await file(
        alder, ALDER.report(NAME, revision=revision, supersedes=supersedes or first.signed.digest())
    )

    assert answer.status_code == 409
    assert counts(database_url) == kept


async def test_a_refused_report_leaves_nothing(alder: Member, database_url: str) -> None:
    answer = await file(alder, ALDER.report(PHONE, NAME, week="2031-W01"))

    assert (answer.status_code, answer.json()["culprit"]) == (422, "member:alder")
    assert set(counts(database_url).values()) == {0}


@pytest.mark.parametrize(
    ("signer", "status", "slug"),
    [(firm("nobody", 9), 401, "unknown-signer"), (BIRCH, 403, "wrong-member")],
)
async def test_a_report_sent_by_another_is_refused(
    alder: Member, database_url: str, signer: Firm, status: int, slug: str
) -> None:
    answer = await alder.post("/v1/reports", encode(ALDER.report(PHONE, NAME)), signer=signer)

    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (status, slug)
    assert set(counts(database_url).values()) == {0}


async def test_of_a_batch_the_good_are_kept_and_the_bad_are_told_apart(
    alder: Member, hub: SeatedHub, database_url: str
) -> None:
    reports = [
        ALDER.report(PHONE, NAME, inquiry="one"),
        ALDER.report(PHONE, NAME, inquiry="two", week="2031-W01"),
        ALDER.report(PHONE, NAME, inquiry="three"),
        ALDER.report(PHONE, NAME, inquiry="one"),
        ALDER.report(NAME, inquiry="one"),
    ]

    answer = await alder.post("/v1/reports/batch", encode(Batch(reports=tuple(reports))))

    results = decode(answer.content, BatchAnswer).results
    assert answer.status_code == 200
    assert [result.problem for result in results] == [None, "future-week", None, None, "report-id-reused"]
    assert results[0].promise == results[3].promise
    kept = counts(database_url)
    assert (kept["reports"], kept["translog_promised"], kept["procrastinate_jobs"]) == (2, 2, 1)


async def test_a_batch_of_bad_reports_leaves_nothing(alder: Member, database_url: str) -> None:
    reports = tuple(ALDER.report(PHONE, NAME, inquiry=str(at), epoch=2) for at in range(3))

    answer = await alder.post("/v1/reports/batch", encode(Batch(reports=reports)))

    assert [result.problem for result in decode(answer.content, BatchAnswer).results] == ["wrong-epoch"] * 3
    assert set(counts(database_url).values()) == {0}


async def test_more_than_a_batch_holds_is_refused(alder: Member, database_url: str) -> None:
    raw = encode(Batch(reports=(ALDER.report(PHONE, NAME),) * 101))

    answer = await alder.post("/v1/reports/batch", raw)

    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (400, "bad-message")
    assert set(counts(database_url).values()) == {0}


async def test_a_body_of_twenty_megabytes_is_refused(alder: Member) -> None:
    answer = await alder.post("/v1/reports/batch", b"x" * 20_000_000)

    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (413, "batch-too-large")


async def test_a_retraction_deletes_tags_and_keys_and_leaves_the_leaf(
    alder: Member, hub: SeatedHub, database_url: str
) -> None:
    report = ALDER.report(PHONE, NAME)
    await file(alder, report)

    answer = await alder.post("/v1/retractions", encode(ALDER.retraction(report)))
    again = await alder.post("/v1/retractions", encode(ALDER.retraction(report)))

    promise = promised(answer.content, hub)
    assert (answer.status_code, again.content) == (201, answer.content)
    assert promise.leaf_hash == hash_of(LeafKind.RETRACTION, promise.digest)
    kept = counts(database_url)
    assert (kept["reports"], kept["retractions"], kept["translog_promised"]) == (1, 1, 2)
    assert (kept["report_tags"], kept["report_secrets"]) == (0, 0)


async def test_what_was_taken_back_keeps_its_receipt_and_takes_no_amendment(alder: Member) -> None:
    report = ALDER.report(PHONE, NAME)
    first = await file(alder, report)
    await alder.post("/v1/retractions", encode(ALDER.retraction(report)))

    again = await file(alder, report)
    amended = await file(alder, ALDER.report(NAME, revision=2, supersedes=report.signed.digest()))

    assert (again.status_code, again.content) == (200, first.content)
    assert (amended.status_code, amended.json()["type"].rsplit("/", 1)[1]) == (409, "report-retracted")


async def test_nobody_takes_back_anothers_report(alder: Member, hub: SeatedHub, database_url: str) -> None:
    report = ALDER.report(PHONE, NAME)
    await file(alder, report)
    birch = Member(BIRCH, hub.app())

    relayed = await birch.post("/v1/retractions", encode(ALDER.retraction(report)))
    forged = await birch.post("/v1/retractions", encode(BIRCH.retraction(report)))
    in_its_name = Retraction(
        member="alder", report_id=report.signed.header.report_id, digest=report.signed.digest()
    )
    named = await birch.post("/v1/retractions", encode(sign(in_its_name, BIRCH.key)))

    assert (relayed.status_code, forged.status_code, named.status_code) == (401, 404, 403)
    assert counts(database_url)["retractions"] == 0


async def test_an_unknown_or_superseded_report_is_not_taken_back(alder: Member, database_url: str) -> None:
    first = ALDER.report(PHONE, NAME)
    await file(alder, first)
    await file(alder, ALDER.report(NAME, revision=2, supersedes=first.signed.digest()))

    unknown = await alder.post(
        "/v1/retractions", encode(ALDER.retraction(ALDER.report(NAME, inquiry="other")))
    )
    superseded = await alder.post("/v1/retractions", encode(ALDER.retraction(first)))

    assert (unknown.status_code, superseded.status_code) == (404, 404)
    assert counts(database_url)["retractions"] == 0


async def test_neither_keys_nor_codes_lie_open_in_the_database(alder: Member, database_url: str) -> None:
    """A stolen database opens no card and shows no code."""
    report = ALDER.report(PHONE, NAME, country="TR")
    await file(alder, report)

    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT r::text || s::text || t::text FROM reports r, report_secrets s, report_tags t"
        ).fetchall()
    dumped = "".join(row[0] for row in rows)

    for secret in (*report.card_keys, *report.shares):
        assert secret.hex() not in dumped
    assert encode(report.open).hex() not in dumped
