"""What could be taken from a running trustee: no assent share from its memory, nobody's name from its log."""

import base64
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from cairn_protocol.group import Scalar, encode_scalar
from cairn_protocol.messages.trustee import Evaluate
from cairn_protocol.messages.wire import decode, encode
from tests.support.trustees import Founded, Process, process, signed_headers
from tests.support.wire import send_raw
from tests.trustee.test_evaluating import Roster, a_batch, roster_of, slug_of

DIGIT_BITS = 30  # of CPython's integers


@pytest.fixture(scope="module")
def roster(founded: Founded) -> Roster:
    return roster_of(founded)


@pytest.fixture
def t1(founded: Founded, roster: Roster, tmp_path: Path) -> Iterator[Process]:
    with process(founded.home("t1", tmp_path), CAIRN_TRUSTEE_LOG_LEVEL="DEBUG") as trustee:
        roster.log.pushed(trustee)
        yield trustee


def memory_of(pid: int) -> bytes:
    """Everything that a process can write to."""
    found = bytearray()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            told = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if told is None or "[v" in line:  # vvar and the like can't be read
                continue
            start, end = (int(one, 16) for one in told.groups())
            memory.seek(start)
            found += memory.read(end - start)
    return bytes(found)


def spellings(scalar: Scalar) -> list[bytes]:
    """A scalar as bytes and as a Python integer lies in memory."""
    digits = []
    left = int(scalar)
    while left:
        digits.append((left & (1 << DIGIT_BITS) - 1).to_bytes(4, "little"))
        left >>= DIGIT_BITS
    return [encode_scalar(scalar), b"".join(digits)]


def test_the_memory_of_a_serving_trustee_holds_no_assent_share(
    founded: Founded, roster: Roster, t1: Process
) -> None:
    """Whoever takes over the machine while it serves can evaluate, and can't assent."""
    assert t1.call("/v1/evaluate", a_batch(), "m00", roster.keys["m00"]).status_code == 200
    try:
        memory = memory_of(t1.running.pid)
    except PermissionError:
        pytest.skip("this machine lets nobody read a child's memory")

    shares = founded.parties.shares["t1"]
    assert any(one in memory for one in spellings(shares["names"].scalar))  # the search finds what is there
    assert not any(one in memory for one in spellings(shares["assent"].scalar))


def test_its_log_at_its_most_talkative_holds_no_member_no_element_and_no_signature(
    roster: Roster, t1: Process
) -> None:
    whole = decode(a_batch(), Evaluate)
    bad = os.urandom(31) + b"\xff"
    bodies = {
        "m00": encode(whole),
        "m01": encode(replace(whole, names=(bad, *whole.names[1:]))),
        "m03": encode(whole),
        "m77": encode(whole),
    }
    slugs, signatures = [], []
    for party, body in bodies.items():
        key = roster.keys.get(party, roster.keys["m00"])
        headers = signed_headers("POST", t1.url + "/v1/evaluate", body, party, key)
        signatures.append(headers["Signature"].encode())
        answer = t1.send("POST", "/v1/evaluate", body, headers)
        slugs.append("" if answer.status_code == 200 else slug_of(answer))
    assert slugs == ["", "bad-element", "revoked-signer", "unknown-signer"]

    logged = t1.log.read_bytes()
    elements = (*whole.names, *whole.values, bad)
    forbidden = [party.encode() for party in bodies] + [b"aldous", b"birch", *signatures]
    for element in elements:
        forbidden += [element, element.hex().encode(), base64.b64encode(element), repr(element).encode()]
    assert logged
    assert [one for one in forbidden if one in logged] == []


def lines_of(trustee: Process) -> list[dict[str, object]]:
    """Its log, without the sentence that the command prints first."""
    return [json.loads(line) for line in trustee.log.read_text().splitlines() if line.startswith("{")]


def test_an_error_nobody_meant_is_a_problem_and_a_log_line_without_its_text(
    roster: Roster, t1: Process
) -> None:
    """A damaged row is in the way. Answer and line share an id, so that the operator can find it."""
    assert t1.call("/v1/evaluate", a_batch(), "m00", roster.keys["m00"]).status_code == 200
    with sqlite3.connect(t1.home.database) as database:
        database.execute("UPDATE meter SET subjects = 'a word of m00'")
    database.close()

    answer = t1.call("/v1/evaluate", a_batch(), "m00", roster.keys["m00"])

    assert (answer.status_code, slug_of(answer)) == (500, "internal")
    assert set(answer.json()) == {"type", "title", "status", "detail", "request_id"}
    (told,) = [line for line in lines_of(t1) if line["event"] == "request_failed"]
    assert told["request_id"] == answer.json()["request_id"]
    assert told["exception"] == "builtins.TypeError"
    assert "m00" not in t1.log.read_text() and "aldous" not in t1.log.read_text()


def test_a_request_that_is_none_leaves_neither_path_nor_address_in_the_log(t1: Process) -> None:
    port = int(t1.url.rpartition(":")[2])
    upgrade = (
        b"GET /of-m00 HTTP/1.1\r\nHost: t1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bTAwbTAwbTAwbTAwbTAwMA==\r\n\r\n"
    )
    for raw in (upgrade, b"m00 of aldous\r\n\r\n"):
        assert b" 40" in send_raw(raw, port)

    logged = json.dumps(lines_of(t1))
    assert not any(word in logged for word in ("m00", "aldous", "127.0.0.1"))
