"""Members: bulletins, recalls, objections, contact, questions, and what was found useful."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from cairn_protocol.messages.bulletins import (
    Acknowledgement,
    Asked,
    Audience,
    ContactAccepted,
    Objection,
    Question,
    Questions,
    Usefulness,
    Windows,
)
from cairn_protocol.messages.wire import decode
from hub.asked import Hub
from hub.bulletins import drafting, force, liaising, reading
from hub.bulletins.desk import TheDesk
from hub.bulletins.examples import BULLETINS, CONTACTS
from hub.bulletins.stix import extension_schema
from hub.describing import gives, message, takes
from hub.members.calling import REFUSALS, CallingMember
from hub.problems import documented

router = APIRouter(tags=["bulletins"])

_ID: Final = UUID("7c8d9e0f-1a2b-4c3d-8e4f-5a6b7c8d9e0f")
_ASKED: Final = Asked(id=_ID, text="May a statement of end use be e-mailed?", answer=None, answered_by=None)
_REFUSED: Final = documented(
    *REFUSALS, "unknown-bulletin", "unknown-contact", "wrong-stage", "draft-changed", "unfit-text", "invalid-request"
)  # fmt: skip
After = Annotated[int, Query(ge=0, le=2**62, description="The `latest` of the answer before.")]
Quarter = Annotated[str, Query(pattern=r"^20[0-9]{2}-Q[1-4]$", description="Such as 2026-Q4.")]


@router.get(
    "/v1/bulletins", response_class=Response, responses=gives(BULLETINS, "What came since") | _REFUSED
)
async def bulletins(member: CallingMember, hub: Hub, after: After = 0) -> Response:
    """Members' editions in force, and recalls, since a number."""
    await force.come_into_force(hub)
    return message(
        await hub.store.read("bulletins", lambda db: reading.published(db, Audience.MEMBERS, after))
    )


@router.post(
    "/v1/bulletins/acknowledgements",
    status_code=204,
    responses=_REFUSED,
    openapi_extra=takes(Acknowledgement(bulletin=_ID)),
)
async def acknowledge(member: CallingMember, hub: Hub) -> None:
    """Say that a recall was seen."""
    said = decode(member.body, Acknowledgement, culprit=f"member:{member.entry.party}")
    await hub.store.transact(
        "acknowledge", lambda db: reading.acknowledge(db, member.entry.party, said.bulletin)
    )


@router.get(
    "/v1/bulletins/windows",
    response_class=Response,
    responses=gives(Windows(drafts=()), "Drafts that wait for objections") | _REFUSED,
)
async def windows(member: CallingMember, hub: Hub, desk: TheDesk) -> Response:
    """Drafts drawn from the caller's own reports that it can still object to."""
    return message(await hub.store.read("windows", lambda db: drafting.windows(db, desk, member.entry)))


@router.post(
    "/v1/bulletins/objections",
    status_code=204,
    responses=_REFUSED,
    openapi_extra=takes(Objection(outline=bytes(32), reason="IDENTIFIABLE")),
)
async def object_to(member: CallingMember, hub: Hub, desk: TheDesk) -> None:
    """Object to a draft: it can't be released until it is edited and approved anew."""
    said = decode(member.body, Objection, culprit=f"member:{member.entry.party}")
    await hub.store.transact("object", lambda db: drafting.object_to(db, desk, member.entry, said))


@router.get(
    "/v1/bulletins/usefulness",
    response_class=Response,
    responses=gives(Usefulness(quarter="2026-Q4", bulletins="10-24", useful="5-9"), "In bands") | _REFUSED,
)
async def usefulness(member: CallingMember, hub: Hub, quarter: Quarter) -> Response:
    """What governments found useful in a quarter."""
    return message(await hub.store.read("usefulness", lambda db: reading.usefulness(db, quarter)))


@router.get(
    "/v1/contacts", response_class=Response, responses=gives(CONTACTS, "What liaisons asked you") | _REFUSED
)
async def contacts(member: CallingMember, hub: Hub, desk: TheDesk) -> Response:
    """Contact requests that were relayed to the caller. None needs an answer."""
    return message(await hub.store.read("contacts", lambda db: liaising.contacts_of(db, member.entry.party)))


@router.post(
    "/v1/contacts/{contact}",
    status_code=204,
    responses=_REFUSED,
    openapi_extra=takes(ContactAccepted(reach="Compliance desk")),
)
async def accept_contact(contact: UUID, member: CallingMember, hub: Hub) -> None:
    """Agree to be reached."""
    said = decode(member.body, ContactAccepted, culprit=f"member:{member.entry.party}")
    await hub.store.transact(
        "accept contact", lambda db: liaising.accept_contact(db, member.entry.party, contact, said)
    )


@router.post(
    "/v1/questions",
    status_code=201,
    response_class=Response,
    responses=gives(_ASKED, "The question as it will be published", status=201) | _REFUSED,
    openapi_extra=takes(Question(text="May a statement of end use be e-mailed?")),
)
async def ask(member: CallingMember, hub: Hub) -> Response:
    """Ask governments a question of compliance, without a name on it."""
    said = decode(member.body, Question, culprit=f"member:{member.entry.party}")
    delay = hub.settings.question_delay_seconds
    return message(await hub.store.transact("ask", lambda db: liaising.ask(db, said, delay)), status=201)


@router.get(
    "/v1/questions",
    response_class=Response,
    responses=gives(Questions(questions=(_ASKED,)), "Questions and answers")
    | documented("store-unavailable"),
)
async def questions(hub: Hub) -> Response:
    """Questions whose delay is over, with their answers: public."""
    return message(await hub.store.read("questions", liaising.questions))


@router.get(
    force.SCHEMA_PATH,
    response_class=Response,
    responses={200: {"description": "JSON schema", "content": {"application/schema+json": {}}}},
)
async def schema() -> Response:
    """The schema of the extension on our STIX objects: public."""
    return Response(extension_schema(), media_type="application/schema+json")
