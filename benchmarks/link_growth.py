"""How linking grows: time for ten times the reports, one tag of which a tenth of all share.

    python -m benchmarks.link_growth [--small 10000]

The hub's own linkage jobs, a hundred reports each, on a real database that holds the reports as
filing leaves them, but for their signatures, which linkage doesn't look at. The tag is a phone:
once of a single subject with a few names (`link_growth`), once of a forwarder whose customers
have names and registration numbers of their own (`link_growth_common`). The other reports are of
subjects with four each. Time is that of the processor, the hub's and the database's together, so that
what else the machine does doesn't count. Prints JSON lines {"bench", "figure", "value", "unit"}.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import psutil
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.intake import a_hub
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.wire import encode
from hub.linkage.linking import link_reports
from hub.reports.bulk import copy_rows
from hub.reports.secrets import seal_open_part
from hub.reports.tables import ReportRow, ReportTag
from hub.services import Services
from hub.storage.embedded import ROLE
from tests.support.reports import exporters, seed

GROWTH: Final = 10
JOB: Final = 100
FIRMS: Final = exporters(30)

Keys = Sequence[tuple[Kind, str]]


def one_subject(at: int) -> Keys:
    """A tenth of the reports are of one subject with seven names."""
    if at % 10 == 0:
        return (Kind.PHONE, "shared"), (Kind.NAME, f"one of {at // 10 % 7}"), (Kind.EMAIL, f"{at // 10 % 7}")
    return _other(at)


def one_forwarder(at: int) -> Keys:
    """A tenth of the reports are of a forwarder's customers, who have only its phone in common."""
    if at % 10 == 0:
        return (Kind.PHONE, "shared"), (Kind.NAME, f"customer {at}"), (Kind.REGISTRATION, f"{at}")
    return _other(at)


def _other(at: int) -> Keys:
    subject = at // 40 * 10 + at % 10  # its four reports lie forty apart
    return (Kind.PHONE, f"{subject}"), (Kind.NAME, f"name {subject}"), (Kind.EMAIL, f"{subject} {at % 3}")


async def seconds_for(count: int, keys_of: Callable[[int], Keys]) -> float:
    """Processor time of the jobs that link so many reports."""
    async with a_hub(*FIRMS) as hub:
        await hub.services.envelopes.ready(hub.services.store)
        for start in range(1, count + 1, 5_000):
            await _put(hub.services, range(start, min(start + 5_000, count + 1)), keys_of)
        begun = processor_seconds(hub.services)
        for start in range(1, count + 1, JOB):
            await link_reports(hub.services, range(start, min(start + JOB, count + 1)), [])
        return processor_seconds(hub.services) - begun


def processor_seconds(hub: Services) -> float:
    """What this process and those that the database keeps for it have used so far."""
    pid = (hub.settings.data / "postgres" / "data" / "postmaster.pid").read_text().split()[0]
    serving = [one for one in psutil.Process(int(pid)).children() if f": {ROLE} " in " ".join(one.cmdline())]
    used = [one.cpu_times() for one in serving]
    return time.process_time() + sum(times.user + times.system for times in used)


async def _put(hub: Services, numbers: range, keys_of: Callable[[int], Keys]) -> None:
    """Rows of reports as filing leaves them. All have one header, of which linkage reads week and confidence."""
    like = FIRMS[0].report((Kind.NAME, "any"))
    header, day = encode(like.signed), datetime.now(UTC).date()

    def reports() -> Iterator[tuple[object, ...]]:
        for number in numbers:
            member, digest = FIRMS[number * 7 % len(FIRMS)].id, seed(number)
            open_part = seal_open_part(hub.envelopes, number, like.open)
            yield number, member, UUID(bytes=digest[:16]), 1, digest, header, open_part, day

    def tags() -> Iterator[tuple[object, ...]]:
        for number in numbers:
            for position, (kind, value) in enumerate(keys_of(number)):
                yield number, position, kind.value, seed(kind, value)

    async def body(db: AsyncSession) -> None:
        await copy_rows(db, ReportRow, reports())
        await copy_rows(db, ReportTag, tags())

    await hub.store.transact("put", body)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", type=int, default=10_000, help="reports of the smaller set")
    small = parser.parse_args().small
    for figure, keys_of in (("link_growth", one_subject), ("link_growth_common", one_forwarder)):
        few = asyncio.run(seconds_for(small, keys_of))
        many = asyncio.run(seconds_for(small * GROWTH, keys_of))
        for name, value, unit in (
            (figure, many / few, "ratio"),
            (f"{figure}_ms_per_report", many / (small * GROWTH) * 1e3, "ms"),
        ):
            print(
                json.dumps({"bench": "link_growth", "figure": name, "value": round(value, 3), "unit": unit})
            )


if __name__ == "__main__":
    main()
