"""A sealed part opens with a second group's share and t trustees' parts, and with nothing less."""

import json
from base64 import b64encode
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn_protocol import assent_lock, kdf, match_lock
from cairn_protocol.assent_lock import AssentSecret, Label
from cairn_protocol.errors import BadCapsule, BadMessage, BadProof, BadSealedPart, BadShare, TooFewShares
from cairn_protocol.group import Scalar, encode_scalar, multiply_base
from cairn_protocol.kinds import Kind
from cairn_protocol.match_lock import GroupIndex
from cairn_protocol.messages.sealed import SIZES, Details, SealedPart, sealed_digest
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.sealing import check, open_part, seal
from cairn_protocol.sharing import Index
from cairn_protocol.tags import Lock
from tests.support.keys import key_shares, scalar, seed
from tests.support.openings import DETAILS, DOMAIN, EMAIL, PHONE, Ledger
from tests.support.reports import secret_of

VECTORS = Path(__file__).parent.parent / "vectors" / "messages"
FROZEN = json.loads((VECTORS / "sealed_part.json").read_text())
LABEL = Label(1, UUID("6a1e0c7e-52d1-8f3a-9b40-0d8f21c7e6b5"), "m03")
SEED = seed("sealed part")
OPENING = seed("opening")
SECRETS = sorted((secret_of(*key) for key in (PHONE, DOMAIN, EMAIL)), key=lambda secret: secret.tag)
LEDGER = Ledger()
SEALED = seal(DETAILS, LABEL, SECRETS, LEDGER.joint, SEED)
PARTS = {
    share.index: assent_lock.release(share, multiply_base(share.scalar), SEALED.capsule, LABEL, OPENING)
    for share in key_shares("assent")
}
SECRET = assent_lock.combine(SEALED.capsule, LABEL, OPENING, PARTS, LEDGER.assent_publics, 2)


def lock_of(at: int) -> Lock:
    lock = SECRETS[at].lock
    assert lock is not None
    return lock


def opened(at: int = 0, **changed: object) -> Details:
    told = {
        "sealed": SEALED,
        "at": at,
        "tag": SECRETS[at].tag,
        "label": LABEL,
        "a_0": lock_of(at).line.a_0,
        "secret": SECRET,
    }
    return open_part(**(told | changed))  # type: ignore[arg-type]


def changed(**fields: object) -> SealedPart:
    return msgspec.structs.replace(SEALED, **fields)


def test_the_bytes_never_change() -> None:
    """A firm that lost its register files the same bytes again; and what lies at a hub must open for years."""
    assert encode(SEALED).decode() == FROZEN["sealed"]
    assert SEALED.digest().hex() == FROZEN["digest"]
    frozen = decode(FROZEN["sealed"].encode(), SealedPart)
    assert open_part(frozen, 0, SECRETS[0].tag, LABEL, lock_of(0).line.a_0, SECRET) == DETAILS


@pytest.mark.parametrize("at", range(3))
def test_two_groups_that_share_any_of_its_values_and_two_trustees_open_it(at: int) -> None:
    line = lock_of(at).line
    shares = {GroupIndex(group): line.share_at(GroupIndex(group)) for group in (4, 9)}
    a_0 = match_lock.recover(shares, line.commitments())
    for trustees in ((1, 2), (1, 3), (3, 2)):
        parts = {Index(trustee): PARTS[Index(trustee)] for trustee in trustees}
        secret = assent_lock.combine(SEALED.capsule, LABEL, OPENING, parts, LEDGER.assent_publics, 2)
        assert opened(at, a_0=a_0, secret=secret) == DETAILS


def test_one_groups_share_opens_nothing_whatever_trustees_say() -> None:
    line = lock_of(0).line
    with pytest.raises(TooFewShares):
        match_lock.recover({GroupIndex(4): line.share_at(GroupIndex(4))}, line.commitments())
    with pytest.raises(BadSealedPart):
        opened(a_0=line.share_at(GroupIndex(4)))


def test_the_hub_with_a_member_that_knows_the_value_opens_nothing_without_assent() -> None:
    """They have the sealed part, every share and the line itself: the second lock is shut."""
    for guess in (bytes(32), seed("guess"), kdf.derive(encode_scalar(lock_of(0).line.a_0), kdf.Use.PAYLOAD)):
        with pytest.raises(BadSealedPart):
            opened(secret=AssentSecret(guess))


def test_one_trustee_less_than_t_opens_nothing_not_even_with_a_forged_part() -> None:
    one = {Index(1): PARTS[Index(1)]}
    with pytest.raises(TooFewShares):
        assent_lock.combine(SEALED.capsule, LABEL, OPENING, one, LEDGER.assent_publics, 2)
    forged = one | {Index(2): assent_lock.Part(multiply_base(5), PARTS[Index(2)].proof)}
    with pytest.raises(BadProof):
        assent_lock.combine(SEALED.capsule, LABEL, OPENING, forged, LEDGER.assent_publics, 2)


def test_a_share_of_another_groups_place_or_line_is_refused() -> None:
    line, other = lock_of(0).line, lock_of(1).line
    mixed = {GroupIndex(4): line.share_at(GroupIndex(4)), GroupIndex(9): other.share_at(GroupIndex(9))}
    moved = {GroupIndex(4): line.share_at(GroupIndex(4)), GroupIndex(9): line.share_at(GroupIndex(8))}
    for shares in (mixed, moved):
        with pytest.raises(BadShare):
            match_lock.recover(shares, line.commitments())


def test_the_line_of_one_value_does_not_open_at_anothers_place() -> None:
    with pytest.raises(BadSealedPart):
        opened(0, a_0=lock_of(1).line.a_0)
    with pytest.raises(BadSealedPart):
        opened(0, tag=SECRETS[1].tag)
    for at in (-1, 3):
        with pytest.raises(BadSealedPart):
            open_part(SEALED, at, SECRETS[0].tag, LABEL, lock_of(0).line.a_0, SECRET)


@pytest.mark.parametrize(
    "other",
    [
        Label(2, LABEL.report_id, "m03"),
        Label(1, UUID(int=1), "m03"),
        Label(1, LABEL.report_id, "m04"),
    ],
    ids=["epoch", "report", "member"],
)
def test_a_sealed_part_copied_into_another_report_does_not_open(other: Label) -> None:
    with pytest.raises(BadSealedPart):
        opened(label=other)
    with pytest.raises(BadCapsule):
        check(SEALED, SEALED.digest(), other, 3)


def test_any_change_is_refused_and_its_member_named() -> None:
    ciphertext = bytearray(SEALED.ciphertext)
    ciphertext[100] ^= 1
    changes = (
        changed(ciphertext=bytes(ciphertext)),
        changed(commitment=bytes(32)),
        changed(wraps=(SEALED.wraps[0], SEALED.wraps[2], SEALED.wraps[1])),
        changed(wraps=SEALED.wraps[::-1]),
    )
    for sealed in changes:
        with pytest.raises(BadSealedPart) as refused:
            opened(sealed=sealed)
        assert refused.value.culprit == "member:m03"
        assert sealed.digest() != SEALED.digest()


def test_a_text_is_one_whichever_value_opens_it() -> None:
    """A firm can't show one name to those who match its phone and another to those who match its domain.

    It wraps another inner key under the second line: there the commitment does not hold.
    """
    wrap = match_lock.wrap(seed("another inner key"), lock_of(1).line.a_0, LABEL.report_id, SECRETS[1].tag)
    two_faced = changed(wraps=(SEALED.wraps[0], wrap, SEALED.wraps[2]))
    with pytest.raises(BadSealedPart):
        opened(1, sealed=two_faced)


def test_the_locks_are_what_the_design_says() -> None:
    """design 4.3, 4.4, by hand: wrap under KDF(a_0, report id, tag); payload key = KDF(inner key, assent secret)."""
    label = LABEL.encoded()
    inner_keys = set()
    for at, secret in enumerate(SECRETS):
        line_key = kdf.derive(
            encode_scalar(lock_of(at).line.a_0), kdf.Use.MATCH_LOCK, LABEL.report_id.bytes, secret.tag
        )
        inner = match_lock.unwrap(SEALED.wraps[at], lock_of(at).line.a_0, LABEL.report_id, secret.tag)
        assert aes_key_wrap(line_key, inner) == SEALED.wraps[at]
        inner_keys.add(inner)
    (inner,) = inner_keys
    both = kdf.derive(inner + SECRET, kdf.Use.PAYLOAD, label, length=64)
    associated = kdf.prefixed(label, SEALED.capsule, *SEALED.wraps)
    plain = AESGCM(both[:32]).decrypt(bytes(12), SEALED.ciphertext, associated)
    assert decode(plain.rstrip(b" "), Details) == DETAILS
    assert both[32:] == SEALED.commitment


def test_the_same_report_gives_the_same_bytes_and_another_text_shares_no_key() -> None:
    assert seal(DETAILS, LABEL, SECRETS, LEDGER.joint, SEED) == SEALED
    corrected = seal(msgspec.structs.replace(DETAILS, city="Bursa"), LABEL, SECRETS, LEDGER.joint, SEED)
    assert corrected.capsule[:32] != SEALED.capsule[:32]
    assert not set(corrected.wraps) & set(SEALED.wraps)
    assert corrected.commitment != SEALED.commitment


texts = st.text(max_size=40)


@given(
    names=st.lists(texts, max_size=4).map(tuple),
    address=texts,
    phones=st.lists(texts, max_size=4).map(tuple),
    narrative=st.none() | st.text(max_size=6_000),
)
@settings(max_examples=40)
def test_whatever_was_typed_comes_back_and_only_its_size_class_shows(
    names: tuple[str, ...], address: str, phones: tuple[str, ...], narrative: str | None
) -> None:
    details = msgspec.structs.replace(
        DETAILS, names=names, address=address, phones=phones, narrative=narrative
    )
    if len(encode(details)) > SIZES[-1]:
        with pytest.raises(BadSealedPart):
            seal(details, LABEL, SECRETS[:1], LEDGER.joint, SEED)
        return
    sealed = seal(details, LABEL, SECRETS[:1], LEDGER.joint, SEED)
    parts = {
        share.index: assent_lock.release(share, multiply_base(share.scalar), sealed.capsule, LABEL, OPENING)
        for share in key_shares("assent")[:2]
    }
    secret = assent_lock.combine(sealed.capsule, LABEL, OPENING, parts, LEDGER.assent_publics, 2)
    assert open_part(sealed, 0, SECRETS[0].tag, LABEL, lock_of(0).line.a_0, secret) == details
    assert len(sealed.ciphertext) - 16 in SIZES
    check(sealed, sealed.digest(), LABEL, 1)


def test_a_short_and_a_long_name_are_of_one_length() -> None:
    short, long = (
        seal(msgspec.structs.replace(DETAILS, names=(name,)), LABEL, SECRETS, LEDGER.joint, SEED)
        for name in ("O", "O" * 300)
    )
    assert len(encode(short)) == len(encode(long))


def test_more_than_the_largest_size_is_refused_before_anything_is_sealed() -> None:
    endless = msgspec.structs.replace(DETAILS, narrative="\u4e2d" * 8_000, names=("\u4e2d" * 512,) * 16)
    with pytest.raises(BadSealedPart):
        seal(endless, LABEL, SECRETS, LEDGER.joint, SEED)


def test_a_report_without_a_lockable_key_has_no_sealed_part() -> None:
    """Nothing could ever open it by a match; and a name alone must not."""
    name = secret_of(Kind.NAME, "orkide teknik")
    for secrets in ([], [name], [SECRETS[0], name]):
        with pytest.raises(BadSealedPart):
            seal(DETAILS, LABEL, secrets, LEDGER.joint, SEED)


def test_the_hub_accepts_a_sealed_part_that_is_the_headers_own() -> None:
    check(SEALED, SEALED.digest(), LABEL, 3)


def test_the_hub_refuses_what_nobody_could_open() -> None:
    unpadded = changed(ciphertext=SEALED.ciphertext[:-1])
    foreign = seal(DETAILS, Label(1, UUID(int=1), "m03"), SECRETS, LEDGER.joint, SEED)
    cases = [
        (SEALED, None, 3, BadSealedPart),
        (SEALED, seed("another digest"), 3, BadSealedPart),
        (SEALED, SEALED.digest(), 2, BadSealedPart),
        (SEALED, SEALED.digest(), 4, BadSealedPart),
        (unpadded, unpadded.digest(), 3, BadSealedPart),
        (foreign, foreign.digest(), 3, BadCapsule),
    ]
    for sealed, digest, lockable, error in cases:
        with pytest.raises(error) as refused:
            check(sealed, digest, LABEL, lockable, culprit="member:m03")
        assert refused.value.culprit == "member:m03"


def test_a_trustee_checks_a_capsule_against_the_header_without_the_sealed_part() -> None:
    assert sealed_digest(SEALED.capsule, SEALED.body_digest()) == SEALED.digest()
    other = seal(DETAILS, LABEL, SECRETS, LEDGER.joint, seed("other"))
    assert sealed_digest(other.capsule, SEALED.body_digest()) != SEALED.digest()


def test_no_name_shows_in_a_repr_nor_in_what_is_sent() -> None:
    assert repr(DETAILS) == "Details(...)"
    sent = encode(SEALED)
    for value in (DETAILS.names[0], DETAILS.phones[0], DETAILS.city):
        assert value.encode() not in sent and b64encode(value.encode()) not in sent
        assert value not in repr(SEALED)


def test_details_in_another_than_their_canonical_form_are_refused() -> None:
    for wrong in (encode(DETAILS).replace(b'"city"', b'"town"'), encode(DETAILS) + b" ", b"{}"):
        with pytest.raises(BadMessage):
            decode(wrong, Details)
    with pytest.raises(BadMessage):
        decode(encode(changed(wraps=())), SealedPart)
    with pytest.raises(BadMessage):
        decode(encode(changed(capsule=bytes(127))), SealedPart)


def test_a_wrap_is_for_one_report_and_one_tag() -> None:
    a_0, tag, key = scalar("a_0"), seed("tag"), seed("inner key")
    wrap = match_lock.wrap(key, a_0, UUID(int=1), tag)
    assert match_lock.unwrap(wrap, a_0, UUID(int=1), tag) == key
    others: list[tuple[bytes, Scalar, UUID, bytes]] = [
        (wrap, scalar("a_1"), UUID(int=1), tag),
        (wrap, a_0, UUID(int=2), tag),
        (wrap, a_0, UUID(int=1), seed("another tag")),
        (wrap[:-1] + b"\0", a_0, UUID(int=1), tag),
        (wrap[:32], a_0, UUID(int=1), tag),
    ]
    for other in others:
        with pytest.raises(BadSealedPart) as refused:
            match_lock.unwrap(*other, culprit="member:m03")
        assert refused.value.culprit == "member:m03"
