"""Corrections over HTTP: reviewers look and order, analysts confirm, contributors acknowledge. Every caller signs."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.parties import Role
from cairn_protocol.messages.wire import Signed, decode
from hub.asked import Hub
from hub.corrections import cutting
from hub.corrections.cutting import CutStanding
from hub.corrections.disputes import disputable
from hub.describing import takes
from hub.members.calling import REFUSALS, Caller, CallingMember, calling
from hub.problems import documented

router = APIRouter(tags=["corrections"])

CallingReviewer = Annotated[Caller, Depends(calling(Role.REVIEWER))]
CallingAnalyst = Annotated[Caller, Depends(calling(Role.ANALYST))]
CutId = Annotated[
    str, Path(pattern="^[0-9a-f]{16}$", description="The first 16 hex digits of the order's digest.")
]
_SIGNED: Final = takes(Signed(body=b"{}", signature=bytes(64)))
_REFUSED: Final = documented(*REFUSALS, "wrong-epoch", "unknown-cut", "nothing-to-cut", "invalid-request")


@router.get("/v1/disputes", responses=documented(*REFUSALS, "invalid-request"))
async def disputes(reviewer: CallingReviewer, hub: Hub, case: int | None = None) -> list[dict[str, Any]]:
    """Subjects of several reports, those in dispute first, and where each would come apart."""
    await hub.envelopes.ready(hub.store)
    found = await hub.store.read("disputes", lambda db: disputable(db, hub.envelopes, case))
    return [one.as_json() for one in found]


@router.get("/v1/recalls", responses=documented(*REFUSALS))
async def recalls(reviewer: CallingReviewer, hub: Hub) -> list[dict[str, Any]]:
    """Every cut, and how many of its contributors have acknowledged it."""
    return await _every(hub)


@router.post("/v1/recalls", status_code=202, responses=_REFUSED, openapi_extra=_SIGNED)
async def order(reviewer: CallingReviewer, hub: Hub) -> dict[str, Any]:
    """A reviewer upholds a dispute: a signed CutOrder. Nothing changes before an analyst confirms it."""
    signed = decode(reviewer.body, Signed, culprit=f"reviewer:{reviewer.entry.party}")
    return await _told(hub, "order cut", lambda db: cutting.order(db, hub.genesis, reviewer.entry, signed))


@router.get("/v1/recalls/waiting", responses=documented(*REFUSALS))
async def waiting(analyst: CallingAnalyst, hub: Hub) -> list[dict[str, Any]]:
    """The same list, for analysts: what is only ordered waits for one of them."""
    return await _every(hub)


@router.get("/v1/recalls/{cut}", responses=_REFUSED)
async def read(cut: CutId, analyst: CallingAnalyst, hub: Hub) -> dict[str, Any]:
    """A cut with its signed order, for who is to confirm it."""

    async def body(db: AsyncSession) -> dict[str, Any]:
        row = await cutting.row_of(db, cut)
        return {**(await cutting.standing(db, row)).as_json(), "order": row.order.decode()}

    return await hub.store.transact("read cut", body)


@router.post("/v1/recalls/{cut}/confirmation", status_code=201, responses=_REFUSED, openapi_extra=_SIGNED)
async def confirm(cut: CutId, analyst: CallingAnalyst, hub: Hub) -> dict[str, Any]:
    """An analyst agrees: a signed CutConfirmation. The cut is carried out; the next index recalls the cards."""
    await hub.envelopes.ready(hub.store)
    signed = decode(analyst.body, Signed, culprit=f"analyst:{analyst.entry.party}")

    async def body(db: AsyncSession) -> CutStanding:
        roster = await hub.roster.current(db)
        return await cutting.confirm(db, hub.envelopes, roster, analyst.entry, cut, signed)

    return await _told(hub, "confirm cut", body)


@router.post("/v1/recalls/{cut}/acknowledgements", responses=_REFUSED, openapi_extra=_SIGNED)
async def acknowledge(cut: CutId, caller: CallingMember, hub: Hub) -> dict[str, Any]:
    """A firm whose reports were cut has taken notice: a signed RecallAcknowledgement."""
    signed = decode(caller.body, Signed, culprit=f"member:{caller.entry.party}")
    return await _told(hub, "acknowledge cut", lambda db: cutting.acknowledge(db, caller.entry, cut, signed))


async def _told(hub: Hub, what: str, body: Any) -> dict[str, Any]:
    standing: CutStanding = await hub.store.transact(what, body)
    return standing.as_json()


async def _every(hub: Hub) -> list[dict[str, Any]]:
    return [one.as_json() for one in await hub.store.read("cuts", cutting.every_cut)]
