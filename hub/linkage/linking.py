"""Link and unlink reports: load what surrounds them, let the rules decide, write what changed.

One transaction a job, and one job at a time: who comes first decides some ties, so the order
must be one that can be told again. A job that runs twice changes nothing the second time.

What a report that leaves, or a value that turned out to be common, has held together is taken
apart: the clusters it touched, and those they share a tag with, are dissolved and their reports placed again
in their old order. So jobs one by one arrive where linking all at once does (`batch`).

Not here: the rules (`clustering`, `common_values`), cards (`hub.cards`).
"""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.roster import Roster
from hub.jobs import Task
from hub.linkage import loading, merges, weighing, writing
from hub.reports.filing import LINK_REPORTS
from hub.services import Services
from hub.storage.envelopes import Envelopes

# Any number will do, as long as no other lock of ours has it.
_LINKAGE_LOCK: Final = 0x6C69_6E6B


async def link_reports(hub: Services, added: Sequence[int], gone: Sequence[int]) -> None:
    """The job: link the reports with these numbers, unlink those that were amended or taken back."""
    await hub.envelopes.ready(hub.store)

    async def body(db: AsyncSession) -> None:
        await relink(db, hub.envelopes, await hub.roster.current(db), added, gone)

    await hub.store.transact("link", body)


LINK: Final = Task(LINK_REPORTS, link_reports)


async def take_turn(db: AsyncSession) -> None:
    """Until the transaction ends nobody else links, and nobody makes cards of what is half linked."""
    await db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LINKAGE_LOCK})


async def relink(
    db: AsyncSession,
    envelopes: Envelopes,
    roster: Roster,
    added: Sequence[int],
    gone: Sequence[int],
    *,
    anew: Collection[int] = (),
) -> None:
    """Bring the clusters up to date with reports that came and went. All in the caller's transaction.

    anew  clusters to take apart and place again: their reports, or their values, were judged anew
    """
    await take_turn(db)
    left = await loading.leaving(db, gone)
    arrived = await loading.arriving(db, envelopes, roster, added)
    if not left and not arrived and not anew:
        return
    await writing.forget(db, left)
    turned = await weighing.weigh(db, arrived, left)

    touched = {row.cluster for row in left} | await loading.clusters_with(db, turned) | set(anew)
    dissolved = await loading.neighbourhood(db, touched)
    staying = await loading.linked_in(db, envelopes, dissolved)
    sightings = await loading.without_common(db, [*staying, *arrived])
    board = await loading.board_around(db, envelopes, sightings, dissolved)
    for sighting in sightings:
        board.place(sighting)
    await merges.note(db, board, [*staying, *arrived])
    await writing.write(db, envelopes, board, staying, arrived, dissolved)
