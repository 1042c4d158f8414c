"""Firms at work in a local Cairn: they file background inquiries, sync, and check, through the SDK."""

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain

from cairn import AsyncHub, Inquiry
from cairn.filing import Receipt
from hub.index import publishing
from hub.verbs.saying import with_services
from local.corridors import planted
from local.inquiries import inquiries
from local.town import FIRMS, Town

ONE_OF_EACH_GROUP = tuple({firm.group: firm.id for firm in reversed(FIRMS)}.values())
_AT_ONCE = 3  # firms filing at the same time


async def file_background(town: Town, count: int, seed: int, today: dt.date) -> list[Receipt]:
    """Every firm files its share of about `count` made-up inquiries, and of those on two planted corridors."""
    by_firm: dict[str, list[Inquiry]] = defaultdict(list)
    background = inquiries([(firm.id, firm.sector) for firm in FIRMS], count, seed=seed, today=today)
    for firm, told in chain(background, planted(ONE_OF_EACH_GROUP, seed=seed, today=today)):
        by_firm[firm].append(Inquiry.from_mapping(told))
    gate = asyncio.Semaphore(_AT_ONCE)

    async def file(firm: str, told: Sequence[Inquiry]) -> list[Receipt]:
        async with gate, AsyncHub(town.party(firm)) as hub:
            return await hub.report_all(told)

    filed = await asyncio.gather(*(file(firm, told) for firm, told in by_firm.items()))
    return [receipt for receipts in filed for receipt in receipts]


async def sync_everybody(town: Town) -> None:
    """Every firm fetches and verifies the index, and the proofs of what it filed."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def sync(firm: str) -> None:
        async with gate, AsyncHub(town.party(firm)) as hub:
            await hub.sync()
            await hub.verify_receipts()

    await asyncio.gather(*(sync(firm.id) for firm in FIRMS))


def publish(town: Town) -> None:
    """The operator publishes the index, as `cairn-hub index publish` does. Blocks; not in an event loop."""
    with_services(town.hub, publishing.publish)
