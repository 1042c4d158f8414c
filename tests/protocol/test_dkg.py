"""A joint key comes from all dealers or not at all, and a dealer that cheats is named."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol import dkg
from cairn_protocol.dkg import Ceremony, Dealing, JointKey, Reveal
from cairn_protocol.errors import BadDealing, BadElement, BadScalar, BadShare, ProtocolError, TooFewShares
from cairn_protocol.group import IDENTITY, ORDER, Element, Scalar, add, encode_scalar, multiply, multiply_base
from cairn_protocol.sharing import Index, KeyShare, commit, lagrange_at_zero, value_at
from tests.support.keys import scalar, seed

QUORUMS = [(1, 1), (2, 2), (2, 3), (3, 4), (3, 5)]
CEREMONY = Ceremony(seed("plan"), "names", 3, 2)


@dataclass(frozen=True)
class Held:
    """What one trustee has after the ceremony."""

    share: KeyShare
    joint: JointKey


def run(ceremony: Ceremony, dealings: Sequence[Dealing] | None = None) -> list[Held]:
    """The whole ceremony, every message checked by every trustee."""
    dealings = dealings or [dkg.deal(ceremony, Index(at)) for at in range(1, ceremony.n + 1)]
    committed = [dealing.commitment() for dealing in dealings]
    held = []
    for holder in range(1, ceremony.n + 1):
        dealt = {}
        for dealing, digest in zip(dealings, committed, strict=True):
            culprit = f"trustee:t{dealing.dealer}"
            dkg.check_reveal(ceremony, dealing.reveal, digest, culprit=culprit)
            dealt[dealing.dealer] = dealing.share_for(Index(holder))
            dkg.check_dealt(dealing.reveal, Index(holder), dealt[dealing.dealer], culprit=culprit)
        reveals = [dealing.reveal for dealing in dealings]
        held.append(Held(*dkg.combine(ceremony, Index(holder), reveals, dealt)))
    return held


@pytest.mark.parametrize(("t", "n"), QUORUMS)
def test_any_t_holders_have_the_key_that_everyone_computes(t: int, n: int) -> None:
    ceremony = Ceremony(seed("plan"), "names", n, t)
    dealings = [dkg.deal(ceremony, Index(at)) for at in range(1, n + 1)]
    held = run(ceremony, dealings)
    joint = dkg.joint_key(ceremony, [dealing.reveal for dealing in dealings])
    assert all(one.joint == joint for one in held)
    assert [multiply_base(one.share.scalar) for one in held] == list(joint.shares.values())
    secret = sum(dealing.coefficients[0] for dealing in dealings) % ORDER
    for quorum in itertools.combinations(held, t):
        coefficients = lagrange_at_zero([one.share.index for one in quorum])
        joined = sum(c * one.share.scalar for c, one in zip(coefficients, quorum, strict=True))
        assert joined % ORDER == secret
    assert joint.element == multiply_base(secret)


@pytest.mark.parametrize(("t", "n"), [(0, 3), (1, 2), (1, 3), (2, 4), (4, 3), (129, 256)])
def test_a_quorum_of_half_or_less_is_refused(t: int, n: int) -> None:
    """Two disjoint quorums could act behind each other's back."""
    with pytest.raises(TooFewShares):
        Ceremony(seed("plan"), "names", n, t)


HONEST = dkg.deal(CEREMONY, Index(2))


def blamed(reveal: Reveal, committed: bytes | None = None, ceremony: Ceremony = CEREMONY) -> ProtocolError:
    """What is said of dealer 2 that reveals this, committed to itself unless another digest is given."""
    digest = committed if committed is not None else dkg.digest_of(ceremony, reveal)
    with pytest.raises((BadDealing, BadElement, BadScalar)) as refused:
        dkg.check_reveal(ceremony, reveal, digest, culprit="trustee:t2")
    assert refused.value.culprit == "trustee:t2"
    return refused.value


def proven(coefficients: Sequence[Scalar], ceremony: Ceremony = CEREMONY, dealer: int = 2) -> Reveal:
    """A reveal of any polynomial by someone who does know its secret. As `deal` writes it, by hand."""
    commitments = tuple(commit(coefficients))
    r = scalar("nonce")
    c = dkg._challenge(ceremony, Index(dealer), commitments[0], multiply_base(r))
    proof = encode_scalar(c) + encode_scalar(r + c * coefficients[0])
    return Reveal(Index(dealer), commitments, proof)


def test_a_dealer_that_reveals_something_else_than_it_committed_to_is_named() -> None:
    """Else the last to speak would choose the key."""
    other = dkg.deal(CEREMONY, Index(2))
    assert isinstance(blamed(other.reveal, HONEST.commitment()), BadDealing)
    dkg.check_reveal(CEREMONY, other.reveal, other.commitment(), culprit="trustee:t2")


@pytest.mark.parametrize("degree", [0, 2])
def test_a_dealer_of_another_degree_is_named(degree: int) -> None:
    """A polynomial of a higher degree would need more trustees than t, one of a lower fewer."""
    coefficients = [scalar("coefficient", at) for at in range(degree + 1)]
    assert isinstance(blamed(proven(coefficients)), BadDealing)


def test_a_dealer_whose_highest_coefficient_is_zero_is_named() -> None:
    reveal = proven([scalar("coefficient", 0), scalar("coefficient", 1)])
    changed = replace(reveal, commitments=(reveal.commitments[0], IDENTITY))
    assert isinstance(blamed(changed), BadElement)


def test_a_dealer_that_cancels_the_others_keys_does_not_know_its_own_secret_and_is_named() -> None:
    """The rogue key: own - first, so the sum would be a key that the rogue dealer alone knows."""
    first, own = dkg.deal(CEREMONY, Index(1)), scalar("rogue")
    minus_first = multiply(-1, first.reveal.commitments[0])
    rogue = Element(add(multiply_base(own), minus_first))
    for knows in (own, scalar("guess")):
        reveal = proven([knows, scalar("slope")])
        assert isinstance(blamed(replace(reveal, commitments=(rogue, reveal.commitments[1]))), BadDealing)


def test_a_dealer_that_copies_another_is_named() -> None:
    copied = replace(dkg.deal(CEREMONY, Index(1)).reveal, dealer=Index(2))
    assert isinstance(blamed(copied), BadDealing)


@pytest.mark.parametrize(
    "other",
    [
        Ceremony(seed("another plan"), "names", 3, 2),
        Ceremony(seed("plan"), "values", 3, 2),
        Ceremony(seed("plan"), "names", 2, 2),
    ],
    ids=["plan", "key", "n"],
)
def test_a_dealing_of_another_ceremony_is_refused(other: Ceremony) -> None:
    assert isinstance(blamed(HONEST.reveal, HONEST.commitment(), other), BadDealing)
    assert isinstance(blamed(HONEST.reveal, ceremony=other), BadDealing)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda proof: bytes(32) + proof[32:], BadDealing),
        (lambda proof: proof[:32] + bytes(32), BadDealing),
        (lambda proof: proof[:63], BadDealing),
        (lambda proof: proof[:32] + b"\xff" * 32, BadScalar),
        (lambda proof: proof[:32] + encode_scalar(7), BadDealing),
    ],
    ids=["no challenge", "no answer", "short", "not canonical", "false"],
)
def test_a_dealer_with_a_false_proof_is_named(
    change: Callable[[bytes], bytes], error: type[ProtocolError]
) -> None:
    assert isinstance(blamed(replace(HONEST.reveal, proof=change(HONEST.reveal.proof))), error)


@given(off=st.integers(1, ORDER - 1), holder=st.integers(1, 3))
def test_a_dealer_that_deals_a_false_share_is_named(off: int, holder: int) -> None:
    share = Scalar((HONEST.share_for(Index(holder)) + off) % ORDER)
    with pytest.raises(BadShare) as refused:
        dkg.check_dealt(HONEST.reveal, Index(holder), share, culprit="trustee:t2")
    assert refused.value.culprit == "trustee:t2"


def test_a_share_meant_for_another_holder_is_refused() -> None:
    with pytest.raises(BadShare):
        dkg.check_dealt(HONEST.reveal, Index(1), HONEST.share_for(Index(3)), culprit="trustee:t2")


def test_a_dealer_can_not_break_the_check_of_a_true_share() -> None:
    """At holder 4, a_2 * x + a_1 is zero: a check by Horner's rule would fail there, and blame nobody."""
    ceremony = Ceremony(seed("plan"), "names", 5, 3)
    a_2 = scalar("coefficient", 2)
    coefficients = [scalar("coefficient", 0), Scalar(-4 * a_2 % ORDER), a_2]
    reveal = proven(coefficients, ceremony)
    dkg.check_reveal(ceremony, reveal, dkg.digest_of(ceremony, reveal), culprit="trustee:t2")
    for holder in range(1, 6):
        dkg.check_dealt(reveal, Index(holder), value_at(coefficients, holder), culprit="trustee:t2")


def test_without_every_dealer_once_there_is_no_key() -> None:
    dealings = [dkg.deal(CEREMONY, Index(at)) for at in (1, 2, 3)]
    reveals = [dealing.reveal for dealing in dealings]
    dealt = {dealing.dealer: dealing.share_for(Index(1)) for dealing in dealings}
    two = {Index(1): dealt[Index(1)], Index(2): dealt[Index(2)]}
    for missing in (
        (reveals[:2], two),
        (reveals[:2], dealt),
        (reveals, two),
        ([*reveals[:2], reveals[1]], dealt),
    ):
        with pytest.raises(TooFewShares):
            dkg.combine(CEREMONY, Index(1), *missing)


def test_an_unchecked_false_share_still_makes_no_key() -> None:
    dealings = [dkg.deal(CEREMONY, Index(at)) for at in (1, 2, 3)]
    dealt = {dealing.dealer: dealing.share_for(Index(1)) for dealing in dealings}
    dealt[Index(2)] = Scalar(dealt[Index(2)] + 1)
    with pytest.raises(BadDealing):
        dkg.combine(CEREMONY, Index(1), [dealing.reveal for dealing in dealings], dealt)


def test_shares_that_cancel_out_are_refused() -> None:
    ceremony = Ceremony(seed("plan"), "names", 2, 2)
    one = dkg.deal(ceremony, Index(1))
    against = [Scalar(-coefficient % ORDER) for coefficient in one.coefficients]
    two = proven(against, ceremony)
    dealt = {Index(1): one.share_for(Index(1)), Index(2): value_at(against, 1)}
    with pytest.raises(BadScalar):
        dkg.combine(ceremony, Index(1), [one.reveal, two], dealt)


def test_secrets_are_in_no_repr() -> None:
    assert str(HONEST.coefficients[0]) not in repr(HONEST)
