"""Powers of one base, fast: a comb, made once, then few multiplications a power.

For encrypting, where one base is raised again and again. Which rows of the table are read
depends on the exponent, so the caches of a shared machine may tell it: use this where the
exponent is the machine's own secret anyway, at the firm, never for a trustee's share.
Source: Lim and Lee, CRYPTO 1994.
"""

from typing import Any, Final

# Cheapest for the one return of a month: 610 multiplications for the table, 85 for each power.
TEETH: Final = 6
ROWS: Final = 4


class Comb:
    """base^e mod modulus for exponents below 2^bits.

    With h teeth and v rows an exponent is h strips of v * b bits; row j of the table holds, for
    every set of strips, the product of base^(2^(i v b + j b)) over its strips i. A power costs b
    squarings and v * b products; the table costs about bits + v * 2^h of them.
    """

    def __init__(self, base: Any, modulus: Any, bits: int, *, teeth: int = TEETH, rows: int = ROWS) -> None:
        """base and modulus are gmpy2's integers."""
        self.bits = bits
        self.base = base
        self._modulus = modulus
        self._depth = -(-bits // (teeth * rows))  # b
        self._strip = rows * self._depth
        self._teeth = teeth
        wanted = {i * self._strip + j * self._depth for i in range(teeth) for j in range(rows)}
        powers, power = {}, base
        for at in range(max(wanted) + 1):
            if at in wanted:
                powers[at] = power
            power = power * power % modulus
        self._table = [
            _products([powers[i * self._strip + j * self._depth] for i in range(teeth)], modulus)
            for j in range(rows)
        ]

    def power(self, exponent: int) -> Any:
        """base^exponent mod modulus. Raises ValueError outside 0 <= exponent < 2^bits."""
        if not 0 <= exponent < 1 << self.bits:
            raise ValueError("an exponent that this comb was not made for")
        # Position p of the text is bit p, so a slice of every strip-th is one bit of each strip.
        digits = format(exponent, f"0{self._teeth * self._strip}b")[::-1]
        result = None
        for k in reversed(range(self._depth)):
            if result is not None:
                result = result * result % self._modulus
            for j, row in enumerate(self._table):
                factor = row[int(digits[j * self._depth + k :: self._strip], 2)]
                result = factor if result is None else result * factor % self._modulus
        return result


def _products(factors: list[Any], modulus: Any) -> list[Any]:
    """The product of every subset: place u holds those factors i whose bit, from the most significant, is set."""
    table = [factors[0] ** 0]
    for factor in factors:
        table = [part for product in table for part in (product, product * factor % modulus)]
    return table
