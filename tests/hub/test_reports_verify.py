"""What a report must be before anything of it is kept: each bad input has its own slug and culprit."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from cairn_protocol.codes import red_flags
from cairn_protocol.errors import ProtocolError
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.report import Header, Report, SignedHeader, sign_header
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.tags import key_digest
from hub.reports.verify import VerifiedReport, latest_week, verify, verify_all
from tests.support.reports import NOW, Firm, firm, genesis, open_codes, secret_of, seed

ALDER, BIRCH = firm("alder", 1), firm("birch", 2)
PHONE, EMAIL = (Kind.PHONE, "+905550100199"), (Kind.EMAIL, "buy@orkide.example")
GENESIS = genesis()

LOCAL_ONLY = next(flag.code for flag in red_flags().flags if flag.local_only)

replace = msgspec.structs.replace


def a_report(**told: Any) -> Report:
    return ALDER.report(PHONE, EMAIL, (Kind.NAME, "orkide"), **told)


def signed_again(report: Report, by: Firm = ALDER, **changed: Any) -> Report:
    """The report with a changed header, its claims made anew by whoever knows the values."""
    header = replace(report.signed.header, **changed)
    claims = tuple(
        secret.lock.claim(header.digest())
        for key in header.lockable()
        for secret in (secret_of(*EMAIL), secret_of(*PHONE))
        if secret.lock is not None and secret.lock.claim_key == key.claim_key
    )
    return replace(report, signed=sign_header(header, claims, by.key))


def with_header(report: Report, header: Header) -> Report:
    return replace(
        report, signed=SignedHeader(header=header, claims=report.signed.claims, signature=bytes(64))
    )


def test_a_report_as_a_firm_makes_it_is_verified() -> None:
    verified = verify(a_report(), ALDER.entry, GENESIS, NOW)

    assert verified.digest == a_report().signed.digest()
    assert len(verified.tags) == len(verified.header.keys)


def test_only_verify_makes_a_verified_report() -> None:
    verified = verify(a_report(), ALDER.entry, GENESIS, NOW)

    with pytest.raises(TypeError):
        VerifiedReport(verified.report, verified.digest, verified.leaf_hash, verified.tags, made_by=None)


def with_codes(**changed: Any) -> Report:
    report = a_report()
    part = replace(report.open, codes=open_codes(**changed))
    return replace(signed_again(report, open_digest=part.digest()), open=part)


def swapped_claims() -> Report:
    report = a_report()
    claims = tuple(reversed(report.signed.claims))
    return replace(report, signed=sign_header(report.signed.header, claims, ALDER.key))


def identity_commitment() -> Report:
    """A phone whose line goes through the identity point, with a tag that follows from it."""
    report = a_report()
    keys = [
        replace(key, line=(bytes(32), key.line[1])) if key.line else key for key in report.signed.header.keys
    ]
    return signed_again(report, keys=tuple(keys))


def tag_of_another_card_key() -> Report:
    report = a_report()
    return replace(report, card_keys=(seed("another"), *report.card_keys[1:]))


BAD: dict[str, tuple[str, Callable[[], Report]]] = {
    "another member's": ("wrong-member", lambda: signed_again(a_report(), member="birch")),
    "another epoch": ("wrong-epoch", lambda: a_report(epoch=2)),
    "another normaliser": ("wrong-normaliser", lambda: a_report(normaliser=bytes(32))),
    "a week to come": ("future-week", lambda: a_report(week="2031-W01")),
    "a week that its year lacks": ("bad-message", lambda: a_report(week="2025-W53")),
    "keys out of order": (
        "bad-message",
        lambda: signed_again(a_report(), keys=tuple(reversed(a_report().signed.header.keys))),
    ),
    "a fuzzy key less": (
        "bad-message",
        lambda: signed_again(a_report(), keys=a_report().signed.header.keys[:-1]),
    ),
    "a card key less": ("bad-message", lambda: replace(a_report(), card_keys=a_report().card_keys[1:])),
    "a share less": ("bad-message", lambda: replace(a_report(), shares=a_report().shares[1:])),
    "a claim less": (
        "bad-message",
        lambda: replace(
            a_report(), signed=sign_header(a_report().signed.header, a_report().signed.claims[1:], ALDER.key)
        ),
    ),
    "another OPEN part": ("bad-message", lambda: replace(a_report(), open=a_report(country="CN").open)),
    "an unknown country": ("unknown-code", lambda: with_codes(country="QQ")),
    "an unknown flag": ("unknown-code", lambda: with_codes(red_flags=("RF-XXX-99",))),
    "a flag that stays at the firm": ("unknown-code", lambda: with_codes(red_flags=(LOCAL_ONLY,))),
    "an unknown family": ("unknown-code", lambda: with_codes(family="FAM-NONE")),
    "an unknown list version": ("unknown-code", lambda: with_codes(items_version="9.9.9")),
    "flags out of order": ("bad-message", lambda: with_codes(red_flags=("RF-LOG-01", "RF-ENU-01"))),
    "two numbers for one item": ("bad-message", lambda: with_codes(eccn="2B230", hs6="854231")),
    "a tag of another card key": ("bad-tag", tag_of_another_card_key),
    "a signature by another": ("bad-signature", lambda: signed_again(a_report(), by=BIRCH)),
    "a share off its line": (
        "bad-share",
        lambda: replace(a_report(), shares=(a_report().shares[1], a_report().shares[0])),
    ),
    "a share at another group's place": ("bad-share", lambda: replace(a_report(), shares=_shares_at(7))),
    "a share that is no scalar": (
        "bad-scalar",
        lambda: replace(a_report(), shares=(b"\xff" * 32, a_report().shares[1])),
    ),
    "a claim by another key": ("bad-claim", swapped_claims),
    "the identity as a commitment": ("bad-element", identity_commitment),
}


def _shares_at(place: int) -> tuple[bytes, ...]:
    return firm("elsewhere", place).report(PHONE, EMAIL, (Kind.NAME, "orkide")).shares


@pytest.mark.parametrize("case", BAD)
def test_a_bad_report_is_refused_by_its_slug_and_names_its_sender(case: str) -> None:
    slug, make = BAD[case]

    with pytest.raises(ProtocolError) as refused:
        verify(make(), ALDER.entry, GENESIS, NOW)

    assert (refused.value.slug, refused.value.culprit) == (slug, "member:alder")


def test_a_tag_can_not_be_claimed_with_another_line() -> None:
    """4.2: a right tag can't carry a wrong line: with another line it is another tag."""
    key = next(key for key in a_report().signed.header.keys if key.kind is Kind.PHONE)
    assert key.line is not None

    assert replace(key, line=(key.line[1], key.line[0])).tag(1) != key.tag(1)
    assert key_digest(secret_of(*PHONE).card_key) == key.key_digest


def test_a_batch_is_judged_one_by_one_in_its_order() -> None:
    good, bad = a_report(), a_report(week="2031-W01")

    verdicts = verify_all([good, bad, *[good] * 20], ALDER.entry, GENESIS, NOW)

    assert [getattr(verdict, "slug", "good") for verdict in verdicts] == [
        "good",
        "future-week",
        *["good"] * 20,
    ]


def test_a_week_begins_where_clocks_are_earliest() -> None:
    """Monday of W02 of 2026 begins on 4 January, 10:00 UTC, on Kiritimati."""
    assert latest_week(1_767_520_799) == "2026-W01"
    assert latest_week(1_767_520_800) == "2026-W02"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw.replace(b'"epoch":1', b'"epoch": 1'),
        lambda raw: raw + b"\n",
        lambda raw: raw[:-1] + b',"zzz":1}',
        lambda raw: raw.replace(b'"revision":1', b'"revision":1.0'),
        lambda raw: raw.replace(b'"sealed":null', b'"sealed":{}'),
    ],
)
def test_other_bytes_of_the_same_content_are_no_report(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ProtocolError) as refused:
        decode(spoil(encode(a_report())), Report)

    assert refused.value.slug == "bad-message"


def test_a_place_may_be_a_subregion_and_terms_may_be_the_ones_before() -> None:
    """What a firm built before it took up new terms is still accepted: it may have to send it again (G7)."""
    verify(a_report(coded={"party_country": "145"}), ALDER.entry, GENESIS, NOW)
    verify(a_report(coded={"terms_version": "1.1.0"}), ALDER.entry, GENESIS, NOW)
    for wrong in ({"party_country": "999"}, {"terms_version": "1.0.0"}):
        with pytest.raises(ProtocolError) as refused:
            verify(a_report(coded=wrong), ALDER.entry, GENESIS, NOW)
        assert refused.value.slug == "unknown-code"
