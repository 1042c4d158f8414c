"""Any t trustees give the secret back, fewer give nothing, and a capsule is good for its own report alone."""

import json
from itertools import combinations
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn_protocol.assent_lock import (
    CAPSULE_BYTES,
    Label,
    Part,
    check,
    combine,
    release,
    seal,
)
from cairn_protocol.errors import (
    BadCapsule,
    BadElement,
    BadProof,
    BadScalar,
    ProtocolError,
    TooFewShares,
)
from cairn_protocol.group import (
    BASE,
    IDENTITY,
    ORDER,
    Element,
    add,
    encode_scalar,
    expand_message_xmd,
    hash_to_group,
    multiply,
    multiply_base,
)
from cairn_protocol.sharing import Index
from cairn_protocol.voprf import PublicShare
from tests.support.keys import key_shares, scalar, seed

FROZEN = json.loads((Path(__file__).parent.parent / "vectors" / "messages" / "assent_lock.json").read_text())
LABEL = Label(1, UUID(int=7), "m03")
OPENING = seed("opening")
SEED = seed("capsule")


def trustees(n: int, t: int) -> tuple[Element, dict[Index, PublicShare]]:
    """The joint key and its public shares."""
    shares = key_shares("assent", n, t)
    publics = {
        share.index: PublicShare(share.index, multiply_base(share.scalar), f"trustee:t{share.index}")
        for share in shares
    }
    return multiply_base(scalar("joint key", "assent", 0)), publics


def parts_of(
    capsule: bytes, n: int, t: int, label: Label = LABEL, opening: bytes = OPENING
) -> dict[Index, Part]:
    publics = trustees(n, t)[1]
    return {
        share.index: release(share, publics[share.index].element, capsule, label, opening)
        for share in key_shares("assent", n, t)
    }


JOINT, PUBLICS = trustees(3, 2)
CAPSULE, SECRET = seal(JOINT, LABEL, SEED)
PARTS = parts_of(CAPSULE, 3, 2)


def by_hand(capsule: bytes, label: Label) -> bool:
    """The check of Shoup and Gennaro, written down once more: e = H(label, u, u', fB - eu, fB' - eu')."""
    second = hash_to_group(b"second base", b"cairn/v1/assent-generator")
    u, u_second = Element(capsule[:32]), Element(capsule[32:64])
    e, f = (int.from_bytes(capsule[at : at + 32], "little") for at in (64, 96))
    w = add(multiply(f, BASE), multiply(ORDER - e, u))
    w_second = add(multiply(f, second), multiply(ORDER - e, u_second))
    parts = [label.epoch.to_bytes(4, "big"), label.report_id.bytes, label.member.encode()]
    sized = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    text = b"".join(len(part).to_bytes(4, "big") + part for part in (sized, u, u_second, w, w_second))
    digest = expand_message_xmd(text, b"cairn/v1/assent-challenge")
    return int.from_bytes(digest, "little") % ORDER == e


def test_the_bytes_never_change() -> None:
    """Capsules lie at hubs for years: other bytes here could not be opened any more."""
    label = Label(FROZEN["epoch"], UUID(FROZEN["report_id"]), FROZEN["member"])
    capsule, secret = seal(Element(bytes.fromhex(FROZEN["joint"])), label, bytes.fromhex(FROZEN["seed"]))
    assert (capsule.hex(), secret.hex()) == (FROZEN["capsule"], FROZEN["secret"])


def test_a_frozen_part_still_opens() -> None:
    """Parts have fresh randomness, so one set of them is kept."""
    label = Label(FROZEN["epoch"], UUID(FROZEN["report_id"]), FROZEN["member"])
    parts = {
        Index(int(at)): Part(bytes.fromhex(part["element"]), bytes.fromhex(part["proof"]))
        for at, part in FROZEN["parts"].items()
    }
    capsule, opening = bytes.fromhex(FROZEN["capsule"]), bytes.fromhex(FROZEN["opening"])
    assert combine(capsule, label, opening, parts, PUBLICS, 2).hex() == FROZEN["secret"]


@pytest.mark.parametrize(("n", "t"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (5, 5)])
def test_any_t_trustees_give_the_secret_of_the_whole_key(n: int, t: int) -> None:
    joint, publics = trustees(n, t)
    capsule, secret = seal(joint, LABEL, SEED)
    parts = parts_of(capsule, n, t)
    for some in combinations(parts, t):
        assert combine(capsule, LABEL, OPENING, {at: parts[at] for at in some}, publics, t) == secret


def test_fewer_than_t_trustees_give_nothing() -> None:
    for some in ({}, {Index(2): PARTS[Index(2)]}, {Index(9): PARTS[Index(1)], Index(2): PARTS[Index(2)]}):
        with pytest.raises(TooFewShares):
            combine(CAPSULE, LABEL, OPENING, some, PUBLICS, 2)


def test_a_capsule_agrees_with_the_papers_check_written_by_hand() -> None:
    assert by_hand(CAPSULE, LABEL) and check(CAPSULE, LABEL) == CAPSULE[:32]
    assert not by_hand(CAPSULE, Label(2, UUID(int=7), "m03"))


@given(
    st.integers(1, 2**31),
    st.uuids(),
    st.text("abcdefghij0123456789-", min_size=1, max_size=32),
    st.binary(min_size=32, max_size=32),
)
@settings(max_examples=30)
def test_every_capsule_opens_by_its_own_label(epoch: int, report_id: UUID, member: str, drawn: bytes) -> None:
    label = Label(epoch, report_id, member)
    capsule, secret = seal(JOINT, label, drawn)
    assert len(capsule) == CAPSULE_BYTES and by_hand(capsule, label)
    parts = parts_of(capsule, 3, 2, label)
    assert combine(capsule, label, OPENING, parts, PUBLICS, 2) == secret


@pytest.mark.parametrize(
    "other",
    [Label(2, UUID(int=7), "m03"), Label(1, UUID(int=8), "m03"), Label(1, UUID(int=7), "m04")],
    ids=["epoch", "report", "member"],
)
def test_a_capsule_copied_into_another_report_is_refused_before_a_share_touches_it(other: Label) -> None:
    """Else a firm that has a quorum of its own could have anybody's capsule decrypted."""
    for act in (
        lambda: check(CAPSULE, other, culprit="member:m04"),
        lambda: release(key_shares("assent")[0], JOINT, CAPSULE, other, OPENING, culprit="member:m04"),
    ):
        with pytest.raises(BadCapsule) as refused:
            act()
        assert refused.value.culprit == "member:m04"
    with pytest.raises(BadCapsule):
        combine(CAPSULE, other, OPENING, PARTS, PUBLICS, 2)


def test_a_blinded_copy_of_a_capsule_can_not_be_proven() -> None:
    """u + B under another label: its maker does not know the randomness, and has no proof of it."""
    own, _ = seal(JOINT, Label(1, UUID(int=8), "m04"), seed("thief"))
    shifted = add(Element(CAPSULE[:32]), BASE) + CAPSULE[32:]
    spliced = CAPSULE[:64] + own[64:]
    for mauled in (shifted, spliced, CAPSULE[:32] + own[32:], own[:32] + CAPSULE[32:]):
        for label in (LABEL, Label(1, UUID(int=8), "m04")):
            with pytest.raises(BadCapsule):
                check(mauled, label)


@given(at=st.integers(0, CAPSULE_BYTES - 1), bit=st.integers(0, 7))
@settings(max_examples=60)
def test_a_capsule_with_one_bit_changed_is_refused_and_its_sender_named(at: int, bit: int) -> None:
    mauled = bytearray(CAPSULE)
    mauled[at] ^= 1 << bit
    with pytest.raises((BadCapsule, BadElement, BadScalar)) as refused:
        check(bytes(mauled), LABEL, culprit="member:m03")
    assert refused.value.culprit == "member:m03"


def test_other_forms_of_a_capsule_are_refused_and_named() -> None:
    e, f = (int.from_bytes(CAPSULE[at : at + 32], "little") for at in (64, 96))
    forms = {
        b"": BadCapsule,
        CAPSULE[:-1]: BadCapsule,
        CAPSULE + b"\0": BadCapsule,
        CAPSULE[:64] + bytes(32) + CAPSULE[96:]: BadCapsule,
        CAPSULE[:96] + bytes(32): BadCapsule,
        CAPSULE[:64] + (e + ORDER).to_bytes(32, "little") + CAPSULE[96:]: BadScalar,
        CAPSULE[:96] + (f + ORDER).to_bytes(32, "little"): BadScalar,
        IDENTITY + CAPSULE[32:]: BadElement,
        CAPSULE[:32] + IDENTITY + CAPSULE[64:]: BadElement,
    }
    for form, error in forms.items():
        with pytest.raises(error) as refused:
            check(form, LABEL, culprit="member:m03")
        assert refused.value.culprit == "member:m03"


def test_a_part_that_is_not_of_the_trustees_share_names_it() -> None:
    publics = PUBLICS
    wrong = multiply_base(99)
    liar = Part(wrong, PARTS[Index(2)].proof)
    swapped = PARTS[Index(3)]
    for part in (liar, swapped, Part(PARTS[Index(2)].element, bytes(64)), Part(PARTS[Index(2)].element, b"")):
        with pytest.raises(BadProof) as refused:
            combine(CAPSULE, LABEL, OPENING, {Index(1): PARTS[Index(1)], Index(2): part}, publics, 2)
        assert refused.value.culprit == "trustee:t2"


def test_a_part_that_is_no_element_names_the_trustee() -> None:
    part = Part(b"\xff" * 32, PARTS[Index(2)].proof)
    with pytest.raises(BadElement) as refused:
        combine(CAPSULE, LABEL, OPENING, {Index(1): PARTS[Index(1)], Index(2): part}, PUBLICS, 2)
    assert refused.value.culprit == "trustee:t2"


def test_a_part_made_for_one_opening_proves_nothing_in_another() -> None:
    """An approval can't be played back: its proof holds under the digest of its own leaf."""
    with pytest.raises(BadProof) as refused:
        combine(CAPSULE, LABEL, seed("another opening"), PARTS, PUBLICS, 2)
    assert refused.value.culprit == "trustee:t1"


def test_a_part_of_another_capsule_of_the_same_report_is_refused() -> None:
    other, _ = seal(JOINT, LABEL, seed("another capsule"))
    with pytest.raises(BadProof):
        combine(CAPSULE, LABEL, OPENING, parts_of(other, 3, 2), PUBLICS, 2)


def test_a_part_is_the_share_times_u_by_hand() -> None:
    for share in key_shares("assent"):
        assert PARTS[share.index].element == multiply(share.scalar, Element(CAPSULE[:32]))


def test_the_same_seed_gives_the_same_bytes_and_no_randomness_is_met_twice() -> None:
    """Two capsules with one r and two challenges would give r away."""
    assert seal(JOINT, LABEL, SEED) == (CAPSULE, SECRET)
    others = [
        seal(JOINT, LABEL, seed("other")),
        seal(JOINT, Label(2, UUID(int=7), "m03"), SEED),
        seal(multiply_base(7), LABEL, SEED),
    ]
    firsts = {capsule[:32] for capsule, _ in [(CAPSULE, SECRET), *others]}
    assert len(firsts) == 4
    assert len({secret for _, secret in [(CAPSULE, SECRET), *others]}) == 4


def test_a_part_does_not_show_in_a_repr() -> None:
    """Two of them are the secret, and logs are kept."""
    assert bytes(PARTS[Index(1)].element).hex() not in repr(PARTS) and repr(PARTS[Index(1)]) == "Part(...)"


def test_every_refusal_is_an_error_of_the_protocol() -> None:
    """So an edge that catches those lets nothing through."""
    for junk in (b"\0" * CAPSULE_BYTES, b"\xff" * CAPSULE_BYTES, encode_scalar(1) * 4):
        with pytest.raises(ProtocolError):
            check(junk, LABEL)
