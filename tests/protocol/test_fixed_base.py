"""A comb gives the powers that gmpy2 gives, for every shape of table."""

import gmpy2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.fixed_base import Comb

MODULUS = gmpy2.mpz((1 << 127) - 1)
BASE = gmpy2.mpz(3)


@given(st.integers(1, 70), st.integers(1, 9), st.integers(1, 9), st.data())
def test_any_comb_gives_the_power(bits: int, teeth: int, rows: int, data: st.DataObject) -> None:
    exponent = data.draw(st.integers(0, (1 << bits) - 1))

    assert Comb(BASE, MODULUS, bits, teeth=teeth, rows=rows).power(exponent) == gmpy2.powmod(
        BASE, exponent, MODULUS
    )


@pytest.mark.parametrize("exponent", [-1, 1 << 12])
def test_an_exponent_beyond_the_comb_is_refused_rather_than_cut(exponent: int) -> None:
    with pytest.raises(ValueError):
        Comb(BASE, MODULUS, 12).power(exponent)
