"""A buyer who asks every exporter of a local Cairn, and a wrong join that is cut: invented, filed and told.

The first leaves each exporter a card to find and an alert to read; the second is the story of the demo.
"""

import datetime as dt
from asyncio import to_thread
from collections.abc import Callable
from typing import Any, Final

from cairn import AsyncHub, Inquiry
from cairn.alerts import Alert
from cairn.client.corrections import CorrectionsClient
from cairn.reviewing import confirm, recall
from cairn_protocol.messages.index import RecallReason
from local import filing
from local.town import ANALYSTS, FIRMS, REVIEWERS, Town

Say = Callable[[str], None]
Expect = Callable[[bool, str], None]

_NAMES: Final = ("Tamarind Bay Procurement", "TB Sourcing Services", "Baytam Technical Supply")
_ITEMS: Final = ("2B230", "1C210", "2B219", "3A225", "2A226")
_SWITCHBOARD: Final = "+971 4 555 0134"
_CENTRE: Final = {"country": "AE", "city": "Dubai", "phones": [_SWITCHBOARD]}
_AL_NOOR: Final = "Al Noor General Trading"
_SAPPHIRE: Final = "Sapphire Instruments"
_SIGHTINGS: Final = (
    ("alder", "AS-2026-204", _AL_NOOR),
    ("elm", "EE-4471", _SAPPHIRE),
    ("birch", "BV-0790", _AL_NOOR),
    ("gum", "GO-3402", _SAPPHIRE),
)


async def file_asked_everywhere(place: Town, today: dt.date) -> int:
    """One buyer, under three names on one phone, asks every exporter week by week. How many reports that made."""
    exporters = [firm.id for firm in FIRMS if firm.sector == "exporter"]
    for at, firm in enumerate(exporters):
        about = {
            "inquiry_id": f"{firm}-tamarind",
            "received_on": (today - dt.timedelta(weeks=len(exporters) - at)).isoformat(),
            "channel": "EMAIL",
            "party": {
                "role": "PUR",
                "name": _NAMES[at % len(_NAMES)],
                "country": "MY",
                "phones": ["+60 3 5550 0187"],
            },
            "item": {"eccn": _ITEMS[at % len(_ITEMS)]},
            "red_flags": ["RF-ENU-01", "RF-PRD-01"],
            "outcome": "DECLINED",
        }
        async with AsyncHub(place.party(firm)) as hub:
            await hub.report(Inquiry.from_mapping(about))
    return len(exporters)


async def tell(place: Town, chapter: Say, say: Say, expect: Expect) -> None:
    """A false join, and its recall, as the firms see them. On the running town."""
    chapter("A wrong join is undone, and everyone who was shown it learns it")
    for firm, inquiry_id, name in _SIGHTINGS:
        await _file(place, firm, inquiry_id, name)
    await to_thread(filing.publish, place)
    say("two tenants of one business centre, with one switchboard, ask four firms; the phone makes them one")
    elm = [alert.text for alert in await _alerts(place, "elm")]
    expect(any("2-4" in text for text in elm), "Elm is alerted")
    say(f"Elm Electronics syncs and asks what changed: {elm[0]}")
    async with AsyncHub(place.party("cedar")) as hub:
        await hub.sync()
        seen = await hub.check(Inquiry.from_mapping(_inquiry("CD-26-0077", _SAPPHIRE)))
        expect(seen.groups == "2-4", "Cedar is shown the card")
    say("Cedar Dynamics, asked by Sapphire Instruments, looks and is shown the card; then it is offline")

    async with AsyncHub(place.party("elm")) as hub:
        await hub.dispute("EE-4471")
    say("Sapphire disputes; Elm states, signed: not ours, my report is about somebody else")
    cut = await _cut(place)
    say(
        f"reviewer Rita, who sees codes and pseudonyms, orders cut {cut['cut']}: 2 reports and 2, apart for good; "
        "analyst Ana confirms it, for one person alone hides nothing. It is in the log before it is in the index"
    )
    await to_thread(filing.publish, place)

    for firm, *_ in _SIGHTINGS:
        alerts = await _alerts(place, firm)
        expect(any(alert.cut == cut["cut"] for alert in alerts), f"{firm} is told of its own report")
    say("the four contributors are told, and acknowledge; their own alerts say what to check again")
    standing = await _standing(place, str(cut["cut"]))
    expect(standing["acknowledged"] == standing["contributors"] == 4, "acknowledged by all")
    say(
        f"acknowledged: {standing['acknowledged']} of {standing['contributors']}; the tombstone is in the index"
    )
    (missed,) = await _alerts(place, "cedar", only="recalled")
    say(f"Cedar, back after months, sends nothing and is told all the same: {missed.text}")
    async with AsyncHub(place.party("cedar")) as hub:
        again = await hub.check(Inquiry.from_mapping(_inquiry("CD-26-0078", _SAPPHIRE)))
    expect(again.groups == "2-4" and again.network is not None, "Sapphire's own two reports are left")
    say("and the switchboard, learned as common, will join nobody any more")


def _inquiry(inquiry_id: str, name: str) -> dict[str, Any]:
    return {
        "inquiry_id": inquiry_id,
        "received_on": "2026-06-10",
        "channel": "EMAIL",
        "party": {"role": "PUR", "name": name, **_CENTRE},
        "item": {"eccn": "3A225"},
        "red_flags": ["RF-LOG-01"],
    }


async def _file(place: Town, firm: str, inquiry_id: str, name: str) -> None:
    async with AsyncHub(place.party(firm)) as hub:
        await hub.report(Inquiry.from_mapping(_inquiry(inquiry_id, name)))


async def _alerts(place: Town, firm: str, only: str | None = None) -> list[Alert]:
    """What changed for the firm, about this story alone."""
    ids = {inquiry_id for _, inquiry_id, _ in _SIGHTINGS} | {None}
    async with AsyncHub(place.party(firm)) as hub:
        await hub.sync()
        alerts = [alert for alert in await hub.alerts() if alert.inquiry_id in ids]
    return [alert for alert in alerts if only in (None, alert.change)]


async def _cut(place: Town) -> dict[str, Any]:
    async with AsyncHub(place.party(REVIEWERS[0])) as hub:
        rita = await hub.session()
        disputed = [one for one in await CorrectionsClient(rita.connection).disputes() if one["disputed"]]
        ordered = await recall(rita, disputed[0]["case"], RecallReason.WRONG_JOIN)
    async with AsyncHub(place.party(ANALYSTS[0])) as hub:
        return await confirm(await hub.session(), str(ordered["cut"]))


async def _standing(place: Town, cut: str) -> dict[str, Any]:
    async with AsyncHub(place.party(REVIEWERS[0])) as hub:
        recalls = await CorrectionsClient((await hub.session()).connection).recalls()
    return next(one for one in recalls if one["cut"] == cut)
