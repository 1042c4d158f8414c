"""How often liaisons did what: counted as they do it, and put into the log as a tally of counts.

A tally names no liaison and no bulletin. Acts since the last tally are in the hub's table alone, so a
report closes one first. Source: domain brief 5.4 (a deconfliction is logged as a count only).
"""

import time
from typing import Final, Literal

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.bulletins import Tally
from cairn_protocol.messages.log import LeafKind, content_digest
from cairn_protocol.messages.wire import encode
from hub.bulletins.tables import LiaisonAct, TallyRow
from hub.translog.promise import promise

Act = Literal[
    "pulls",
    "feedback",
    "contact_requests",
    "questions_answered",
    "pushed",
    "refused_as_tasking",
    "deconflictions",
]
ACTS: Final[tuple[Act, ...]] = (
    "pulls",
    "feedback",
    "contact_requests",
    "questions_answered",
    "pushed",
    "refused_as_tasking",
    "deconflictions",
)


async def count(db: AsyncSession, act: Act, times: int = 1) -> None:
    """One more of these since the last tally."""
    row = insert(LiaisonAct).values(act=act, count=times)
    await db.execute(
        row.on_conflict_do_update(index_elements=["act"], set_={"count": LiaisonAct.count + times})
    )


async def close(db: AsyncSession) -> Tally | None:
    """Promise a tally of what was done since the last one; None if nothing was."""
    rows = await db.execute(delete(LiaisonAct).returning(LiaisonAct.act, LiaisonAct.count.label("count_")))
    taken: dict[str, int] = {row.act: row.count_ for row in rows}
    if not taken:
        return None
    now = int(time.time())
    since = await db.scalar(select(func.max(TallyRow.until))) or 0
    tally = Tally(since=since, until=now, **{act: taken.get(act, 0) for act in ACTS})
    content = encode(tally)
    db.add(TallyRow(until=now))
    await promise(db, LeafKind.TALLY, content_digest(content), content)
    return tally
