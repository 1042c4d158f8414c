"""Who may call what: every route of the hub is called as every kind of caller, and the table is what happens."""

from collections.abc import Iterator
from uuid import uuid4

import httpx2
import pytest
from fastapi import APIRouter

from cairn_protocol.messages.bulletins import TaxiiToken
from hub.main import routes_of
from hub.members.authorisation import MATRIX, Caller, UnlistedRoute, require_listed
from tests.support.bulletins import Bureau, slug_of
from tests.support.hub import running_hub, signed_headers
from tests.support.parties import parties

# What a caller gets who has no business on a route. Whoever has gets past it, to an answer about the request.
TURNED_AWAY = {"unsigned", "unknown-signer", "bad-token"}
SIGNERS = {
    Caller.MEMBER: "alder",
    Caller.ANALYST: "ana",
    Caller.REVIEWER: "rae",
    Caller.LIAISON: "lee",
    Caller.TRUSTEE: "t1",
}


@pytest.fixture(scope="module")
def bureau(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    with running_hub(module_database_url, tmp_path_factory.mktemp("hub"), parties()) as hub:
        bureau = Bureau.open(hub)
        bureau.keys["t1"] = parties().trustee_keys["t1"]
        yield bureau


@pytest.fixture(scope="module")
def token(bureau: Bureau) -> TaxiiToken:
    return bureau.token()


def called(bureau: Bureau, token: TaxiiToken, route: str, caller: Caller) -> httpx2.Response:
    method, template = route.split(" ", 1)
    path = template.format(
        act_id="0" * 16,
        digest="0" * 64,
        opening="0" * 16,
        root="liaisons",
        collection="liaisons-green",
        object_id=f"report--{uuid4()}",
        status=uuid4(),
        bulletin=uuid4(),
        contact=uuid4(),
        question=uuid4(),
        period="2026-10",
        release="tiers-2026-Q3",
        cut="0" * 16,
    )
    body = b"{}" if method == "POST" else b""
    headers = {"Content-Type": "application/json"}
    auth = None
    if caller is Caller.TOKEN:
        auth = (token.user, token.password)
    elif caller is not Caller.ANYBODY:
        who = SIGNERS[caller]
        headers |= signed_headers(method, bureau.hub.url + path, body, who, bureau.keys[who])
    return httpx2.request(method, bureau.hub.url + path, content=body, headers=headers, auth=auth, timeout=30)


def slug(answer: httpx2.Response) -> str | None:
    if "problem" in answer.headers.get("content-type", ""):
        return slug_of(answer)
    if "taxii" in answer.headers.get("content-type", ""):
        return str(answer.json().get("error_code"))
    return None


@pytest.mark.parametrize("route", sorted(MATRIX))
def test_a_route_lets_in_whom_the_table_names_and_nobody_else(
    bureau: Bureau, token: TaxiiToken, route: str
) -> None:
    allowed = MATRIX[route]
    for caller in Caller:
        answer = called(bureau, token, route, caller)
        let_in = allowed in (Caller.ANYBODY, caller)
        assert answer.status_code < 500 or slug(answer) in ("log-not-ready", "index-not-published")
        assert (slug(answer) not in TURNED_AWAY) is let_in, (caller, answer.status_code, answer.text)
        if not let_in:
            assert answer.status_code in (401, 403)


def test_a_route_that_the_table_does_not_list_is_not_served() -> None:
    router = APIRouter()

    @router.post("/v1/watch-list")
    async def watch() -> None: ...

    with pytest.raises(UnlistedRoute, match="POST /v1/watch-list"):
        require_listed(routes_of(router))


def test_no_liaison_and_no_token_stands_beside_what_is_collected_linked_or_shown() -> None:
    """G9, as the table has it: liaisons have their own routes, and TAXII takes opinions."""
    for route, caller in MATRIX.items():
        if caller is Caller.LIAISON:
            assert route.split(" ")[1].startswith("/v1/liaison/")
        if caller is Caller.TOKEN:
            assert route.split(" ")[1].startswith("/taxii2/")
