"""The transparency report: what the log says of openings, bulletins, recalls and liaisons, as counts.

Everything is counted from leaves, so whoever has the log counts the same. What liaisons did since the last
tally is tallied first.
"""

import asyncio
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.cuts import order_of
from cairn_protocol.messages.bulletins import Recall, RecallOrder, Release, Tally
from cairn_protocol.messages.log import LeafKind
from cairn_protocol.messages.openings import Opening, OpeningRequest
from cairn_protocol.messages.wire import decode
from hub.bulletins.tallying import ACTS, close
from hub.services import Services
from hub.translog.tables import PromisedLeaf, TranslogLeaf

_WAIT_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Transparency:
    """Counts over the whole log.

    leaves     by kind
    openings   by reason code; bulletins: releases by kind, corrections apart; recalls: of bulletins, by reason
    cuts       links that a reviewer and an analyst cut, by reason: WRONG-JOIN is how often linkage erred
    liaisons   what they did, together, until the last tally
    """

    size: int
    leaves: dict[str, int]
    openings: dict[str, int]
    bulletins: dict[str, int]
    corrections: int
    recalls: dict[str, int]
    cuts: dict[str, int]
    liaisons: dict[str, int]
    tallied_until: int

    def as_json(self) -> dict[str, object]:
        """As `cairn-hub transparency --json` prints it."""
        return asdict(self)

    def as_markdown(self) -> str:
        """As a page."""
        parts = [
            "# Transparency report",
            f"Counted from the {self.size} leaves of the log; liaisons' acts until "
            f"{time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime(self.tallied_until))}.",
            _table("Openings, by reason", self.openings),
            _table("Bulletins released, by kind", self.bulletins | {"corrections": self.corrections}),
            _table("Recalls, by reason", self.recalls),
            _table("Links cut, by reason", self.cuts),
            _table("What liaisons did, all together", self.liaisons),
            _table("Leaves of the log, by kind", self.leaves),
        ]
        return "\n\n".join(parts) + "\n"


async def report(services: Services) -> Transparency:
    """Tally what is open, wait for its leaf, and count. Without a running sequencer the tally shows next time."""
    tally = await services.store.transact("tally", close)
    deadline = time.monotonic() + _WAIT_SECONDS
    while tally is not None and time.monotonic() < deadline:
        if not await services.store.read("tally", _waits):
            break
        await asyncio.sleep(0.2)
    return await services.store.read("transparency", _counted)


async def _waits(db: AsyncSession) -> bool:
    promised = select(func.count()).where(PromisedLeaf.kind == LeafKind.TALLY.value)
    return bool(await db.scalar(promised))


async def _counted(db: AsyncSession) -> Transparency:
    kinds = await db.execute(
        select(TranslogLeaf.kind, func.count().label("many"))
        .group_by(TranslogLeaf.kind)
        .order_by(TranslogLeaf.kind)
    )
    leaves: dict[str, int] = {row.kind: row.many for row in kinds}
    openings = Counter(
        decode(decode(content, Opening).request.body, OpeningRequest).reason.value
        for content in await _contents(db, LeafKind.OPENING)
    )
    releases = [decode(content, Release) for content in await _contents(db, LeafKind.BULLETIN)]
    recalls = Counter(
        decode(decode(content, Recall).order.body, RecallOrder).reason.value
        for content in await _contents(db, LeafKind.BULLETIN_RECALL)
    )
    cuts = Counter(order_of(content).reason.value for content in await _contents(db, LeafKind.CUT))
    tallies = [decode(content, Tally) for content in await _contents(db, LeafKind.TALLY)]
    return Transparency(
        size=sum(leaves.values()),
        leaves=leaves,
        openings=dict(sorted(openings.items())),
        bulletins=dict(
            sorted(Counter(one.outline.kind.value for one in releases if one.outline.version == 1).items())
        ),
        corrections=sum(one.outline.version > 1 for one in releases),
        recalls=dict(sorted(recalls.items())),
        cuts=dict(sorted(cuts.items())),
        liaisons={act: sum(getattr(one, act) for one in tallies) for act in ACTS},
        tallied_until=max((one.until for one in tallies), default=0),
    )


async def _contents(db: AsyncSession, kind: LeafKind) -> list[bytes]:
    rows = await db.scalars(
        select(TranslogLeaf.content).where(TranslogLeaf.kind == kind.value).order_by(TranslogLeaf.leaf_index)
    )
    return [content for content in rows if content is not None]


def _table(title: str, counts: dict[str, int]) -> str:
    rows = [f"| {name} | {count} |" for name, count in counts.items()] or ["| none | 0 |"]
    return "\n".join([f"## {title}", "", "| what | count |", "|---|---|", *rows])
