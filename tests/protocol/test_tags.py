"""A right tag can't carry a wrong line, claim key or card key, and a claim fits one header of one value."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol import kdf
from cairn_protocol.errors import BadClaim, BadTag
from cairn_protocol.group import multiply_base
from cairn_protocol.kdf import Use
from cairn_protocol.kinds import LOCKABLE, Kind, is_lockable
from cairn_protocol.match_lock import GroupIndex
from cairn_protocol.tags import (
    CardKey,
    HeaderDigest,
    Lock,
    MatchSecret,
    check_claim,
    derive,
    key_digest,
    tag_of,
)
from cairn_protocol.voprf import Output
from tests.support.keys import seed

FROZEN = json.loads((Path(__file__).parent.parent / "vectors" / "cairn_tags.json").read_text())
Y = Output(bytes(range(64)))
HEADER = HeaderDigest(seed("header"))

outputs = st.binary(min_size=64, max_size=64).map(Output)


def lock_of(secret: MatchSecret) -> Lock:
    assert secret.lock is not None
    return secret.lock


def retagged(secret: MatchSecret, **changed: object) -> bytes:
    """The tag of a header key like the secret's, but for what is changed."""
    lock = secret.lock
    told = {
        "kind": secret.kind,
        "epoch": 1,
        "card_key_digest": key_digest(secret.card_key),
        "commitments": lock.commitments if lock else None,
        "claim_key": lock.claim_key if lock else None,
    }
    return tag_of(**(told | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize("frozen", FROZEN["derived"], ids=lambda frozen: frozen["kind"])
def test_what_follows_from_an_output_never_changes(frozen: dict[str, str]) -> None:
    """Firms of every version must meet: other bytes here split the network."""
    secret = derive(Output(bytes.fromhex(FROZEN["y"])), Kind(frozen["kind"]), FROZEN["epoch"])
    derived = {
        "kind": secret.kind.value,
        "card_key": secret.card_key.hex(),
        "key_digest": key_digest(secret.card_key).hex(),
        "tag": secret.tag.hex(),
    }
    if secret.lock is not None:
        derived |= {
            "c_0": secret.lock.commitments[0].hex(),
            "c_1": secret.lock.commitments[1].hex(),
            "claim_key": secret.lock.claim_key.hex(),
            "claim": secret.lock.claim(HeaderDigest(bytes.fromhex(FROZEN["header_digest"]))).hex(),
            "share_at_7": secret.lock.line.share_at(GroupIndex(7)).to_bytes(32, "little").hex(),
        }
    assert derived == frozen


def test_a_tag_is_the_hash_that_the_design_says() -> None:
    """design.md 4.2, by hand: H(label, epoch, kind, C_0, C_1, V, H(K))."""
    secret = derive(Y, Kind.PHONE, 3)
    lock = lock_of(secret)
    parts = [(3).to_bytes(4, "big"), b"phone", *lock.commitments, lock.claim_key, key_digest(secret.card_key)]
    by_hand = b"cairn/v1/tag" + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    assert secret.tag == hashlib.sha512(by_hand).digest()[:32]


@given(y=outputs, kind=st.sampled_from(Kind), epoch=st.integers(1, 2**31))
def test_everyone_who_evaluates_a_value_derives_the_same(y: Output, kind: Kind, epoch: int) -> None:
    one, other = derive(y, kind, epoch), derive(y, kind, epoch)
    assert one == other and one.tag == retagged(one, epoch=epoch)
    assert (one.lock is not None) == is_lockable(kind) == (kind in LOCKABLE)


def test_kind_epoch_and_value_each_give_another_tag_card_key_line_and_claim_key() -> None:
    secrets = [
        derive(Y, Kind.PHONE, 1),
        derive(Y, Kind.EMAIL, 1),
        derive(Y, Kind.PHONE, 2),
        derive(Output(Y[::-1]), Kind.PHONE, 1),
    ]
    assert len({secret.tag for secret in secrets}) == 4
    assert len({secret.card_key for secret in secrets}) == 4
    assert len({lock_of(secret).line.a_0 for secret in secrets}) == 4
    assert len({lock_of(secret).claim_key for secret in secrets}) == 4


def test_a_change_of_anything_the_tag_is_made_of_changes_it() -> None:
    """The first to file a value can't poison its tag: with other commitments it is another tag."""
    secret = derive(Y, Kind.PHONE, 1)
    c_0, c_1 = lock_of(secret).commitments
    other = multiply_base(9)
    changed = [
        retagged(secret, kind=Kind.EMAIL),
        retagged(secret, epoch=2),
        retagged(secret, card_key_digest=key_digest(derive(Y, Kind.EMAIL, 1).card_key)),
        retagged(secret, commitments=(other, c_1)),
        retagged(secret, commitments=(c_0, other)),
        retagged(secret, commitments=(c_1, c_0)),
        retagged(secret, claim_key=seed("another claim key")),
    ]
    assert len({secret.tag, *changed}) == 8


def test_a_line_and_a_claim_key_belong_to_lockable_kinds_and_only_to_them() -> None:
    lockable, name = derive(Y, Kind.VAT, 1), derive(Y, Kind.NAME, 1)
    lock = lock_of(lockable)
    for secret, changed in (
        (lockable, {"commitments": None}),
        (lockable, {"claim_key": None}),
        (lockable, {"commitments": None, "claim_key": None}),
        (name, {"commitments": lock.commitments}),
        (name, {"claim_key": lock.claim_key}),
        (name, {"commitments": lock.commitments, "claim_key": lock.claim_key}),
    ):
        with pytest.raises(BadTag):
            retagged(secret, **changed)


def test_a_claim_holds_for_its_header_and_its_value_alone() -> None:
    lock = lock_of(derive(Y, Kind.LEI, 1))
    claim = lock.claim(HEADER)
    check_claim(claim, lock.claim_key, HEADER)
    another = lock_of(derive(Output(Y[::-1]), Kind.LEI, 1))
    for wrong_claim, key, header in (
        (claim, lock.claim_key, HeaderDigest(seed("another header"))),
        (claim, another.claim_key, HEADER),
        (another.claim(HEADER), lock.claim_key, HEADER),
        (claim[:63] + bytes([claim[63] ^ 1]), lock.claim_key, HEADER),
        (claim[:63], lock.claim_key, HEADER),
        (b"", lock.claim_key, HEADER),
        (claim, lock.claim_key[:31], HEADER),
    ):
        with pytest.raises(BadClaim) as refused:
            check_claim(wrong_claim, key, header, culprit="member:m01")
        assert refused.value.culprit == "member:m01"


def test_a_bare_signature_of_a_headers_digest_is_no_claim() -> None:
    lock = lock_of(derive(Y, Kind.LEI, 1))
    bare = Ed25519PrivateKey.from_private_bytes(lock.claim_seed).sign(HEADER)
    with pytest.raises(BadClaim):
        check_claim(bare, lock.claim_key, HEADER)


def test_the_card_key_is_not_what_the_header_says_of_it() -> None:
    """Trustees and the hub's tables see H(K) only; K opens cards."""
    secret = derive(Y, Kind.NAME, 1)
    assert key_digest(secret.card_key) == kdf.digest(Use.KEY_DIGEST, secret.card_key) != secret.card_key
    assert key_digest(replace(secret, card_key=CardKey(seed("other"))).card_key) != key_digest(
        secret.card_key
    )


def test_secrets_are_in_no_repr() -> None:
    secret = derive(Y, Kind.PHONE, 1)
    shown = repr(secret)
    lock = lock_of(secret)
    for hidden in (repr(secret.card_key), repr(lock.claim_seed), str(lock.line.a_0), str(lock.line.a_1)):
        assert hidden not in shown
