"""The hub's sum by phe is the one that trustees multiply themselves."""

from cairn_protocol.closing import check_close, close, multiply, open_sum, part_of_sum
from hub.returns.adding import add_up
from tests.support.sums import a_sum, vector


def test_phe_adds_up_to_what_trustees_multiply_and_open() -> None:
    summed = a_sum()
    period, genesis = summed.period, summed.parties.genesis
    returns = [summed.filed(at, vector({"handled": 150, "band/0": 1})) for at in range(8)]
    deposits = summed.deposits()

    total = add_up(period, returns, deposits)

    assert total == multiply(period, returns, deposits)
    statement = close(period, returns, deposits, total=total)
    check_close(statement, period, returns, deposits)
    signed = summed.signed(statement)
    parts = [part_of_sum(period, summed.dealing.shares[at - 1], f"t{at}", signed, genesis) for at in (1, 2)]
    handled = open_sum(period, signed, parts, genesis).figures[0]
    assert handled.cell == "handled"
    assert handled.low <= 1_200 + 40
    assert handled.high >= 1_200 - 40
