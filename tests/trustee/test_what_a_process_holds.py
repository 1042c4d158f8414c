"""What could be taken from a running trustee: no assent share from its memory, nobody's name from its log."""

import base64
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from cairn_protocol.group import Scalar, encode_scalar
from cairn_protocol.messages.trustee import Evaluate
from cairn_protocol.messages.wire import decode, encode
from tests.support.trustees import Founded, Process, process, signed_headers
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
