"""Version 1 on the wire is these bytes: every message has an example that no change of the code may change."""

import hashlib
import json
from uuid import UUID

import msgspec
import pytest

from cairn_protocol.codes import LegalBasis, QuantityUnit, RetentionClass
from cairn_protocol.messages.open_codes import OpenCodes
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.report import Header, Report, SignedHeader
from cairn_protocol.messages.wire import Message, decode, digest_of, encode
from cairn_protocol.roster import check_genesis
from tests.support.keys import genesis, signed
from tests.support.messages import EXAMPLES, FOLDER, all_messages, example_of, file_of, message_type

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
        "returns",
        "returns_exchange",
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


def test_the_codes_of_terms_1_2_0_are_frozen_too() -> None:
    """What they added stands beside the rest, in its place, and nothing of the rest moved."""
    report = example_of(Report)
    codes = msgspec.structs.replace(
        report.open.codes,
        party_country="145",
        terms_version="1.2.0",
        eu_number="2B350",
        quantity_unit=QuantityUnit.KILOGRAM,
        attempt=UUID("a3f1c2d4-5e6f-8a1b-9c2d-3e4f5a6b7c8e"),
        evidence=bytes(range(32)),
        legal_basis=LegalBasis.LEGITIMATE_INTERESTS,
        retention=RetentionClass.MONTHS_36,
        legal_hold=True,
    )
    raw = (FOLDER / "open-codes-1.2.0.json").read_bytes().removesuffix(b"\n")
    assert encode(codes) == raw
    assert decode(raw, OpenCodes) == codes
    told = json.loads(raw)
    earlier = json.loads(encode(report.open.codes))
    assert {name: told[name] for name in earlier} == earlier | {
        "party_country": "145",
        "terms_version": "1.2.0",
    }


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
        == "30b60daf4bb435528504949e50c264efe5285323ab0b71b226301bb221771e0b"
    )
    assert report.signed.digest().hex() == "a8cd6dd37b98c1116b0d299483b4d822c8bb3af753f5c219530bf982f8b9e758"
    assert report.open.digest().hex() == "e65d8cc39837fabe4fcfb78c923e8cdc0a3d6d453c504104c0fbe41c8da742cb"
    assert [tag.hex() for tag in report.signed.header.tags()][:2] == [
        "dfc4ca9e8cd5d2408a42163e533f8bf8838da12ce91ddf1df83925469780f8be",
        "2f629c5ecdd9668fe327c01875e7bcc0381305d1badadf7c2bb520bff66c5fb6",
    ]
