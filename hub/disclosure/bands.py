"""Bands: how a published count is told to members. The exact figure stays inside."""

from bisect import bisect_right
from typing import Final

_STARTS: Final = (1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)


def count_band(count: int) -> str:
    """The band of a count of 1 or more: "5-9", "10-24", "25-49", ... "10000+"."""
    if count < 1:
        raise ValueError("only what was counted has a band")
    at = bisect_right(_STARTS, count)
    start = _STARTS[at - 1]
    return f"{start}+" if at == len(_STARTS) else f"{start}-{_STARTS[at] - 1}"
