"""Noise is exactly what the theory says: held to the formula, and to OpenDP's own sampler.

Our draws come from a fixed keystream, so the tests with the formula give the same figure
every time. OpenDP draws from the system: its tests fail by chance once in 10^9 runs.
"""

import math
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import opendp.prelude as dp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.noise import Dice, gaussian_variance, keystream, noise_for

dp.enable_features("contrib")

SIX_SIGMA = 6.0
DRAWS = 40_000


def seeded(seed: int = 1) -> Dice:
    return Dice(keystream(seed.to_bytes(32, "big"), b"test"))


def limit(df: int, z: float = SIX_SIGMA) -> float:
    """The chi-square that z standard deviations of a normal correspond to (Wilson and Hilferty 1931)."""
    spread = 2 / (9 * df)
    return df * (1 - spread + z * math.sqrt(spread)) ** 3


def chi_square(draws: Sequence[int], pmf: Callable[[int], float]) -> tuple[float, int]:
    """Against a distribution: cells of at least 20 expected draws, the tails as one."""
    counts, n = Counter(draws), len(draws)
    cells = [x for x in range(-1_000, 1_001) if n * pmf(x) >= 20]
    chi = sum((counts[x] - n * pmf(x)) ** 2 / (n * pmf(x)) for x in cells)
    tail, expected = n - sum(counts[x] for x in cells), n * (1 - sum(map(pmf, cells)))
    if expected > 5:
        return chi + (tail - expected) ** 2 / expected, len(cells)
    return chi, len(cells) - 1


def two_samples(some: Sequence[int], others: Sequence[int]) -> tuple[float, int]:
    """Whether two samples of one size come from one distribution."""
    a, b = Counter(some), Counter(others)
    cells = [x for x in a | b if a[x] + b[x] >= 40]
    a_tail, b_tail = (len(some) - sum(counts[x] for x in cells) for counts in (a, b))
    pairs = [(a[x], b[x]) for x in cells] + ([(a_tail, b_tail)] if a_tail + b_tail >= 40 else [])
    return sum((x - y) ** 2 / (x + y) for x, y in pairs), len(pairs) - 1


def laplace_pmf(scale: Fraction) -> Callable[[int], float]:
    a = math.exp(-1 / scale)
    return lambda x: (1 - a) / (1 + a) * a ** abs(x)


def gaussian_pmf(variance: Fraction) -> Callable[[int], float]:
    total = math.fsum(math.exp(-x * x / (2 * variance)) for x in range(-2_000, 2_001))
    return lambda x: math.exp(-x * x / (2 * variance)) / total


VARIANCES = [Fraction(1, 3), Fraction(1), Fraction(12), Fraction(100), Fraction(1_000, 7)]
SCALES = [Fraction(1, 2), Fraction(1), Fraction(10), Fraction(20), Fraction(31, 3)]


@pytest.mark.parametrize("variance", VARIANCES, ids=str)
def test_gaussian_noise_has_the_formulas_distribution(variance: Fraction) -> None:
    dice = seeded()

    chi, df = chi_square([dice.gaussian(variance) for _ in range(DRAWS)], gaussian_pmf(variance))

    assert chi < limit(df, 4.0)


@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_laplace_noise_has_the_formulas_distribution(scale: Fraction) -> None:
    dice = seeded()

    chi, df = chi_square([dice.laplace(scale) for _ in range(DRAWS)], laplace_pmf(scale))

    assert chi < limit(df, 4.0)


def test_the_test_would_notice_a_variance_wrong_by_a_tenth() -> None:
    dice = seeded()
    draws = [dice.gaussian(Fraction(12)) for _ in range(DRAWS)]

    for wrong in (Fraction(132, 10), Fraction(108, 10)):
        chi, df = chi_square(draws, gaussian_pmf(wrong))
        assert chi > limit(df)


def opendp_draws(measurement: Callable[..., Any], scale: float, distance: Any) -> list[int]:
    space = dp.vector_domain(dp.atom_domain(T=int)), distance
    return list(measurement(*space, scale=scale)([0] * DRAWS))


def test_gaussian_noise_is_distributed_as_opendps() -> None:
    dice = seeded(2)
    theirs = opendp_draws(dp.m.make_gaussian, 6.0, dp.l2_distance(T=float))

    chi, df = two_samples([dice.gaussian(Fraction(36)) for _ in range(DRAWS)], theirs)

    assert chi < limit(df)


def test_laplace_noise_is_distributed_as_opendps() -> None:
    dice = seeded(3)
    theirs = opendp_draws(dp.m.make_laplace, 20.0, dp.l1_distance(T=int))

    chi, df = two_samples([dice.laplace(Fraction(20)) for _ in range(DRAWS)], theirs)

    assert chi < limit(df)


def test_rho_means_what_opendp_means_by_it() -> None:
    """OpenDP's privacy map of the same noise for the same move of counters."""
    rho = Fraction(1, 2)
    variance = gaussian_variance(rho, 12)
    measurement = dp.m.make_gaussian(
        dp.vector_domain(dp.atom_domain(T=int)), dp.l2_distance(T=float), scale=math.sqrt(variance)
    )

    assert variance == 12
    assert measurement.map(math.sqrt(12)) == pytest.approx(float(rho))


@pytest.mark.parametrize(("rho", "squared"), [(0, 12), (-1, 12), (1, 0)])
def test_a_promise_of_nothing_is_refused(rho: int, squared: int) -> None:
    with pytest.raises(ValueError):
        gaussian_variance(Fraction(rho), squared)


@given(st.integers(1, 40), st.integers(0, 2**64 - 1))
def test_uniform_numbers_stay_below_their_limit(limit: int, seed: int) -> None:
    dice = seeded(seed)

    assert all(0 <= dice.below(limit) < limit for _ in range(50))


def test_uniform_numbers_are_uniform() -> None:
    dice = seeded()

    chi, df = chi_square([dice.below(13) for _ in range(13_000)], lambda x: 1 / 13 if 0 <= x < 13 else 0.0)

    assert chi < limit(df, 4.0)


@pytest.mark.parametrize(("numerator", "denominator"), [(0, 1), (1, 7), (1, 1), (5, 2), (9, 3)])
def test_a_coin_of_exp_falls_as_often_as_it_should(numerator: int, denominator: int) -> None:
    dice, p = seeded(), math.exp(-numerator / denominator)

    heads = sum(dice.bernoulli_exp(numerator, denominator) for _ in range(20_000))

    assert abs(heads - 20_000 * p) <= 4 * math.sqrt(20_000 * p * (1 - p))


def test_bits_are_those_of_the_source_whatever_the_sizes() -> None:
    told = bytes(range(256)) * 8
    dice = Dice(lambda count: told[:count])

    whole = sum(dice.bits(size) << at for at, size in ((0, 3), (3, 8), (11, 0), (11, 53)))

    assert whole == int.from_bytes(told[:8], "little")


def test_a_trustee_asked_again_gives_the_same_noise() -> None:
    secret, terms = secrets.token_bytes(32), secrets.token_bytes(32)

    assert noise_for(secret, terms, 100, Fraction(12)) == noise_for(secret, terms, 100, Fraction(12))


def test_another_secret_or_period_gives_other_noise() -> None:
    secret, terms = secrets.token_bytes(32), secrets.token_bytes(32)
    noise = noise_for(secret, terms, 100, Fraction(12))

    assert noise != noise_for(secrets.token_bytes(32), terms, 100, Fraction(12))
    assert noise != noise_for(secret, secrets.token_bytes(32), 100, Fraction(12))


def test_a_trustees_noise_has_not_changed() -> None:
    """Were it to change with a version, a period asked about before and after it would be averaged."""
    assert noise_for(bytes(range(32)), bytes(32), 16, Fraction(12)) == [
        -1, -3, 0, 1, 1, 2, -2, 1, 5, -1, 5, -8, -3, -5, 1, 0,
    ]  # fmt: skip
