"""Liaisons: read, comment, answer, give. No route here changes what is collected, linked, scored or shown (G9)."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.bulletins import (
    AcceptedContacts,
    Acknowledgement,
    Answer,
    Audience,
    ContactRequest,
    Deconflict,
    Feedback,
    FeedbackCode,
    Intelligence,
    TaxiiToken,
)
from cairn_protocol.messages.parties import Role
from cairn_protocol.messages.wire import decode
from hub.asked import Hub
from hub.bulletins import feedback, force, liaising, reading, tokens
from hub.bulletins.desk import TheDesk
from hub.bulletins.examples import BULLETINS, INTELLIGENCE
from hub.bulletins.refusals import Tasking
from hub.bulletins.tallying import count
from hub.describing import gives, message, takes
from hub.members.calling import REFUSALS, Caller, calling
from hub.problems import documented

router = APIRouter(tags=["liaisons"])

Liaison = Annotated[Caller, Depends(calling(Role.LIAISON))]
_ID: Final = UUID("7c8d9e0f-1a2b-4c3d-8e4f-5a6b7c8d9e0f")
_REFUSED: Final = documented(
    *REFUSALS, "unknown-bulletin", "unknown-contact", "tasking", "unfit-text", "checklist-open", "invalid-request"
)  # fmt: skip
After = Annotated[int, Query(ge=0, le=2**62, description="The `latest` of the answer before.")]


@router.get(
    "/v1/liaison/bulletins", response_class=Response, responses=gives(BULLETINS, "What came since") | _REFUSED
)
async def bulletins(liaison: Liaison, hub: Hub, after: After = 0) -> Response:
    """Liaisons' editions in force, and recalls, since a number. TAXII has the same as STIX."""
    await force.come_into_force(hub)
    found = await hub.store.read("bulletins", lambda db: reading.published(db, Audience.LIAISONS, after))
    await hub.store.transact("pull", lambda db: count(db, "pulls"))
    return message(found)


@router.post(
    "/v1/liaison/acknowledgements",
    status_code=204,
    responses=_REFUSED,
    openapi_extra=takes(Acknowledgement(bulletin=_ID)),
)
async def acknowledge(liaison: Liaison, hub: Hub) -> None:
    """Say that a recall was seen."""
    said = decode(liaison.body, Acknowledgement, culprit=f"liaison:{liaison.entry.party}")
    await hub.store.transact(
        "acknowledge", lambda db: reading.acknowledge(db, liaison.entry.party, said.bulletin)
    )


@router.post(
    "/v1/liaison/feedback",
    status_code=204,
    responses=_REFUSED,
    openapi_extra=takes(Feedback(bulletin=_ID, code=FeedbackCode.CORROBORATES, reason=None)),
)
async def give_feedback(liaison: Liaison, hub: Hub) -> None:
    """Say what a bulletin was worth."""
    said = decode(liaison.body, Feedback, culprit=f"liaison:{liaison.entry.party}")
    await _counting_tasking(hub, lambda db: feedback.give(db, liaison.entry.party, said))


@router.post(
    "/v1/liaison/deconflictions",
    status_code=204,
    responses=_REFUSED,
    openapi_extra=takes(Deconflict(bulletin=_ID)),
)
async def deconflict(liaison: Liaison, hub: Hub) -> None:
    """Ask people at the hub to wait with something. It is counted, and does nothing by itself."""
    said = decode(liaison.body, Deconflict, culprit=f"liaison:{liaison.entry.party}")

    async def body(db: AsyncSession) -> None:
        await feedback.require_shown(db, said.bulletin)
        await count(db, "deconflictions")

    await hub.store.transact("deconflict", body)


@router.post(
    "/v1/liaison/contacts",
    status_code=202,
    responses=_REFUSED,
    openapi_extra=takes(ContactRequest(bulletin=_ID, about="How the end use changed.", reach="Desk 4")),
)
async def ask_contact(liaison: Liaison, hub: Hub, desk: TheDesk) -> dict[str, str]:
    """Have a request relayed to contributors who allow it. To whom it went, or whether to anybody, is not told."""
    said = decode(liaison.body, ContactRequest, culprit=f"liaison:{liaison.entry.party}")

    async def body(db: AsyncSession) -> None:
        await liaising.ask_contact(db, desk, liaison.entry.party, said)

    await _counting_tasking(hub, body)
    return {"status": "relayed"}


@router.get(
    "/v1/liaison/contacts",
    response_class=Response,
    responses=gives(AcceptedContacts(reached=()), "Who agreed") | _REFUSED,
)
async def reached(liaison: Liaison, hub: Hub) -> Response:
    """The members that agreed to be reached."""
    return message(await hub.store.read("contacts", lambda db: liaising.reached(db, liaison.entry.party)))


@router.post(
    "/v1/liaison/answers/{question}",
    status_code=204,
    responses=_REFUSED,
    openapi_extra=takes(Answer(text="Yes, if it is signed.")),
)
async def answer(question: UUID, liaison: Liaison, hub: Hub) -> None:
    """Answer a question in public."""
    said = decode(liaison.body, Answer, culprit=f"liaison:{liaison.entry.party}")
    await _counting_tasking(hub, lambda db: liaising.answer(db, liaison.entry.party, question, said))


@router.post(
    "/v1/liaison/intelligence", status_code=202, responses=_REFUSED, openapi_extra=takes(INTELLIGENCE)
)
async def push(liaison: Liaison, hub: Hub) -> dict[str, str]:
    """Give what may be shared. Analysts draft it, others approve it; identifiers to be matched are refused."""
    given = decode(liaison.body, Intelligence, culprit=f"liaison:{liaison.entry.party}")
    kept: list[UUID] = []

    async def body(db: AsyncSession) -> None:
        kept[:] = [await liaising.push(db, liaison.entry.party, given)]

    await _counting_tasking(hub, body)
    return {"status": "received", "id": str(kept[0])}


@router.post(
    "/v1/liaison/tokens",
    status_code=201,
    response_class=Response,
    responses=gives(
        TaxiiToken(
            user="l0",
            password="A" * 43,
            collections=("liaisons-green",),
            expires_at=1_815_552_000,
            others_until=1_800_086_400,
        ),
        "The new password; the ones before work for another day",
        status=201,
    )
    | documented(*REFUSALS, "bad-token"),
)
async def rotate_token(liaison: Liaison, hub: Hub) -> Response:
    """A new password for TAXII, of the same scope."""
    token = await hub.store.transact("rotate token", lambda db: tokens.rotate(db, liaison.entry.party))
    return message(token, status=201)


async def _counting_tasking(hub: Hub, body: Callable[[AsyncSession], Awaitable[None]]) -> None:
    """Run it; a refusal as tasking is counted for the transparency report."""
    try:
        await hub.store.transact("liaison", body)
    except Tasking:
        await hub.store.transact("tasking", lambda db: count(db, "refused_as_tasking"))
        raise
