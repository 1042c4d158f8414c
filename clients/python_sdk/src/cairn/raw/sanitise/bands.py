"""Bands for quantities and values: an exact figure is a price list or an order book, and stays at the firm.

Source: domain brief 2.2. The lowest value band ends where a US end-use statement was once not required.
"""

from bisect import bisect_left, bisect_right
from typing import Final

from cairn_protocol.codes import QuantityBand, QuantityRatio, ValueBand

# The largest quantity of each band but the last.
QUANTITIES: Final = (1, 10, 100, 1_000, 10_000)
# The value in USD at which each band but the first begins; the last begins just above its figure.
VALUES: Final = (5_000, 25_000, 100_000, 500_000, 2_500_001)


def quantity_band(quantity: int | None) -> QuantityBand | None:
    """Q0 for 1 piece, Q1 to 10, Q2 to 100, Q3 to 1,000, Q4 to 10,000, Q5 above; None if untold."""
    return None if quantity is None else tuple(QuantityBand)[bisect_left(QUANTITIES, quantity)]


def quantity_ratio(quantity: int | None, typical: int | None) -> QuantityRatio | None:
    """R0 below half of what is typical, R1 to twice, R2 to ten times, R3 above; None if either is untold."""
    if quantity is None or typical is None:
        return None
    if 2 * quantity < typical:
        return QuantityRatio.R0
    if quantity <= 2 * typical:
        return QuantityRatio.R1
    return QuantityRatio.R2 if quantity <= 10 * typical else QuantityRatio.R3


def value_band(value_usd: int | None) -> ValueBand | None:
    """V1 below 5k, V2 below 25k, V3 below 100k, V4 below 500k, V5 to 2.5M, V6 above; None if untold."""
    return None if value_usd is None else tuple(ValueBand)[bisect_right(VALUES, value_usd)]
