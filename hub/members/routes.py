"""Entering and approving over HTTP. What a party or trustee sends carries its own signature."""

import time
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from cairn_protocol.messages.parties import Approval, Enrolment, Entry, Proposal, Proposals, Role, Sector
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.roster import Roster
from hub.asked import Hub
from hub.describing import JSON, gives, message, schema_of, takes
from hub.members.acts import approve, waiting
from hub.members.invitations import enrol
from hub.problems import documented

router = APIRouter(tags=["roster"])

_ENTRY = Entry(
    party="m13",
    role=Role.MEMBER,
    group="meridian",
    group_index=11,
    sector=Sector.EXPORTER,
    families=("FAM-COM", "FAM-NAV"),
    signing_key=bytes(range(32)),
    sealing_key=None,
    not_before=1_800_000_000,
)
_PROPOSAL = Proposal(act=_ENTRY, possession=bytes(64), approved_by=("t1",))

ActId = Annotated[
    str, Path(pattern="^[0-9a-f]{16}$", description="The first 16 hex digits of the act's digest.")
]


@router.post(
    "/v1/enrolments",
    status_code=202,
    response_class=Response,
    responses={
        **gives(_PROPOSAL, "The entry as proposed to the trustees", status=202),
        **documented(
            "bad-message",
            "bad-signature",
            "invitation-unusable",
            "bad-roster",
            "body-too-large",
            "store-unavailable",
        ),
    },
    openapi_extra=takes(Enrolment(word=bytes(32), entry=_ENTRY, possession=bytes(64))),
)
async def enrolment(request: Request, hub: Hub) -> Response:
    """Enter with an invitation's word. The same enrolment again gets the same answer."""
    sent = decode(await request.body(), Enrolment)
    proposed = await hub.store.transact("enrol", lambda db: enrol(db, hub.roster, sent))
    return message(proposed, status=202)


@router.get(
    "/v1/roster/proposals",
    response_class=Response,
    responses={
        **gives(Proposals(proposals=(_PROPOSAL,)), "The acts that wait for approvals"),
        **documented("store-unavailable"),
    },
)
async def proposals(hub: Hub) -> Response:
    """What trustees are asked to approve."""
    return message(await hub.store.read("proposals", waiting))


@router.post(
    "/v1/roster/proposals/{act_id}",
    response_class=Response,
    responses={
        **gives(_PROPOSAL, "The act, and who approved it"),
        **documented(
            "bad-message",
            "bad-signature",
            "unknown-proposal",
            "bad-roster",
            "invalid-request",
            "body-too-large",
            "store-unavailable",
        ),
    },
    openapi_extra=takes(Approval(trustee="t1", signature=bytes(64))),
)
async def approval(act_id: ActId, request: Request, hub: Hub) -> Response:
    """A trustee approves an act. With the t-th approval it goes into the log."""
    sent = decode(await request.body(), Approval)
    stands = await hub.store.transact(
        "approve", lambda db: approve(db, hub.genesis, hub.roster, act_id, sent)
    )
    return message(stands)


@router.get(
    "/v1/roster",
    response_class=Response,
    responses={
        200: {
            "description": "Entries in force, for information: the log decides",
            "content": {JSON: {"schema": {"type": "array", "items": schema_of(Entry)}}},
        },
        **documented("store-unavailable"),
    },
)
async def roster(hub: Hub) -> Response:
    """Who is in force now, by the hub's clock."""
    now = int(time.time())
    known: Roster = await hub.store.read("roster", hub.roster.current)
    entries = [entry for role in Role for entry in known.in_force(role, now)]
    return Response(b"[" + b",".join(map(encode, entries)) + b"]", media_type=JSON)
