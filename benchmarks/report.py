"""What one report costs from end to end: hub, three trustees and the firm on one machine.

sdk_report_ms   a new inquiry with a name, a phone and an e-mail address, from `hub.report` to the
                hub's promise: the 95th percentile of 60, by the clock
"""

import asyncio
import secrets
import statistics
import tempfile
from pathlib import Path

from benchmarks.measuring import WALL, tell
from cairn import AsyncHub, Inquiry
from local import town
from local.running import Local
from local.town import Town

_REPORTS = 60
_WARM = 5


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
        finally:
            local.stop()
    tell("report", "sdk_report_ms", statistics.quantiles(taken, n=20)[18], "ms, p95")
    tell("report", "sdk_report_ms_median", statistics.median(taken), "ms")


if __name__ == "__main__":
    main()
