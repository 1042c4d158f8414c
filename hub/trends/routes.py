"""Analysts: ask, and see what can be asked and what is left of the budget."""

import datetime as dt
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.parties import Role
from cairn_protocol.messages.trends import QUERIES, Query, Step, TrendQuestion
from cairn_protocol.messages.wire import decode
from hub.asked import Hub
from hub.describing import takes
from hub.members.calling import REFUSALS, Caller, calling
from hub.problems import documented
from hub.trends.answering import ANALYSTS, account_as_told, answer, opened_account
from hub.trends.calendar import events
from hub.trends.ledger import accounts, standing
from hub.trends.snapshots import newest_row

router = APIRouter(tags=["trends"])

Analyst = Annotated[Caller, Depends(calling(Role.ANALYST))]
_EXAMPLE: Final = TrendQuestion(query=Query.TRENDS, step=Step.MONTH)


@router.post(
    "/v1/trends",
    responses=documented(*REFUSALS, "no-snapshot", "unknown-question", "budget-spent"),
    openapi_extra=takes(_EXAMPLE),
)
async def ask(analyst: Analyst, hub: Hub) -> dict[str, Any]:
    """Ask a question. The same again gets the same answer, and costs nothing."""
    question = decode(analyst.body, TrendQuestion, culprit=f"analyst:{analyst.entry.party}")
    return await answer(hub, question, ANALYSTS)


@router.get("/v1/trends", responses=documented(*REFUSALS))
async def list_questions(analyst: Analyst, hub: Hub) -> dict[str, Any]:
    """What can be asked: queries with their axes, the calendar of control events, and the snapshot there is."""

    async def body(db: AsyncSession) -> dict[str, Any]:
        snapshot = await newest_row(db)
        return {
            "queries": {
                query.value: [[axis.value for axis in by] for by in sorted(axes)]
                for query, axes in QUERIES.items()
            },
            "events": [{"id": one.id, "title": one.title, "week": one.week} for one in await events(db)],
            "snapshot": None
            if snapshot is None
            else {"number": snapshot.number, "made_on": snapshot.made_on.isoformat()},
        }

    return await hub.store.read("questions", body)


@router.get("/v1/trends/budget", responses=documented(*REFUSALS))
async def read_budget(analyst: Analyst, hub: Hub) -> dict[str, Any]:
    """Every account of the ledger: what each audience may still learn, of what, in which period."""

    async def body(db: AsyncSession) -> dict[str, Any]:
        kept = await accounts(db)
        mine = await standing(db, opened_account(hub, ANALYSTS, dt.datetime.now(dt.UTC).date()))
        listed = kept if mine in kept else [mine, *kept]
        return {"accounts": [account_as_told(account) for account in listed]}

    return await hub.store.read("budget", body)
