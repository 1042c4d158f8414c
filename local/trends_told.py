"""The chapter of `make demo` about trends: a surge, a corridor, a cell that is kept back and why, and a release."""

import datetime as dt
from asyncio import to_thread
from collections.abc import Callable
from typing import Any

from cairn import AsyncHub, releases
from cairn.cli.figures import RULES
from cairn.client.trends import TrendsClient
from cairn_protocol.messages.trends import Query, TrendQuestion
from local import trends
from local.corridors import control_event
from local.town import ANALYSTS, Town

_SHOWN = 4


async def tell(
    place: Town,
    chapter: Callable[[str], None],
    say: Callable[[str], None],
    expect: Callable[[bool, str], None],
) -> None:
    """Tell it, step by step."""
    chapter("What reports show together: figures, and what is kept back")
    today = dt.date.today()
    snapshot = await to_thread(trends.take_snapshot, place, today)
    say(
        f"the operator puts the codes of {snapshot.events} events into an encrypted snapshot; one is made a month"
    )
    async with AsyncHub(place.party(ANALYSTS[0])) as hub:
        client = TrendsClient((await hub.session()).connection)
        surge = await client.ask(TrendQuestion(query=Query.SURGE, event=control_event(today).id))
        expect(surge["figures"] is not None, "the planted surge is told")
        ratio, control = surge["figures"]["rate_ratio"], surge["figures"]["control_rate_ratio"]
        say(
            f"after an invented control on chips, reports of them to Kazakhstan are {ratio['value']} times those "
            f"of the year before ({ratio['low']} to {ratio['high']}); to Mexico {control['value']} times"
        )
        corridors = await client.ask(TrendQuestion(query=Query.CORRIDORS, period="year"))
        _table(corridors["cells"], say, expect)
        account = corridors["budget"]
        say(f"{account['left']:g} of {account['limit']:g} figures are left to analysts this quarter")
    released = await trends.release_all(place)
    async with AsyncHub(place.party("dogwood")) as hub:
        read = await releases.read_all(await hub.session())
    expect({one.table.release for one in read} < set(released), "Dogwood reads what members may")
    say(
        f"{len(released)} tables go out, each agreed to by {' and '.join(read[0].analysts)}; Dogwood holds its own "
        f"{len(read)} against the log. The public's has noise that hides any one group"
    )


def _table(
    cells: list[dict[str, Any]], say: Callable[[str], None], expect: Callable[[bool, str], None]
) -> None:
    told = [cell for cell in cells if cell["verdict"] == "publish" and cell["share"] is not None]
    kept = [cell for cell in cells if cell["verdict"] == "suppress"]
    expect(bool(told) and bool(kept), "some corridors are told and some are kept back")
    for cell in sorted(told, key=lambda cell: -cell["share"])[:_SHOWN]:
        lift = f", {cell['lift']} times chance" if cell["lift"] else ""
        say(f"  {cell['cell']}: {cell['band']} events of {cell['groups']} groups{lift}")
    by_rule = {cell["rule"]: cell for cell in kept}
    for rule, cell in sorted(by_rule.items()):
        count = sum(one["rule"] == rule for one in kept)
        say(f"  {cell['cell']} and {count - 1} more: kept back ({rule}: {RULES[rule]})")
