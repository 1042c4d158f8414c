"""Policy packs: two of them let out what both let out, and a pack that lets out more is found."""

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.codes import LegalBasis, RetentionClass, red_flags
from cairn_protocol.kinds import LOCKABLE
from cairn_protocol.messages.policy import FINEST, Policy, coarser_of, finer_fields
from cairn_protocol.messages.report import GovRelease, Tlp
from cairn_protocol.messages.wire import decode, encode

WORD_OF_THE_FIRM = ("legal_basis", "legal_hold")  # neither finer nor coarser
FLAGS = [flag.code for flag in red_flags().flags][:6]


def sets(of: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(of)).map(lambda chosen: tuple(sorted(chosen)))


packs = st.builds(
    Policy,
    name=st.just("any"),
    version=st.integers(1, 9),
    issued_at=st.just(0),
    issuer=st.just("alder"),
    item=st.sampled_from(["number", "family", "none"]),
    party_country=st.sampled_from(["country", "subregion", "none"]),
    route=st.sampled_from(["country", "subregion", "none"]),
    quantity=st.sampled_from(["band", "none"]),
    value=st.sampled_from(["band", "none"]),
    end_use=st.sampled_from(["code", "none"]),
    channel=st.sampled_from(["code", "none"]),
    outcome=st.sampled_from(["code", "none"]),
    withheld_flags=sets(FLAGS),
    withheld_kinds=sets([kind.value for kind in LOCKABLE]),
    sealed=st.booleans(),
    narrative=st.booleans(),
    consent=st.sampled_from(list(GovRelease)),
    tlp=st.sampled_from(list(Tlp)),
    hold=st.booleans(),
    named_user=st.booleans(),
    min_coverage=st.integers(5, 20),
    retention=st.sampled_from([*RetentionClass, msgspec.UNSET]),
    legal_basis=st.sampled_from([*LegalBasis, msgspec.UNSET]),
    legal_hold=st.sampled_from([True, msgspec.UNSET]),
)


@given(packs, packs)
def test_two_packs_let_out_nothing_that_either_withholds(one: Policy, other: Policy) -> None:
    both = coarser_of(one, other)

    assert finer_fields(both, one) == finer_fields(both, other) == []
    assert finer_fields(coarser_of(other, one), both) == []


@given(packs, packs)
def test_a_pack_refines_exactly_where_joining_it_changes_it(one: Policy, other: Policy) -> None:
    """A slow second opinion: what is finer than the other pack can't survive the other pack."""
    joined = coarser_of(one, other)
    changed = [
        field
        for field in Policy.__struct_fields__[4:]
        if field not in WORD_OF_THE_FIRM and getattr(joined, field) != getattr(one, field)
    ]

    assert sorted(finer_fields(one, other)) == sorted(changed)


@given(packs)
def test_nothing_is_finer_than_the_finest(pack: Policy) -> None:
    assert finer_fields(pack, FINEST) == []


def test_a_pack_is_these_bytes() -> None:
    raw = encode(FINEST)

    assert (
        hashlib.sha256(raw).hexdigest() == "c54a07391af466d6084c167f643661c5e0775a30e31a42c9a1edc985aba5eac6"
    )
    assert decode(raw, Policy) == FINEST


def test_an_unknown_level_is_no_pack() -> None:
    raw = encode(msgspec.structs.replace(FINEST, item="model"))

    with pytest.raises(Exception, match="not a Policy"):
        decode(raw, Policy)
