"""Callers: whoever signed this very request, with a key in force, for the first time."""

import time
from collections.abc import Iterator

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.requests import Request

from cairn_protocol.messages.parties import Revocation, Role
from hub.members.calling import address_of
from tests.support.hub import RunningHub, running_hub, signed_headers
from tests.support.parties import member, parties

PATH = "/v1/reports"
BODY = b'{"not":"a report"}'


@pytest.fixture(scope="module")
def hub(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(module_database_url, tmp_path_factory.mktemp("hub"), parties()) as hub:
        yield hub


@pytest.fixture(scope="module")
def key(hub: RunningHub) -> Ed25519PrivateKey:
    """Of m00, who is in force."""
    entry, key = member("m00", "aldous", 1)
    hub.enter(entry, key)
    return key


def slug(hub: RunningHub, body: bytes, headers: dict[str, str], path: str = PATH) -> tuple[int, str]:
    answer = hub.send("POST", path, body, headers)
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[1]


def headers(
    hub: RunningHub, key: Ed25519PrivateKey, party: str = "m00", at: int | None = None
) -> dict[str, str]:
    return signed_headers("POST", hub.url + PATH, BODY, party, key, at=at)


def test_a_signed_request_of_a_party_in_force_gets_in(hub: RunningHub, key: Ed25519PrivateKey) -> None:
    assert slug(hub, BODY, headers(hub, key)) == (400, "bad-message")  # read, and no report


def test_an_unsigned_request_does_not(hub: RunningHub) -> None:
    assert slug(hub, BODY, {}) == (401, "unsigned")


def test_a_request_is_good_once(hub: RunningHub, key: Ed25519PrivateKey) -> None:
    once = headers(hub, key)

    assert slug(hub, BODY, once)[1] == "bad-message"
    assert slug(hub, BODY, once) == (409, "replayed-nonce")


def test_a_nonce_is_kept_only_as_long_as_its_request_would_be_taken(
    hub: RunningHub, key: Ed25519PrivateKey
) -> None:
    signed_at = int(time.time()) - 200
    slug(hub, BODY, headers(hub, key, at=signed_at))

    assert hub.settings.database_url is not None
    with psycopg.connect(hub.settings.database_url.get_secret_value()) as db:
        expiries = [row[0].timestamp() for row in db.execute("SELECT expires_at FROM request_nonces")]
    assert signed_at + hub.settings.signature_window_seconds + 1 in expiries


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_clock_too_far_off_is_told(hub: RunningHub, key: Ed25519PrivateKey, seconds: int) -> None:
    late = headers(hub, key, at=int(time.time()) + seconds + (1 if seconds > 0 else -1))

    assert slug(hub, BODY, late) == (401, "clock-outside-window")


def test_another_body_than_the_signed_one_is_refused(hub: RunningHub, key: Ed25519PrivateKey) -> None:
    assert slug(hub, BODY + b" ", headers(hub, key)) == (400, "wrong-digest")


def test_another_route_than_the_signed_one_is_refused(hub: RunningHub, key: Ed25519PrivateKey) -> None:
    assert slug(hub, BODY, headers(hub, key), "/v1/retractions") == (401, "bad-signature")


def test_a_request_signed_for_another_host_is_refused(hub: RunningHub, key: Ed25519PrivateKey) -> None:
    elsewhere = signed_headers("POST", "http://other.example" + PATH, BODY, "m00", key)

    assert slug(hub, BODY, elsewhere) == (401, "bad-signature")


def test_anothers_key_is_refused(hub: RunningHub, key: Ed25519PrivateKey) -> None:
    assert slug(hub, BODY, headers(hub, Ed25519PrivateKey.generate())) == (401, "bad-signature")


def test_a_signature_must_cover_the_body(hub: RunningHub, key: Ed25519PrivateKey) -> None:
    full = headers(hub, key)
    less = full | {"Signature-Input": full["Signature-Input"].replace(' "content-digest"', "")}

    assert slug(hub, BODY, less) == (401, "uncovered-component")


def test_nobody_on_the_roster_is_nobody(hub: RunningHub) -> None:
    assert slug(hub, BODY, headers(hub, Ed25519PrivateKey.generate(), "m99")) == (401, "unknown-signer")


def test_an_analyst_files_no_reports(hub: RunningHub) -> None:
    entry, key = member("a0", role=Role.ANALYST, group=None, group_index=None, sector=None, families=())
    hub.enter(entry, key)

    assert slug(hub, BODY, headers(hub, key, "a0")) == (401, "unknown-signer")


def test_an_entry_counts_from_its_first_moment(hub: RunningHub) -> None:
    entry, key = member("m07", "corvin", 7, not_before=int(time.time()) + 3_600)
    hub.enter(entry, key)

    assert slug(hub, BODY, headers(hub, key, "m07")) == (401, "unknown-signer")


def test_a_revoked_key_is_refused(hub: RunningHub) -> None:
    entry, key = member("m08", "dexter", 8)
    hub.enter(entry, key)
    assert slug(hub, BODY, headers(hub, key, "m08"))[1] == "bad-message"

    hub.put_in_log(Revocation(party="m08", signing_key=entry.signing_key))
    assert slug(hub, BODY, headers(hub, key, "m08")) == (403, "revoked-signer")


def test_a_large_body_is_refused_before_it_is_read(hub: RunningHub) -> None:
    assert slug(hub, bytes(20_000_000), {}) == (413, "body-too-large")


def test_no_refusal_names_a_member_in_the_metrics(hub: RunningHub) -> None:
    """G4."""
    slug(hub, BODY, headers(hub, Ed25519PrivateKey.generate(), "m99"))

    figures = hub.get("/metrics").text
    assert 'cairn_hub_refusals_total{slug="unknown-signer"}' in figures
    assert "m99" not in figures
    assert "_created" not in figures


def request_to(scheme: str, host: str, path: str, raw_path: bytes, query: bytes) -> Request:
    return Request(
        {
            "type": "http", "method": "POST", "scheme": scheme, "path": path, "raw_path": raw_path,
            "query_string": query, "headers": [(b"host", host.encode())],
        }
    )  # fmt: skip


def test_the_signed_address_is_what_the_caller_wrote() -> None:
    """Behind a proxy the host is the public one, which only the settings know."""
    behind = request_to("http", "10.0.0.5:8700", "/v1/a b", b"/v1/a%20b", b"x=%2F")

    assert address_of(behind, None) == "http://10.0.0.5:8700/v1/a%20b?x=%2F"
    assert address_of(behind, "https://hub.example") == "https://hub.example/v1/a%20b?x=%2F"
