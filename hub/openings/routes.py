"""Openings over HTTP: analysts ask and confirm, trustees fetch evidence and answer. Every caller signs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.parties import Role
from cairn_protocol.messages.wire import Signed, decode
from hub.asked import Hub
from hub.describing import message
from hub.members.calling import REFUSALS, Caller, CallingTrustee, calling
from hub.openings import answering, asking
from hub.openings.asking import Standing
from hub.openings.cases import cases
from hub.openings.tables import OpeningRow
from hub.problems import documented

router = APIRouter(tags=["openings"])

CallingAnalyst = Annotated[Caller, Depends(calling(Role.ANALYST))]
OpeningId = Annotated[
    str, Path(pattern="^[0-9a-f]{16}$", description="The first 16 hex digits of the request's digest.")
]
_ASKED = documented(
    *REFUSALS, "bad-opening", "wrong-epoch", "unknown-report", "no-sealed-part", "too-few-groups",
    "unknown-opening", "opening-closed", "too-few-assents", "not-in-log", "invalid-request",
)  # fmt: skip


@router.post("/v1/openings", status_code=202, responses=_ASKED)
async def ask(analyst: CallingAnalyst, hub: Hub) -> dict[str, Any]:
    """Ask for reports to be opened. Refused at once if too few groups bear them out."""
    signed = decode(analyst.body, Signed)

    async def body(db: AsyncSession) -> Standing:
        return await asking.ask(db, await hub.roster.current(db), hub.genesis, analyst.entry, signed)

    return _told(await hub.store.transact("ask", body))


@router.get("/v1/openings", responses=_ASKED)
async def listed(analyst: CallingAnalyst, hub: Hub) -> list[dict[str, Any]]:
    """Every opening and where it stands: analysts watch each other."""

    async def body(db: AsyncSession) -> list[Standing]:
        rows = await db.scalars(select(OpeningRow).order_by(OpeningRow.expires_at.desc()).limit(500))
        return [await asking.standing(db, hub.genesis, row) for row in list(rows)]

    return [_told(one) for one in await hub.store.read("openings", body)]


@router.get("/v1/openings/pending", response_class=Response, responses=_ASKED)
async def pending(trustee: CallingTrustee, hub: Hub) -> Response:
    """The openings that wait for the calling trustee."""
    return message(await hub.store.read("pending", lambda db: answering.pending(db, trustee.keys.id)))


@router.get("/v1/openings/{opening}", responses=_ASKED)
async def status(opening: OpeningId, analyst: CallingAnalyst, hub: Hub) -> dict[str, Any]:
    """Where an opening stands, and its signed request for who is to confirm it."""

    async def body(db: AsyncSession) -> dict[str, Any]:
        row = await asking.row_of(db, opening)
        told = _told(await asking.standing(db, hub.genesis, row))
        return {**told, "request": row.request.decode()}

    return await hub.store.read("opening", body)


@router.post("/v1/openings/{opening}/confirmation", status_code=202, responses=_ASKED)
async def confirm(opening: OpeningId, analyst: CallingAnalyst, hub: Hub) -> dict[str, Any]:
    """A second analyst agrees. From then on the opening is in the log, whatever trustees answer."""
    signed = decode(analyst.body, Signed)

    async def body(db: AsyncSession) -> Standing:
        roster = await hub.roster.current(db)
        return await asking.confirm(db, roster, hub.genesis, analyst.entry, opening, signed)

    return _told(await hub.store.transact("confirm", body))


@router.get("/v1/openings/{opening}/evidence", response_class=Response, responses=_ASKED)
async def evidence(
    opening: OpeningId, trustee: CallingTrustee, hub: Hub, size: Annotated[int, Query(ge=1, le=2**40)]
) -> Response:
    """The headers that bear an opening out, with proofs for the trustee's own checkpoint."""

    async def body(db: AsyncSession) -> Response:
        return message(await answering.evidence(db, await hub.roster.current(db), opening, size))

    return await hub.store.read("evidence", body)


@router.post("/v1/openings/{opening}/answers", responses=_ASKED)
async def answer(opening: OpeningId, trustee: CallingTrustee, hub: Hub) -> dict[str, Any]:
    """A trustee agrees or refuses; it needs no reason."""
    signed = decode(trustee.body, Signed)

    async def body(db: AsyncSession) -> Standing:
        return await answering.answer(db, hub.genesis, trustee.keys, opening, signed)

    return _told(await hub.store.transact("answer", body))


@router.get("/v1/openings/{opening}/material", response_class=Response, responses=_ASKED)
async def material(opening: OpeningId, analyst: CallingAnalyst, hub: Hub) -> Response:
    """What the two analysts open the reports with, on their own machine."""
    await hub.envelopes.ready(hub.store)

    async def body(db: AsyncSession) -> Response:
        roster = await hub.roster.current(db)
        return message(
            await answering.material(db, hub.envelopes, roster, hub.genesis, analyst.entry, opening)
        )

    return await hub.store.read("material", body)


@router.get("/v1/cases", responses=_ASKED)
async def case_list(analyst: CallingAnalyst, hub: Hub) -> list[dict[str, Any]]:
    """Subjects that two groups or more reported: codes and bands, and the reports' ids."""
    await hub.envelopes.ready(hub.store)

    found = await hub.store.read("cases", lambda db: cases(db, hub.envelopes))
    return [one.as_json() for one in found]


def _told(standing: Standing) -> dict[str, Any]:
    return {
        "opening": standing.id,
        "status": standing.status,
        "assents": standing.assents,
        "reason": standing.reason,
    }
