"""What one report costs from end to end: hub, three trustees and the firm on one machine.

sdk_report_ms   a new inquiry with a name, a phone and an e-mail address, from `hub.report` to the
                hub's promise: the 95th percentile of 60, by the clock
"""

import asyncio
import secrets
import statistics
import tempfile
from pathlib import Path
from uuid import UUID

from benchmarks.measuring import WALL, tell
from cairn import AsyncHub, Inquiry
from cairn.client.openings import OpeningsClient
from cairn.opening import confirm, read, request_for
from cairn_protocol.messages.openings import Reason
from local import town
from local.processes import command, wait_until
from local.running import Local
from local.town import Town

_REPORTS = 60
_WARM = 5
_OPENINGS = 9


async def _measure(place: Town) -> list[float]:
    taken = []
    async with AsyncHub(place.party(town.FIRMS[0].id)) as hub:
        for at in range(_WARM + _REPORTS):
            word = secrets.token_hex(4)
            inquiry = Inquiry.from_mapping(
                {
                    "inquiry_id": f"bench-{word}",
                    "party": {
                        "name": f"Kestrel {word} Instruments",
                        "country": "GB",
                        "phones": [f"+44 20 79{secrets.randbelow(1_000_000):06d}"],
                        "emails": [f"sales@kestrel-{word}.example"],
                    },
                    "item": {"eccn": "2B230"},
                }
            )
            begun = WALL()
            receipt = await hub.report(inquiry)
            if receipt.promise is None:
                raise RuntimeError(f"not filed: {receipt.reason}")
            if at >= _WARM:
                taken.append((WALL() - begun) * 1e3)
    return taken


async def _measure_opening(place: Town) -> list[float]:
    phone = f"+44 20 79{secrets.randbelow(1_000_000):06d}"
    for firm in town.FIRMS[:3]:
        told = {
            "inquiry_id": f"open-{phone[-6:]}",
            "party": {"name": f"Lantern {firm.id}", "phones": [phone]},
        }
        async with AsyncHub(place.party(firm.id)) as hub:
            report_id = (await hub.report(Inquiry.from_mapping(told))).report_id
    ana, ben = (AsyncHub(place.party(name)) for name in town.ANALYSTS)
    async with ana, ben:
        asking, confirming = await ana.session(), await ben.session()
        identity, signed = request_for(asking, [UUID(str(report_id))], Reason.T1, "Art. 6(1)(f) GDPR")
        await OpeningsClient(asking.connection).ask(signed)
        await confirm(confirming, identity)
        await asyncio.to_thread(_approve, place, identity)
        taken = []
        for _ in range(_OPENINGS):
            begun = WALL()
            await read(asking, identity)
            taken.append((WALL() - begun) * 1e3)
            asking.register.opened.keep(identity, b"", 0)  # over at once: read anew the next time
    return taken


def _approve(place: Town, identity: str) -> None:
    for name in town.TRUSTEES[: town.THRESHOLD]:
        home = place.trustee(name)
        wait_until(lambda home=home: identity in command("cairn-trustee", "requests", "--home", home))
        command("cairn-trustee", "approve", identity, "--home", home)


def main() -> None:
    """Set up, measure, end everything."""
    with tempfile.TemporaryDirectory(prefix="cairn-bench-") as folder:
        Path(folder).chmod(0o755)  # the private database's own user must pass through
        place = Town(Path(folder) / "run")
        hub_url, trustee_urls = town.found(place, lambda _: None)
        local = Local(place, hub_url, trustee_urls)
        try:
            local.ensure_up()
            town.enrol_everybody(place, lambda _: None)
            taken = asyncio.run(_measure(place))
            opened = asyncio.run(_measure_opening(place))
        finally:
            local.stop()
    tell("report", "sdk_report_ms", statistics.quantiles(taken, n=20)[18], "ms, p95")
    tell("report", "sdk_report_ms_median", statistics.median(taken), "ms")
    tell("report", "open_ms", statistics.median(opened), "ms")


if __name__ == "__main__":
    main()
