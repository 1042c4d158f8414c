"""Any t shares give the secret, t - 1 fit every secret, and a share off its polynomial is refused."""

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cairn_protocol import sharing
from cairn_protocol.errors import BadShare, TooFewShares
from cairn_protocol.group import ORDER, Scalar, multiply_base
from cairn_protocol.sharing import Index, KeyShare, lagrange_at_zero, split, value_at

scalars = st.integers(1, ORDER - 1).map(Scalar)
polynomials = st.lists(scalars, min_size=1, max_size=5)


def joined(shares: list[KeyShare]) -> int:
    coefficients = lagrange_at_zero([share.index for share in shares])
    return sum(c * share.scalar for c, share in zip(coefficients, shares, strict=True)) % ORDER


def slow_value(coefficients: list[Scalar], at: int) -> int:
    return int(sum(coefficient * at**power for power, coefficient in enumerate(coefficients)) % ORDER)


@given(secret=scalars, data=st.data())
def test_any_t_of_n_shares_give_the_secret(secret: Scalar, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 7))
    t = data.draw(st.integers(1, n))
    for quorum in itertools.islice(itertools.combinations(split(secret, n, t), t), 10):
        assert joined(list(quorum)) == secret


@given(secret=scalars)
def test_fewer_shares_give_another_value(secret: Scalar) -> None:
    assert joined(split(secret, 5, 3)[:2]) != secret


@given(coefficients=polynomials, at=st.integers(0, 65_535))
def test_a_polynomials_value_is_the_sum_of_its_terms(coefficients: list[Scalar], at: int) -> None:
    assert value_at(coefficients, at) == slow_value(coefficients, at)


@given(coefficients=polynomials, at=st.integers(1, 65_535))
def test_a_share_is_checked_against_commitments_without_the_secret(
    coefficients: list[Scalar], at: int
) -> None:
    commitments = sharing.commit(coefficients)
    share = value_at(coefficients, at)
    assume(share)  # no honest share is zero, and none is taken
    sharing.check(share, at, commitments)
    false = [(share + 1, at), (0, at)]
    if value_at(coefficients, at + 1) != share:
        false.append((share, at + 1))
    for wrong, place in false:
        with pytest.raises(BadShare) as refused:
            sharing.check(Scalar(wrong % ORDER), place, commitments, culprit="trustee:t3")
        assert refused.value.culprit == "trustee:t3"


def test_commitments_give_the_public_share() -> None:
    coefficients = [Scalar(5), Scalar(7), Scalar(11)]
    commitments = sharing.commit(coefficients)
    assert sharing.committed_value_at(commitments, 3) == multiply_base(5 + 7 * 3 + 11 * 9)


@pytest.mark.parametrize("indices", [[1, 1], [0, 1], [-1, 2], [2, 3, 2]])
def test_holders_that_are_not_distinct_or_at_the_secrets_place_are_refused(indices: list[int]) -> None:
    with pytest.raises(TooFewShares):
        lagrange_at_zero([Index(at) for at in indices])
