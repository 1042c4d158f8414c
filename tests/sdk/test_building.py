"""A report's bytes: what they hold, and that the same inquiry always gives the same ones."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from cairn import Inquiry, Party
from cairn.raw.blinding import subjects_for
from cairn.raw.building import Filer, Revision, build_report, evidence_key, report_id_for
from cairn.raw.normalise import exact_keys, normaliser_digest
from cairn.raw.normalise.match_key import MatchKey
from cairn.raw.register import Derived
from cairn_protocol.group import decode_scalar, multiply_base
from cairn_protocol.kinds import NAME_EVALUATIONS, VALUE_EVALUATIONS, Kind
from cairn_protocol.match_lock import GroupIndex, check_share
from cairn_protocol.messages.report import Report, check_shape
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.tags import CardKey, MatchSecret, Tag, check_claim, derive, key_digest
from cairn_protocol.voprf import Output

SIGNING = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
REGISTER_KEY = b"register key of thirty-two bytes"
FILER = Filer("alder", GroupIndex(3), 1, normaliser_digest(), multiply_base(7), SIGNING, REGISTER_KEY)


def inquiry(**more: object) -> Inquiry:
    told = {
        "inquiry_id": "A-1",
        "received_on": "2026-03-05",
        "party": Party(
            name="Orkide Teknik",
            country="TR",
            phones=["+90 555 010 0199"],
            emails=["a@orkide-teknik.example"],
        ),
        "item": {"eccn": "2B230"},
        "narrative": "Mehmet wants twenty",
    }
    return Inquiry(**{**told, **more})


def secrets(of: Inquiry) -> list[MatchSecret]:
    """As if the OPRF were a hash: building does not care."""
    return [
        derive(Output(hashlib.sha512(key.oprf_input()).digest()), key.kind, FILER.epoch)
        for key in exact_keys(of)
    ]


def built(of: Inquiry | None = None, filer: Filer = FILER) -> Report:
    of = of or inquiry()
    return build_report(of, secrets(of), filer)


def test_a_report_is_what_the_hub_checks() -> None:
    report = built()
    header = report.signed.header

    check_shape(header)
    report.signed.check(SIGNING.public_key().public_bytes_raw())
    assert [key_digest(CardKey(k)) for k in report.card_keys] == [key.key_digest for key in header.keys]
    assert header.open_digest == report.open.digest()
    for claim, share, key in zip(report.signed.claims, report.shares, header.lockable(), strict=True):
        assert key.claim_key is not None and key.line is not None
        check_claim(claim, key.claim_key, header.digest())
        check_share(decode_scalar(share), FILER.group_index, key.line)
    assert decode(encode(report), Report) == report


def test_the_same_inquiry_gives_the_same_bytes() -> None:
    assert encode(built()) == encode(built())


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": 3},
        {"confidence": "HEARSAY"},
        {"consent": "none"},
        {"handling": "RED"},
        {"received_on": "2026-03-12"},
        {"party": Party(name="Orkide Teknik", country="TR")},
    ],
)
def test_another_content_gets_other_filler(change: dict[str, object]) -> None:
    def filler(report: Report) -> set[bytes]:
        return {key.key_digest for key in report.signed.header.keys if key.kind is Kind.EDIT}

    assert not filler(built()) & filler(built(inquiry(**change)))


def test_a_revision_names_what_it_supersedes() -> None:
    first = built()
    again = build_report(inquiry(), secrets(inquiry()), FILER, Revision(2, first.signed.digest()))

    assert again.signed.header.supersedes == first.signed.digest()
    assert again.signed.header.report_id == first.signed.header.report_id
    check_shape(again.signed.header)


def test_a_report_id_is_the_inquirys_own_for_ever() -> None:
    report_id = report_id_for(FILER.register_key, "A-1")

    assert report_id == report_id_for(FILER.register_key, "A-1")
    assert report_id.version == 8
    assert report_id != report_id_for(FILER.register_key, "A-2")
    assert report_id != report_id_for(bytes(32), "A-1")


def test_no_value_of_an_inquiry_is_in_its_report() -> None:
    raw = encode(built()).lower()

    assert not [word for word in (b"orkide", b"5550100199", b"mehmet", b"twenty", b"a-1") if word in raw]


def test_a_report_without_identifying_values_has_the_shape_of_any_other() -> None:
    bare = Inquiry(inquiry_id="B", party=Party(name="Ltd"), received_on="2026-03-05")

    check_shape(built(bare).signed.header)
    assert built(bare).shares == ()


def test_a_value_typed_twice_counts_once() -> None:
    twice = inquiry(party=Party(name="Orkide", country="TR", phones=["+905550100199", "00905550100199"]))

    check_shape(built(twice).signed.header)


@given(st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=8), st.sets(st.integers(0, 9)))
def test_each_unknown_value_is_asked_once_and_every_subject_costs_the_same(
    wanted: list[list[int]], known: set[int]
) -> None:
    def key(number: int) -> MatchKey:
        return MatchKey(Kind.PHONE if number % 2 else Kind.NAME, str(number))

    became = {key(number): Derived(Output(b""), Tag(b""), CardKey(b"")) for number in known}
    subjects = subjects_for([[key(number) for number in dict.fromkeys(some)] for some in wanted], became)

    asked = [k for subject in subjects for k in (*subject.names, *subject.values)]
    assert sorted(asked) == sorted({key(n) for some in wanted for n in some} - set(became))
    for subject in subjects:
        names, values = subject.slots()
        assert (len(names), len(values)) == (NAME_EVALUATIONS, VALUE_EVALUATIONS)


def test_coming_back_names_the_earlier_report_by_either_of_its_ids() -> None:
    by_inquiry = built(inquiry(inquiry_id="A-2", attempt_link="A-1")).open.codes.attempt
    by_report = built(inquiry(inquiry_id="A-2", attempt_link=str(report_id_for(REGISTER_KEY, "A-1"))))

    assert by_inquiry == by_report.open.codes.attempt == built(inquiry()).signed.header.report_id
    assert not built(inquiry()).open.codes.attempt


def test_what_leaves_of_a_file_is_checked_with_its_reports_own_key_alone() -> None:
    """Whoever is shown one file and its key can test no other report's file, nor guess at one without it."""
    file_hash = hashlib.sha256(b"the file").digest()
    one = built(inquiry(evidence_hash=file_hash.hex()))
    other = built(inquiry(inquiry_id="A-2", evidence_hash=file_hash.hex()))
    key = evidence_key(REGISTER_KEY, one.signed.header.report_id)

    assert one.open.codes.evidence == hmac.digest(key, file_hash, "sha256") != other.open.codes.evidence
    assert file_hash.hex().encode() not in encode(one)
