"""Version 1 on the wire is these bytes: every message has an example that no change of the code may change."""

import hashlib
import json

import pytest

from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.report import Header, Report, SignedHeader
from cairn_protocol.messages.wire import Message, decode, digest_of, encode
from cairn_protocol.roster import check_genesis
from tests.support.keys import genesis, signed
from tests.support.messages import EXAMPLES, all_messages, example_of, file_of, message_type

# The others' messages are frozen beside their own tests.
MODULES = {
    f"cairn_protocol.messages.{name}"
    for name in (
        "bulletins",
        "corrections",
        "index",
        "log",
        "parties",
        "releases",
        "report",
        "trends",
        "trustee",
        "wire",
    )
}


def test_every_message_has_a_frozen_example_and_a_type_of_its_own() -> None:
    """A new one gets its example in tests/support/messages.py."""
    here = {cls.__name__ for cls in all_messages() if cls.__module__ in MODULES}
    assert here == {cls.__name__ for cls in EXAMPLES}
    types = [message_type(cls) for cls in all_messages()]
    assert len(set(types)) == len(types)


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=message_type)
def test_a_message_has_the_bytes_that_were_frozen_and_they_read_as_it(example: Message) -> None:
    frozen = json.loads(file_of(type(example)).read_text(encoding="utf-8"))
    raw = frozen["text"].encode()
    assert hashlib.sha256(raw).hexdigest() == frozen["sha256"]
    assert frozen["type"] == message_type(example) == json.loads(raw)["type"]
    assert encode(example) == raw
    assert decode(raw, type(example)) == example


def test_the_digests_that_people_pin_are_frozen() -> None:
    founded = decode(encode(example_of(Genesis)), Genesis)
    assert digest_of(founded).hex() == "92c2453dd898411ddfccf7403ef74e510419d5fc0b665a5aa5156390a8cd304e"
    assert check_genesis(encode(signed(genesis())), digest_of(founded)) == founded


def test_the_digests_that_claims_leaves_and_receipts_are_made_over_are_frozen() -> None:
    report = decode(encode(example_of(Report)), Report)
    header, signed_header = example_of(Header), example_of(SignedHeader)
    assert report.signed == signed_header and report.signed.header == header
    assert (
        report.signed.header.digest().hex()
        == "053d37b7a595ed67baa0989dab077a030e29db836e75ee36e16e00991f8391ba"
    )
    assert report.signed.digest().hex() == "c4775d5f8c8652a89cc4b003cc67ad50b6d9cc7ec2d4fa23556201493b2055b1"
    assert report.open.digest().hex() == "0ef4de46752a1e21a6736fa15fc2302699c4dfb8f652565a0587dcc0e1b57ba9"
    assert [tag.hex() for tag in report.signed.header.tags()][:2] == [
        "dfc4ca9e8cd5d2408a42163e533f8bf8838da12ce91ddf1df83925469780f8be",
        "2f629c5ecdd9668fe327c01875e7bcc0381305d1badadf7c2bb520bff66c5fb6",
    ]
