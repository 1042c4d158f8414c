"""The meter: groups and days, allowances of the log, and nothing that is free for a crash."""

import datetime as dt
import json
import resource
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from cairn_protocol.messages.parties import Allowance
from tests.support.trustees import Founded, Trustee, done, process, serving, signed_headers, until
from tests.trustee.test_evaluating import REFUSALS, Roster, a_batch, roster_of, slug_of
from trustee.home import Home
from trustee.settings import Settings


class Clock:
    """A trustee's clock, at a quarter to midnight UTC."""

    def __init__(self) -> None:
        midnight = dt.datetime.combine(dt.datetime.now(dt.UTC), dt.time(), dt.UTC)
        self.now = midnight.timestamp() - 900

    @property
    def day(self) -> str:
        return dt.datetime.fromtimestamp(self.now, dt.UTC).date().isoformat()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def roster(founded: Founded) -> Roster:
    return roster_of(founded)


@pytest.fixture
def home(founded: Founded, tmp_path: Path) -> Home:
    return founded.home("t1", tmp_path)


@pytest.fixture
def t1(home: Home, roster: Roster, clock: Clock) -> Iterator[Trustee]:
    with serving(home, settings=Settings(subjects_a_day=5), now=clock) as trustee:
        roster.log.pushed(trustee, at=clock.now)
        yield trustee


def ask(trustee: Trustee, roster: Roster, subjects: int, at: float, party: str = "m00") -> httpx2.Response:
    return trustee.call("/v1/evaluate", a_batch(subjects), party, roster.keys[party], at=at)


def connected(trustee: Trustee) -> socket.socket:
    parts = urlsplit(trustee.address)
    return socket.create_connection((parts.hostname, parts.port), timeout=20)


def rows(home: Home, table: str) -> list[tuple[object, ...]]:
    database = sqlite3.connect(home.database)
    try:
        return database.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
    finally:
        database.close()


def test_a_group_has_its_subjects_a_day_however_many_members_ask(
    t1: Trustee, roster: Roster, clock: Clock
) -> None:
    assert ask(t1, roster, 3, clock.now).status_code == 200
    assert ask(t1, roster, 2, clock.now, "m01").status_code == 200

    refused = ask(t1, roster, 1, clock.now, "m01")

    assert slug_of(refused) == "metered"
    assert "0 of 5" in refused.json()["reason"]
    assert refused.headers["retry-after"] == "900"
    assert ask(t1, roster, 5, clock.now, "m02").status_code == 200  # another group


def test_what_does_not_fit_is_not_charged(t1: Trustee, roster: Roster, clock: Clock) -> None:
    assert slug_of(ask(t1, roster, 6, clock.now)) == "metered"

    assert ask(t1, roster, 5, clock.now).status_code == 200


def test_no_other_refusal_is_charged(home: Home, roster: Roster) -> None:
    """Only an element that is none is paid for: that is found out by the work that is metered."""
    with serving(home) as trustee:
        roster.log.pushed(trustee)
        for _, send, slug in REFUSALS:
            if slug not in (
                "bad-element",
                "replayed-nonce",
            ):  # the latter is a second time that was charged once
                assert slug_of(send(trustee, roster)) == slug
                assert (slug, rows(home, "meter"), rows(home, "journal")) == (slug, [], [])


def test_the_next_day_begins_at_midnight_utc(t1: Trustee, roster: Roster, clock: Clock) -> None:
    assert ask(t1, roster, 5, clock.now).status_code == 200
    clock.now += 899
    assert slug_of(ask(t1, roster, 1, clock.now)) == "metered"
    clock.now += 1

    assert ask(t1, roster, 1, clock.now).status_code == 200


def test_an_allowance_of_the_log_adds_to_its_group_and_day_alone(
    t1: Trustee, roster: Roster, clock: Clock
) -> None:
    size = len(roster.log.entries)
    roster.log.act(Allowance(group="aldous", day=clock.day, subjects=7))
    roster.log.pushed(t1, size, at=clock.now)

    assert ask(t1, roster, 12, clock.now).status_code == 200
    assert slug_of(ask(t1, roster, 1, clock.now)) == "metered"
    assert slug_of(ask(t1, roster, 6, clock.now, "m02")) == "metered"
    clock.now += 900
    assert slug_of(ask(t1, roster, 6, clock.now)) == "metered"


def test_an_element_that_is_none_costs_the_member_its_meter(
    t1: Trustee, roster: Roster, clock: Clock
) -> None:
    """Else somebody could ask for ever what is an element and what is not, at our cost."""
    for _ in range(5):
        bad = json.loads(a_batch())
        bad["names"][0] = "A" * 43 + "="
        sent = json.dumps(bad, separators=(",", ":"), sort_keys=True).encode()
        refused = t1.call("/v1/evaluate", sent, "m00", roster.keys["m00"], at=clock.now)
        assert slug_of(refused) == "bad-element"

    assert slug_of(ask(t1, roster, 1, clock.now)) == "metered"


def test_the_journal_holds_day_member_and_padded_count_and_nothing_finer(
    t1: Trustee, roster: Roster, clock: Clock, home: Home
) -> None:
    ask(t1, roster, 2, clock.now)
    ask(t1, roster, 1, clock.now)
    ask(t1, roster, 1, clock.now, "m01")

    assert rows(home, "journal") == [(clock.day, "m00", 3), (clock.day, "m01", 1)]
    assert rows(home, "meter") == [("aldous", clock.day, 4)]


def test_nonces_and_meter_survive_a_restart(home: Home, roster: Roster, clock: Clock) -> None:
    settings = Settings(subjects_a_day=5)
    with serving(home, settings=settings, now=clock) as first:
        roster.log.pushed(first, at=clock.now)
        body = a_batch(4)
        headers = signed_headers(
            "POST", first.url + "/v1/evaluate", body, "m00", roster.keys["m00"], at=clock.now
        )
        assert first.send("POST", "/v1/evaluate", body, headers).status_code == 200

    with serving(home, settings=settings, now=clock) as second:
        assert slug_of(second.send("POST", "/v1/evaluate", body, headers)) == "replayed-nonce"
        assert slug_of(ask(second, roster, 2, clock.now)) == "metered"
        assert ask(second, roster, 1, clock.now).status_code == 200


def test_a_nonce_is_forgotten_only_when_its_request_is_too_old(
    t1: Trustee, roster: Roster, clock: Clock, home: Home
) -> None:
    body, url = a_batch(), t1.url + "/v1/evaluate"
    headers = signed_headers("POST", url, body, "m00", roster.keys["m00"], at=clock.now + 299)
    assert t1.send("POST", "/v1/evaluate", body, headers).status_code == 200
    clock.now += 598
    assert slug_of(t1.send("POST", "/v1/evaluate", body, headers)) == "replayed-nonce"
    clock.now += 400

    assert slug_of(t1.send("POST", "/v1/evaluate", body, headers)) == "clock-outside-window"
    assert ask(t1, roster, 1, clock.now).status_code == 200
    assert len([row for row in rows(home, "nonces") if row[0] == "m00"]) == 1


def test_killed_between_commit_and_answer_it_charges_and_never_answers_that_request_again(
    home: Home, roster: Roster
) -> None:
    now = time.time()
    with process(home, CAIRN_TRUSTEE_SUBJECTS_A_DAY="150") as trustee:
        roster.log.pushed(trustee)
        body = a_batch(100)
        headers = signed_headers(
            "POST", trustee.url + "/v1/evaluate", body, "m00", roster.keys["m00"], at=now
        )
        request = (
            f"POST /v1/evaluate HTTP/1.1\r\nHost: {trustee.url.removeprefix('http://')}\r\n"
            + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            + f"Content-Length: {len(body)}\r\n\r\n"
        )
        with connected(trustee) as connection:
            connection.sendall(request.encode() + body)
            until(lambda: rows(home, "meter") != [])
            trustee.kill()

            assert connection.recv(1) == b""  # it had not answered

    with process(home, CAIRN_TRUSTEE_SUBJECTS_A_DAY="150") as again:
        assert slug_of(again.send("POST", "/v1/evaluate", body, headers)) == "replayed-nonce"
        assert slug_of(ask(again, roster, 51, time.time())) == "metered"
        assert ask(again, roster, 50, time.time()).status_code == 200
        assert json.loads(done("status", "--home", home.folder, "--json"))["today"] == 150


def test_a_full_disk_answers_nothing_and_charges_nothing(home: Home, roster: Roster) -> None:
    with process(home) as trustee:
        roster.log.pushed(trustee)
        full = (0, resource.RLIM_INFINITY)
        before = resource.prlimit(trustee.running.pid, resource.RLIMIT_FSIZE, full)

        refused = ask(trustee, roster, 1, time.time())

        assert slug_of(refused) == "store-unavailable"
        assert refused.headers["retry-after"] == "5"
        resource.prlimit(trustee.running.pid, resource.RLIMIT_FSIZE, before)
        assert rows(home, "meter") == []
        assert ask(trustee, roster, 1, time.time()).status_code == 200


def test_a_locked_database_answers_nothing(home: Home, roster: Roster, clock: Clock) -> None:
    with serving(home, settings=Settings(busy_seconds=0.1), now=clock) as trustee:
        roster.log.pushed(trustee, at=clock.now)
        other = sqlite3.connect(home.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        refused = ask(trustee, roster, 1, clock.now)

        other.execute("ROLLBACK")
        other.close()
        assert slug_of(refused) == "store-unavailable"
        assert ask(trustee, roster, 1, clock.now).status_code == 200


def test_what_a_process_logs_tells_neither_who_nor_what(home: Home, roster: Roster) -> None:
    with process(home) as trustee:
        roster.log.pushed(trustee)
        assert ask(trustee, roster, 1, time.time()).status_code == 200
        assert ask(trustee, roster, 1, time.time(), "m03").status_code == 403
        trustee.get("/nothing")

    logged = trustee.log.read_text()
    assert '"event": "serving"' in logged
    assert not any(word in logged for word in ("m00", "m03", "aldous", "evaluate"))
