"""Cuts: what a leaf of the log keeps apart, and by whose word."""

from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.cuts import are_apart, check_cut, cuts_of
from cairn_protocol.errors import BadMessage, BadRoster, BadSignature
from cairn_protocol.messages.corrections import (
    Cut,
    CutConfirmation,
    CutOrder,
    check_order,
    cleared_since,
    cut_id,
)
from cairn_protocol.messages.index import RecallReason
from cairn_protocol.messages.parties import Approval, ApprovedAct, Role, approve, prove_possession
from cairn_protocol.messages.wire import digest_of, encode, sign
from cairn_protocol.roster import Roster
from tests.support.keys import signing_key
from tests.support.officials import Official, official
from tests.support.reports import genesis

RITA, ANA = official("rita", Role.REVIEWER), official("ana", Role.ANALYST)
ONE, TWO, THREE = (UUID(int=at) for at in (1, 2, 3))
ORDER = RITA.order((ONE, TWO), (THREE,))


def leaf(
    order: CutOrder = ORDER,
    *,
    reviewer: Official = RITA,
    analyst: Official = ANA,
    confirms: Official = ANA,
    of: CutOrder | None = None,
) -> bytes:
    """A cut's content: signed by `reviewer` and `analyst`, in the name of `confirms`, who agrees to `of`."""
    said = CutConfirmation(order=digest_of(of or order), analyst=confirms.id, confirmed_at=1)
    signer = analyst if confirms is ANA else confirms
    return encode(Cut(order=sign(order, reviewer.key), confirmation=sign(said, signer.key)))


def roster(*seated: Official) -> Roster:
    founded = genesis()
    made = Roster(founded)
    for at, who in enumerate(seated, start=1):
        approvals = tuple(
            Approval(trustee=f"t{number}", signature=approve(who.entry, signing_key(f"t{number}")))
            for number in (1, 2)
        )
        act = ApprovedAct(act=who.entry, possession=prove_possession(who.entry, who.key), approvals=approvals)
        made.apply(at, encode(act))
    return made


def test_parts_are_kept_from_each_other_and_not_from_themselves() -> None:
    cuts = cuts_of([leaf()])

    assert cuts.apart(ONE, THREE) and cuts.apart(THREE, TWO)
    assert not cuts.apart(ONE, TWO) and not cuts.apart(ONE, UUID(int=9))
    assert cuts.aside == frozenset()


def test_a_cut_of_one_part_sets_its_reports_aside() -> None:
    cuts = cuts_of([leaf(RITA.order((ONE,)))])

    assert (cuts.aside, cuts.sides) == ({ONE}, {})


def test_a_cut_is_a_reviewers_and_an_analysts() -> None:
    both = roster(RITA, ANA)
    assert check_cut(leaf(), both, 9) == ORDER

    with pytest.raises(BadSignature):
        check_cut(leaf(reviewer=ANA), both, 9)
    with pytest.raises(BadSignature):
        check_cut(leaf(analyst=RITA), both, 9)
    with pytest.raises(BadRoster):
        check_cut(leaf(confirms=RITA), both, 9)
    with pytest.raises(BadRoster):
        check_cut(leaf(confirms=ANA, of=RITA.order((ONE,))), both, 9)
    with pytest.raises(BadRoster):
        check_cut(leaf(), roster(RITA), 9)
    with pytest.raises(BadRoster):
        check_cut(leaf(), both, 2)


@pytest.mark.parametrize(
    "changed",
    [
        {"parts": ((TWO, ONE), (THREE,))},
        {"parts": ((THREE,), (ONE, TWO))},
        {"parts": ((ONE, TWO), (TWO,))},
        {"parts": ((ONE,),)},
        {"reason": RecallReason.DISPUTE_UPHELD},
        {"reason": RecallReason.WITHDRAWN},
        {"common": (bytes([2]) * 32, bytes([1]) * 32)},
    ],
)
def test_an_order_has_one_form(changed: dict[str, object]) -> None:
    check_order(ORDER)

    with pytest.raises(BadMessage):
        check_order(msgspec.structs.replace(ORDER, **changed))


SIDES = st.frozensets(st.tuples(st.sampled_from("xyz"), st.integers(0, 2)), max_size=4)


@given(SIDES, SIDES)
def test_apart_is_what_comparing_every_pair_finds(
    one: frozenset[tuple[str, int]], other: frozenset[tuple[str, int]]
) -> None:
    pairs = [(mine, its) for mine in one for its in other if mine[0] == its[0] and mine[1] != its[1]]

    assert are_apart(one, other) == are_apart(other, one) == bool(pairs)


def test_a_clearance_counts_for_180_days() -> None:
    assert cleared_since(1_790_900_000) == "2026-W14"  # 2 October 2026 less 180 days is 5 April
    assert cut_id(ORDER) == digest_of(ORDER).hex()[:16]
