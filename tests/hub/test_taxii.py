"""TAXII: what clients pull and when, whom a token lets in, and the mistakes that other servers are blamed for."""

import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from taxii2client.v21 import Server, as_pages

from cairn_protocol.messages.bulletins import Audience, BulletinKind, Draft, RecallReason, TaxiiToken
from cairn_protocol.messages.parties import Revocation
from cairn_protocol.messages.report import Tlp
from cairn_protocol.messages.wire import decode
from hub.bulletins.taxii import MEDIA_TYPE
from hub.bulletins.tokens import revoke_all
from tests.support.bulletins import Bureau, draft, edition
from tests.support.hub import in_database, running_hub
from tests.support.parties import parties

GREEN, AMBER, FEEDBACK = (
    f"liaisons/collections/{alias}/" for alias in ("liaisons-green", "liaisons-amber", "feedback")
)


@pytest.fixture(scope="module")
def bureau(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    with running_hub(module_database_url, tmp_path_factory.mktemp("hub"), parties()) as hub:
        bureau = Bureau.open(hub)
        bureau.let_out(liaisons(title="The first"))
        yield bureau


@pytest.fixture(scope="module")
def token(bureau: Bureau) -> TaxiiToken:
    return bureau.token()


def liaisons(tlp: Tlp = Tlp.GREEN, **changed: Any) -> Draft:
    return draft(edition(Audience.LIAISONS, tlp=tlp, **changed), kind=BulletinKind.AGGREGATE)


def objects(bureau: Bureau, token: TaxiiToken, path: str = GREEN, query: str = "") -> list[dict[str, Any]]:
    answer = bureau.taxii(f"{path}objects/{query}", token)
    assert answer.status_code == 200, answer.text
    return list(answer.json().get("objects", []))


def report(found: list[dict[str, Any]], title: str) -> dict[str, Any]:
    (one,) = [one for one in found if one["type"] == "report" and one["name"] == title]
    return one


# Pulling


def test_a_taxii_client_pulls_everything_over_several_pages(bureau: Bureau, token: TaxiiToken) -> None:
    server = Server(f"{bureau.hub.url}/taxii2/", user=token.user, password=token.password)
    collection = next(one for one in server.default.collections if one.title.endswith("TLP:GREEN"))

    pages = list(as_pages(collection.get_objects, per_request=4))
    pulled = [one["id"] for page in pages for one in page["objects"]]

    assert len(pages) >= 3
    assert pulled == [one["id"] for one in objects(bureau, token)]
    assert len(set(pulled)) == len(pulled)
    manifest = [one["id"] for one in collection.get_manifest()["objects"]]
    assert manifest == pulled
    assert {one["id"] for one in collection.get_object(pulled[-1])["objects"]} == {pulled[-1]}


def test_ids_are_the_same_however_often_a_hub_makes_them(bureau: Bureau, token: TaxiiToken) -> None:
    """Shared objects, such as the hub's identity, are there once; a correction meets its report."""
    out = bureau.let_out(liaisons(title="To be corrected"))
    first = report(objects(bureau, token), "To be corrected")
    bureau.let_out(
        msgspec.structs.replace(
            out,
            version=2,
            correction="The title was unclear.",
            editions=(edition(Audience.LIAISONS, title="Corrected"),),
        )
    )

    second = report(objects(bureau, token), "Corrected")

    assert second["id"] == first["id"]
    assert second["created"] == first["created"]
    assert second["modified"] > first["modified"]
    versions = bureau.taxii(f"{GREEN}objects/{first['id']}/versions/", token).json()["versions"]
    assert versions == [first["modified"], second["modified"]]
    ids = [one["id"] for one in objects(bureau, token)]
    assert len(set(ids)) == len(ids)


def test_a_recalled_object_comes_back_revoked_and_its_text_with_no_version(
    bureau: Bureau, token: TaxiiToken
) -> None:
    """For consumers that ignore `revoked`, too: it says so in its name, matches nothing and is over."""
    out = bureau.let_out(liaisons(title="To be recalled"))
    shown = report(objects(bureau, token), "To be recalled")
    (indicator,) = [ref for ref in shown["object_refs"] if ref.startswith("indicator")]
    last = bureau.taxii(f"{GREEN}objects/", token).headers["X-TAXII-Date-Added-Last"]
    bureau.take_back(out, RecallReason.WRONG_JOIN)

    later = {one["id"]: one for one in objects(bureau, token, query=f"?added_after={last}")}

    assert later[shown["id"]]["revoked"] is True
    assert later[shown["id"]]["name"] == "RECALLED (WRONG-JOIN)"
    assert later[indicator]["revoked"] is True
    assert "RF-" not in later[indicator]["pattern"]
    until, when = (datetime.fromisoformat(later[indicator][name]) for name in ("valid_until", "modified"))
    assert until <= when
    every = objects(bureau, token, query=f"?match[id]={shown['id']}&match[version]=all")
    assert [one["revoked"] for one in every] == [True]
    assert "To be recalled" not in json.dumps(every)


def test_whoever_pulls_again_from_an_older_moment_is_not_given_the_recalled_text_anew(
    bureau: Bureau, token: TaxiiToken
) -> None:
    """OpenCTI#11132: what was deleted was imported again."""
    out = bureau.let_out(liaisons(title="Deleted at a consumer"))
    bureau.take_back(out)

    assert "Deleted at a consumer" not in json.dumps(
        objects(bureau, token, query="?added_after=2020-01-01T00:00:00Z")
    )


def test_added_after_shows_nothing_of_another_collection(bureau: Bureau, token: TaxiiToken) -> None:
    """OpenCTI#10090: `added_after` let other feeds bleed in."""
    last = bureau.taxii(f"{GREEN}objects/", token).headers["X-TAXII-Date-Added-Last"]
    bureau.let_out(liaisons(Tlp.AMBER, title="For amber alone"))

    green = bureau.taxii(f"{GREEN}objects/?added_after={last}", token)

    assert green.json() == {}
    assert "For amber alone" in json.dumps(objects(bureau, token, AMBER))
    assert "For amber alone" not in json.dumps(objects(bureau, token))


def test_what_is_added_between_two_pages_is_neither_skipped_nor_doubled(
    bureau: Bureau, token: TaxiiToken
) -> None:
    first = bureau.taxii(f"{GREEN}objects/?limit=2", token).json()
    bureau.let_out(liaisons(title="Between pages"))
    found = first["objects"]
    cursor = first["next"]
    while cursor:
        page = bureau.taxii(f"{GREEN}objects/?limit=2&next={cursor}", token).json()
        found += page["objects"]
        cursor = page.get("next")

    ids = [one["id"] for one in found]
    assert report(found, "Between pages")
    assert len(set(ids)) == len(ids)


def test_exact_counts_members_and_who_saw_what_where_are_in_no_object(
    bureau: Bureau, token: TaxiiToken
) -> None:
    for one in objects(bureau, token) + objects(bureau, token, AMBER):
        assert not {"count", "where_sighted_refs", "observed_data_refs"} & set(one)
        assert "alder" not in json.dumps(one)


# Bad requests


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?limit=0", 400),
        ("?limit=-20", 400),
        ("?limit=many", 400),
        ("?limit=99999999999999999999", 400),
        ("?limit=1000000", 200),
        ("?next=%2F%2Fnonsense", 400),
        ("?added_after=yesterday", 400),
        ("?added_after=2026-01-01T00:00:00", 400),
        ("?match[version]=2026", 400),
        ("?match[id]=" + "a," * 200, 400),
        ("?match[spec_version]=2.0", 200),
    ],
)
def test_a_malformed_query_is_refused_in_taxiis_own_form(
    bureau: Bureau, token: TaxiiToken, query: str, status: int
) -> None:
    answer = bureau.taxii(f"{GREEN}objects/{query}", token)

    assert answer.status_code == status
    assert answer.headers["content-type"] == MEDIA_TYPE
    if status == 400:
        assert {"title", "description", "http_status"} <= set(answer.json())
        assert answer.json()["error_code"] == "bad-query"


def test_a_cursor_goes_with_its_own_filters(bureau: Bureau, token: TaxiiToken) -> None:
    cursor = bureau.taxii(f"{GREEN}objects/?limit=2", token).json()["next"]

    assert bureau.taxii(f"{GREEN}objects/?limit=2&match[type]=report&next={cursor}", token).status_code == 400


@pytest.mark.parametrize(
    "accept", ["application/json", "application/taxii+json;version=2.0", "application/vnd.oasis.taxii+json"]
)
def test_other_versions_and_media_types_are_not_acceptable(
    bureau: Bureau, token: TaxiiToken, accept: str
) -> None:
    answer = bureau.taxii("", token, headers={"Accept": accept})

    assert (answer.status_code, answer.json()["error_code"]) == (406, "not-acceptable")


def test_bulletins_take_no_post_and_no_delete(bureau: Bureau, token: TaxiiToken) -> None:
    body = {"content": b'{"objects":[{}]}', "headers": {"Content-Type": MEDIA_TYPE}}
    posted = bureau.taxii(f"{GREEN}objects/", token, "POST", **body)
    deleted = bureau.taxii(f"{GREEN}objects/report--{uuid.uuid4()}/", token, "DELETE")
    read = bureau.taxii(f"{FEEDBACK}objects/", token)

    assert [one.status_code for one in (posted, deleted, read)] == [403, 403, 403]


# Tokens


def test_a_wrong_token_is_asked_for_basic_and_told_nothing_more(bureau: Bureau, token: TaxiiToken) -> None:
    wrong = msgspec.structs.replace(token, password="A" * 43)
    other = msgspec.structs.replace(token, user="ana")
    for bad in (None, wrong, other):
        answer = bureau.taxii("", bad)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
        assert answer.json()["error_code"] == "bad-token"


def test_what_is_not_in_a_tokens_scope_does_not_exist_for_it(bureau: Bureau) -> None:
    bureau.enter("lea", role="liaison", group=None, group_index=None, sector=None, families=())
    narrow = bureau.token("lea", ("liaisons-green",))

    shown = bureau.taxii("liaisons/collections/", narrow).json()["collections"]

    assert [one["alias"] for one in shown] == ["liaisons-green"]
    assert bureau.taxii(f"{AMBER}objects/", narrow).status_code == 404
    assert bureau.taxii(f"{FEEDBACK}objects/", narrow, "POST", content=b"{}").status_code == 404


def test_a_liaison_rotates_its_token_without_a_gap_and_keeps_its_scope(bureau: Bureau) -> None:
    bureau.enter("leo", role="liaison", group=None, group_index=None, sector=None, families=())
    old = bureau.token("leo", ("liaisons-green",))
    answer = bureau.call("leo", "POST", "/v1/liaison/tokens")
    new = decode(answer.content, TaxiiToken)

    assert new.collections == old.collections
    assert [bureau.taxii("", one).status_code for one in (old, new)] == [200, 200]
    in_database(bureau.hub.settings, lambda db: revoke_all(db, "leo"))
    assert [bureau.taxii("", one).status_code for one in (old, new)] == [401, 401]


def test_a_token_ends_with_its_owner_on_the_roster(bureau: Bureau) -> None:
    bureau.enter("lou", role="liaison", group=None, group_index=None, sector=None, families=())
    given = bureau.token("lou")
    assert bureau.taxii("", given).status_code == 200
    key = bureau.keys["lou"].public_key().public_bytes_raw()
    bureau.hub.put_in_log(Revocation(party="lou", signing_key=key))

    assert bureau.taxii("", given).status_code == 401


def test_no_password_is_in_the_database(bureau: Bureau, token: TaxiiToken) -> None:
    async def rows(db: AsyncSession) -> str:
        found = await db.execute(text("SELECT taxii_tokens::text FROM taxii_tokens"))
        return "".join(row[0] for row in found)

    assert token.password not in str(in_database(bureau.hub.settings, rows))


# Feedback


def said(ref: str, **changed: Any) -> dict[str, Any]:
    whole = {
        "type": "opinion",
        "spec_version": "2.1",
        "id": f"opinion--{uuid.uuid4()}",
        "created": "2026-11-01T00:00:00.000Z",
        "modified": "2026-11-01T00:00:00.000Z",
        "opinion": "agree",
        "object_refs": [ref],
        "labels": ["NEW-USEFUL"],
    }
    return {name: value for name, value in (whole | changed).items() if value is not None}


def post(
    bureau: Bureau, token: TaxiiToken, *sent: Any, media: str = MEDIA_TYPE, raw: bytes | None = None
) -> Any:
    body = raw if raw is not None else json.dumps({"objects": list(sent)}).encode()
    return bureau.taxii(f"{FEEDBACK}objects/", token, "POST", content=body, headers={"Content-Type": media})


@pytest.fixture(scope="module")
def ref(bureau: Bureau, token: TaxiiToken) -> str:
    return str(report(objects(bureau, token), "The first")["id"])


def test_an_opinion_on_a_bulletin_is_taken_and_its_status_is_its_senders(
    bureau: Bureau, token: TaxiiToken, ref: str
) -> None:
    answer = post(bureau, token, said(ref))

    status = answer.json()
    assert (answer.status_code, status["success_count"], status["failure_count"]) == (202, 1, 0)
    again = bureau.taxii(f"liaisons/status/{status['id']}/", token)
    assert again.json() == status
    bureau.enter("lin", role="liaison", group=None, group_index=None, sector=None, families=())
    assert bureau.taxii(f"liaisons/status/{status['id']}/", bureau.token("lin")).status_code == 404


@pytest.mark.parametrize(
    ("changed", "slug"),
    [
        (
            {"type": "indicator", "pattern": "[ipv4-addr:value = '192.0.2.1']", "pattern_type": "stix"},
            "tasking",
        ),
        ({"type": "identity", "name": "Orkide Teknik"}, "tasking"),
        ({"explanation": "Look for buyer@orkide.example"}, "tasking"),
        ({"explanation": "Ask about +90 555 010 0199"}, "tasking"),
        ({"x_watch": "orkide"}, "tasking"),
        ({"explanation": "<img src=x onerror=alert(1)>"}, "unfit-text"),
        ({"opinion": "very much"}, "bad-message"),
        ({"id": "opinion--1"}, "bad-message"),
        ({"created": None}, "bad-message"),
        ({"labels": ["WATCH"]}, "bad-message"),
        ({"labels": []}, "bad-message"),
        ({"object_refs": ["report--7c8d9e0f-1a2b-4c3d-8e4f-5a6b7c8d9e0f"]}, "unknown-bulletin"),
    ],
)
def test_whatever_else_is_posted_is_refused_each_for_its_reason(
    bureau: Bureau, token: TaxiiToken, ref: str, changed: dict[str, Any], slug: str
) -> None:
    status = post(bureau, token, said(ref, **changed), said(ref)).json()

    assert (status["success_count"], status["failure_count"]) == (1, 1)
    assert status["failures"][0]["message"].startswith(slug)


def test_an_object_that_is_no_object_and_a_body_that_is_no_envelope(
    bureau: Bureau, token: TaxiiToken
) -> None:
    assert post(bureau, token, 7).json()["failure_count"] == 1
    for raw in (
        b"",
        b"[]",
        b"{}",
        b'{"objects":[]}',
        b'{"objects":{}}',
        b"[" * 100_000,
        b'{"objects":[1],"x":1}',
    ):
        assert post(bureau, token, raw=raw).status_code == 400
    assert post(bureau, token, said("x"), media="application/json").status_code == 415
    assert post(bureau, token, said("x"), media="application/taxii+json;version=2.0").status_code == 415
    assert post(bureau, token, raw=b" " * 2_000_000).status_code == 413
