"""What a message says beyond its shape: counts, order, padding and digests that must fit each other."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from cairn_protocol.errors import BadMessage, BadSignature, BadTag
from cairn_protocol.kinds import FUZZY_COUNT, LOCKABLE, NAME_EVALUATIONS, VALUE_EVALUATIONS, Kind
from cairn_protocol.match_lock import GroupIndex, check_share
from cairn_protocol.messages.log import (
    Entries,
    LogEntry,
    check_entry,
    content_digest,
    hash_of,
    leaf_data,
)
from cairn_protocol.messages.report import (
    Caveat,
    Handling,
    Header,
    HeaderKey,
    Report,
    SignedHeader,
    Tlp,
    check_shape,
    header_order,
    sign_header,
)
from cairn_protocol.messages.trustee import Evaluate, check_padding
from cairn_protocol.messages.wire import encode
from cairn_protocol.tags import check_claim, derive, key_digest
from cairn_protocol.voprf import Output
from tests.support.keys import public, seed, signing_key
from tests.support.messages import example_of

replace = msgspec.structs.replace
REPORT = example_of(Report)
HEADER = example_of(Header)
SIGNED = example_of(SignedHeader)


def header_key(kind: Kind, at: int) -> HeaderKey:
    """A match key of any kind, all of it in order."""
    secret = derive(Output(seed(kind, at) * 2), kind, 1)
    lock = secret.lock
    return HeaderKey(
        kind=kind,
        key_digest=key_digest(secret.card_key),
        line=lock.commitments if lock else None,
        claim_key=lock.claim_key if lock else None,
    )


def with_keys(keys: list[HeaderKey]) -> Header:
    return replace(HEADER, keys=tuple(sorted(keys, key=header_order)))


def fuzzy() -> list[HeaderKey]:
    return [header_key(kind, at) for kind, count in FUZZY_COUNT.items() for at in range(count)]


NAME = header_key(Kind.NAME, 0)


def shape_refused(header: Header) -> None:
    with pytest.raises(BadMessage) as error:
        check_shape(header, culprit="member:m00")
    assert error.value.culprit == "member:m00"


# A report's shape


def test_a_report_has_its_name_its_fuzzy_keys_and_up_to_four_values_and_two_transactions() -> None:
    check_shape(HEADER)
    values = [header_key(kind, 0) for kind in LOCKABLE[:4]]
    transactions = [header_key(Kind.TRANSACTION, at) for at in (0, 1)]
    for name in (NAME, header_key(Kind.NAME_COMMON, 0)):
        check_shape(with_keys([name, *fuzzy()]))
        check_shape(with_keys([name, *fuzzy(), *values, *transactions]))
    check_shape(with_keys([NAME, *fuzzy(), *[header_key(Kind.PHONE, at) for at in range(4)]]))
    assert len(with_keys([NAME, *fuzzy()]).keys) == NAME_EVALUATIONS


@pytest.mark.parametrize(
    "keys",
    [
        fuzzy(),
        [NAME, header_key(Kind.NAME_COMMON, 0), *fuzzy()],
        [NAME, header_key(Kind.NAME, 1), *fuzzy()],
        [NAME, *fuzzy()[1:]],
        [NAME, *fuzzy(), header_key(Kind.EDIT, 99)],
        [NAME, *fuzzy(), header_key(Kind.ADDRESS, 99)],
        [NAME, *fuzzy(), *[header_key(Kind.PHONE, at) for at in range(5)]],
        [NAME, *fuzzy(), *[header_key(kind, 0) for kind in LOCKABLE[:5]]],
        [NAME, *fuzzy(), *[header_key(Kind.TRANSACTION, at) for at in range(3)]],
        [],
    ],
    ids=[
        "no name",
        "two kinds of name",
        "two names",
        "one fuzzy key less",
        "one more",
        "one more address",
        "five phones",
        "five values",
        "three transactions",
        "no key",
    ],
)
def test_another_number_of_keys_is_refused(keys: list[HeaderKey]) -> None:
    """Else a report's shape would tell of its content, and one report could fill the index."""
    shape_refused(with_keys(keys))


def test_keys_out_of_order_or_twice_are_refused() -> None:
    """Else one report had many forms, and a key twice could count twice."""
    keys = list(HEADER.keys)
    shape_refused(replace(HEADER, keys=tuple(keys[::-1])))
    shape_refused(replace(HEADER, keys=(keys[1], keys[0], *keys[2:])))
    shape_refused(replace(HEADER, keys=(keys[0], *keys)))
    phone = header_key(Kind.PHONE, 0)
    disguised = replace(phone, line=header_key(Kind.PHONE, 1).line)  # the same H(K) with another line
    shape_refused(with_keys([NAME, *fuzzy(), phone, disguised]))


def handled(*caveats: Caveat, until: str | None = None) -> Header:
    return replace(HEADER, handling=Handling(tlp=Tlp.AMBER, caveats=caveats, embargo_until=until))


def test_handling_has_one_form() -> None:
    check_shape(handled())
    check_shape(handled(Caveat.EMBARGO_UNTIL, Caveat.NO_GOV, until="2026-W50"))
    shape_refused(handled(Caveat.NO_GOV, Caveat.NO_FOREIGN_GOV))
    shape_refused(handled(Caveat.NO_GOV, Caveat.NO_GOV))
    shape_refused(handled(Caveat.EMBARGO_UNTIL))
    shape_refused(handled(Caveat.NO_GOV, until="2026-W50"))


def test_the_first_revision_supersedes_nothing_and_every_later_one_something() -> None:
    check_shape(replace(HEADER, revision=1, supersedes=None))
    shape_refused(replace(HEADER, revision=1))
    shape_refused(replace(HEADER, supersedes=None))


def test_a_key_whose_line_does_not_belong_to_its_kind_has_no_tag() -> None:
    lockable, name = header_key(Kind.VAT, 0), header_key(Kind.NAME, 0)
    for key in (
        replace(lockable, line=None),
        replace(lockable, claim_key=None),
        replace(name, line=lockable.line, claim_key=lockable.claim_key),
    ):
        with pytest.raises(BadTag):
            key.tag(1)
        with pytest.raises(BadTag):
            replace(HEADER, keys=(key,)).tags()


def test_a_report_is_consistent_in_all_that_the_hub_checks() -> None:
    """The frozen example is one that a hub takes: signature, claims, shares, card keys, OPEN part."""
    report = REPORT
    header = report.signed.header
    report.signed.check(public(signing_key("m00")))
    assert report.open.digest() == header.open_digest
    assert [key_digest(report.card_key(at)) for at in range(len(header.keys))] == [
        key.key_digest for key in header.keys
    ]
    lockable = header.lockable()
    assert len(lockable) == len(report.shares) == len(report.signed.claims) == 1
    for key, share, claim in zip(lockable, report.shares, report.signed.claims, strict=True):
        assert key.line is not None and key.claim_key is not None
        check_share(int.from_bytes(share, "little"), GroupIndex(1), key.line)  # type: ignore[arg-type]
        check_claim(claim, key.claim_key, header.digest())


# The member's signature


def changed_header(**changed: Any) -> SignedHeader:
    return replace(SIGNED, header=replace(HEADER, **changed))


def test_a_signed_header_is_its_members_and_nobody_elses() -> None:
    SIGNED.check(public(signing_key("m00")))
    with pytest.raises(BadSignature) as error:
        SIGNED.check(public(signing_key("m01")))
    assert error.value.culprit == "member:m00"


@pytest.mark.parametrize(
    "change",
    [
        lambda: changed_header(week="2026-W38"),
        lambda: changed_header(epoch=2),
        lambda: changed_header(open_digest=seed("other codes")),
        lambda: changed_header(keys=HEADER.keys[1:]),
        lambda: replace(SIGNED, claims=()),
        lambda: replace(SIGNED, claims=(*SIGNED.claims, SIGNED.claims[0])),
        lambda: replace(SIGNED, claims=(bytes(64),)),
    ],
    ids=["week", "epoch", "codes", "keys", "no claim", "claim twice", "another claim"],
)
def test_whatever_of_header_or_claims_is_changed_breaks_the_signature(
    change: Callable[[], SignedHeader],
) -> None:
    """Claims are signed with the header, so nobody takes one off a report or puts one on."""
    with pytest.raises(BadSignature):
        change().check(public(signing_key("m00")))


def test_the_digest_of_a_signed_report_covers_header_claims_and_signature() -> None:
    digests = {
        signed.digest()
        for signed in (
            SIGNED,
            changed_header(week="2026-W38"),
            replace(SIGNED, claims=(bytes(64),)),
            replace(SIGNED, signature=bytes(64)),
        )
    }
    assert len(digests) == 4
    assert sign_header(HEADER, SIGNED.claims, signing_key("m00")) == SIGNED


def test_the_salt_hides_the_codes_from_who_sees_the_header() -> None:
    assert replace(REPORT.open, salt=bytes(16)).digest() != REPORT.open.digest()


# What trustees are asked


def test_a_request_for_evaluation_is_padded_to_its_subjects_exactly() -> None:
    asked = example_of(Evaluate)
    check_padding(asked)
    check_padding(replace(asked, subjects=2, names=asked.names * 2, values=asked.values * 2))
    assert (len(asked.names), len(asked.values)) == (NAME_EVALUATIONS, VALUE_EVALUATIONS) == (26, 6)
    for wrong in (
        replace(asked, subjects=2),
        replace(asked, names=asked.names[1:]),
        replace(asked, values=(*asked.values, asked.values[0])),
        replace(asked, names=asked.names[6:], values=asked.values * 2),  # as many, under other keys
    ):
        with pytest.raises(BadMessage) as error:
            check_padding(wrong, culprit="member:m00")
        assert error.value.culprit == "member:m00"


# What stands in the log


def test_a_leaf_has_its_content_but_for_reports() -> None:
    genesis, act, report = example_of(Entries).entries
    for entry in (genesis, act, report):
        check_entry(entry)
    for wrong in (
        replace(act, content=None),
        replace(report, content=b""),
        replace(act, content=genesis.content),
        replace(act, digest=genesis.digest),
        replace(act, content=b""),
    ):
        with pytest.raises(BadMessage) as error:
            check_entry(wrong, culprit="hub")
        assert error.value.culprit == "hub"


def test_a_leafs_kind_is_part_of_its_hash() -> None:
    """Else a report's digest could be shown as a revocation's."""
    entry: LogEntry = example_of(Entries).entries[1]
    assert entry.content is not None and content_digest(entry.content) == entry.digest
    hashes = {hash_of(kind, entry.digest) for kind in type(entry.kind)}
    assert len(hashes) == len(type(entry.kind))
    assert leaf_data(entry.kind, entry.digest) == b"roster\0" + entry.digest
    assert entry.digest != content_digest(encode(example_of(Entries)))
