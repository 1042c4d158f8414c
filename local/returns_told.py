"""The chapter of `make demo` about returns: a sum over too few groups is refused, one over twelve is opened."""

import datetime as dt
from asyncio import to_thread
from collections.abc import Callable

from cairn_protocol.errors import PeriodClosed, TooFewGroups
from cairn_protocol.messages.returns_exchange import Wanted
from local import returns
from local.town import Town
from trustee.returns.duties import RESULT

_TOO_FEW = 4


async def tell(
    place: Town,
    chapter: Callable[[str], None],
    say: Callable[[str], None],
    expect: Callable[[bool, str], None],
) -> None:
    """Tell it, step by step."""
    chapter("What many firms know together: a sum that nobody can see through")
    period = returns.month_before(dt.date.today())
    await to_thread(returns.make_key, place)
    say(
        "trustee t1 dealt a Paillier key (from stored primes that anybody can read, to save the search; a real one "
        "is fresh): each trustee holds a share, any two open a sum"
    )
    await to_thread(returns.open_period, place, period, returns.CAPS)
    with returns.trustees(place) as offices:
        await to_thread(returns.answer, offices, period, Wanted.DEPOSIT)
        say(f"the terms of {period} are in the log, and each trustee has added its noise, encrypted")
        handled = returns.handled_by(returns.FILERS)
        first = dict(list(handled.items())[:_TOO_FEW])
        await returns.file_all(place, period, first)
        try:
            await to_thread(returns.close, place, period)
        except TooFewGroups as refused:
            say(
                f"{_TOO_FEW} groups have filed 1,027 encrypted counters each; the hub asks for their sum: {refused}"
            )
        else:
            expect(False, "four groups are too few")
        await returns.file_all(place, period, {firm: n for firm, n in handled.items() if firm not in first})
        groups = await to_thread(returns.close, place, period)
        await to_thread(returns.answer, offices, period, RESULT)
    told = await to_thread(returns.opened, place, period)
    total = sum(handled.values())
    low, high = told.intervals["handled"]
    expect(abs(told.figures["handled"] - total) <= told.margin, "the sum is right")
    say(
        f"with {groups} groups all trustees sign the one sum of {period}, two open it, each computes it again"
    )
    say(
        f"published: {told.figures['handled']} inquiries handled (95 of 100 times between {low} and {high}; "
        f"the firms' own figures add up to {total}, which no party ever saw), and {len(told.figures) - 1} counters more"
    )
    say(f"{told.withheld} counters stay unpublished: too small to hide every group in")
    try:
        await to_thread(returns.close, place, period)
    except PeriodClosed as refused:
        say(f"the hub asks for a second sum of {period}, to subtract one from the other: {refused}")
    else:
        expect(False, "a period has one sum")
