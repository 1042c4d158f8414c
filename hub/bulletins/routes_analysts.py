"""Analysts and reviewers: drafts, approvals, release and recall."""

import json
import time
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.bulletins import Audience, Draft, DraftEdit, Stage
from cairn_protocol.messages.parties import Role
from cairn_protocol.messages.wire import Signed, decode
from hub.asked import Hub
from hub.bulletins import drafting, force, liaising
from hub.bulletins.desk import TheDesk
from hub.bulletins.examples import DRAFT, INBOX
from hub.bulletins.reading import seen_by
from hub.bulletins.refusals import UnknownBulletin
from hub.bulletins.rows import draft_of, row_of, standing_of
from hub.bulletins.stix import render_draft
from hub.bulletins.tables import BulletinRow, RecallRow
from hub.bulletins.wording import Finding
from hub.describing import gives, message, takes
from hub.members.calling import REFUSALS, Caller, calling
from hub.problems import documented

router = APIRouter(tags=["bulletins"])

Analyst = Annotated[Caller, Depends(calling(Role.ANALYST))]
Reviewer = Annotated[Caller, Depends(calling(Role.REVIEWER))]
_DRAFTS: Final = "/v1/bulletins/drafts"
_STIX: Final = "application/stix+json;version=2.1"
_SIGNED: Final = Signed(body=b"{}", signature=bytes(64))
_REFUSED: Final = documented(
    *REFUSALS, "unknown-bulletin", "draft-changed", "wrong-stage", "own-draft", "window-open", "unfit-text",
    "invalid-request",
)  # fmt: skip


@router.post(_DRAFTS, responses=_REFUSED, openapi_extra=takes(DraftEdit(draft=DRAFT, replaces=None)))
async def save_draft(analyst: Analyst, hub: Hub, desk: TheDesk) -> dict[str, Any]:
    """Save a draft, new or edited, and get what the checks find."""
    sent = decode(analyst.body, DraftEdit, culprit=f"analyst:{analyst.entry.party}")

    async def body(db: AsyncSession) -> dict[str, Any]:
        found = await drafting.save(db, desk, analyst.entry, sent)
        return await _told(db, await row_of(db, sent.draft.bulletin, sent.draft.version), found)

    return await hub.store.transact("save draft", body)


@router.get(_DRAFTS, responses=documented(*REFUSALS))
async def list_drafts(analyst: Analyst, hub: Hub) -> list[dict[str, Any]]:
    """Every bulletin at every version, with where it stands."""
    await force.come_into_force(hub)

    async def body(db: AsyncSession) -> list[dict[str, Any]]:
        rows = await db.scalars(select(BulletinRow).order_by(BulletinRow.bulletin, BulletinRow.version))
        return [await _told(db, row) for row in rows]

    return await hub.store.read("bulletins", body)


@router.get(
    _DRAFTS + "/{bulletin}",
    response_class=Response,
    responses=gives(DRAFT, "The latest version's text") | _REFUSED,
)
async def read_draft(bulletin: UUID, analyst: Analyst, hub: Hub) -> Response:
    """The text, to be read before it is approved."""
    return message(await hub.store.transact("read draft", lambda db: _latest(db, bulletin)))


@router.get(
    _DRAFTS + "/{bulletin}/stix",
    response_class=Response,
    responses={**_REFUSED, 200: {"content": {_STIX: {}}, "description": "A bundle around a grouping"}},
)
async def read_draft_as_stix(
    bulletin: UUID, analyst: Analyst, hub: Hub, audience: Audience = Audience.LIAISONS
) -> Response:
    """The latest version's edition for an audience as the STIX objects it would be, around a grouping."""
    draft = await hub.store.transact("read draft", lambda db: _latest(db, bulletin))
    for edition in draft.editions:
        if edition.audience is audience:
            bundle = render_draft(force.naming_of(hub), draft, edition, int(time.time()))
            return Response(json.dumps(bundle, ensure_ascii=False), media_type=_STIX)
    raise UnknownBulletin("the bulletin has no edition for that audience")


@router.get(
    _DRAFTS + "/{bulletin}/for-review",
    response_class=Response,
    responses=gives(DRAFT, "The latest version's text") | _REFUSED,
)
async def read_for_review(bulletin: UUID, reviewer: Reviewer, hub: Hub) -> Response:
    """The text, for a reviewer."""
    return message(await hub.store.transact("read draft", lambda db: _latest(db, bulletin)))


@router.post(_DRAFTS + "/{bulletin}/checks", responses=_REFUSED)
async def check_draft(bulletin: UUID, analyst: Analyst, hub: Hub, desk: TheDesk) -> dict[str, Any]:
    """What the checks find now."""

    async def body(db: AsyncSession) -> dict[str, Any]:
        row = await row_of(db, bulletin)
        found = await drafting.findings(db, desk, draft_of(row))
        return await _told(db, row, found)

    return await hub.store.transact("check draft", body)


@router.post(_DRAFTS + "/{bulletin}/submission", responses=_REFUSED, openapi_extra=takes(_SIGNED))
async def submit_draft(bulletin: UUID, analyst: Analyst, hub: Hub, desk: TheDesk) -> dict[str, Any]:
    """The author stands by the text: a signed Submission."""
    signed = decode(analyst.body, Signed, culprit=f"analyst:{analyst.entry.party}")

    async def body(db: AsyncSession) -> dict[str, Any]:
        row = await drafting.submit(db, desk, analyst.entry, bulletin, signed)
        return await _told(db, row)

    return await hub.store.transact("submit draft", body)


@router.post(_DRAFTS + "/{bulletin}/approval", responses=_REFUSED, openapi_extra=takes(_SIGNED))
async def approve_draft(bulletin: UUID, analyst: Analyst, hub: Hub) -> dict[str, Any]:
    """A second analyst agrees to exactly this text: a signed ReviewerApproval."""
    return await _approve(hub, bulletin, analyst, Stage.ANALYST)


@router.post(_DRAFTS + "/{bulletin}/privacy-approval", responses=_REFUSED, openapi_extra=takes(_SIGNED))
async def approve_privacy(bulletin: UUID, reviewer: Reviewer, hub: Hub) -> dict[str, Any]:
    """A reviewer agrees to exactly this text: a signed ReviewerApproval."""
    return await _approve(hub, bulletin, reviewer, Stage.PRIVACY)


@router.post(_DRAFTS + "/{bulletin}/release", responses=_REFUSED)
async def release_draft(bulletin: UUID, analyst: Analyst, hub: Hub, desk: TheDesk) -> dict[str, Any]:
    """Let an approved draft out. Readers get it once trustees cosigned its leaf, and after its embargo."""

    async def body(db: AsyncSession) -> dict[str, Any]:
        return await _told(db, await force.release(db, desk, bulletin))

    return await hub.store.transact("release bulletin", body)


@router.post("/v1/bulletins/{bulletin}/recall", responses=_REFUSED, openapi_extra=takes(_SIGNED))
async def recall_bulletin(bulletin: UUID, analyst: Analyst, hub: Hub) -> dict[str, Any]:
    """Take a bulletin back in all its versions: a signed RecallOrder."""
    signed = decode(analyst.body, Signed, culprit=f"analyst:{analyst.entry.party}")

    async def body(db: AsyncSession) -> dict[str, Any]:
        tombstone = await force.recall(db, analyst.entry, bulletin, signed)
        return {"bulletin": str(bulletin), "status": "RECALLED", "reason": tombstone.reason}

    return await hub.store.transact("recall bulletin", body)


@router.get(
    "/v1/bulletins/inbox",
    response_class=Response,
    responses=gives(INBOX, "What waits") | documented(*REFUSALS),
)
async def read_inbox(analyst: Analyst, hub: Hub) -> Response:
    """What liaisons gave, to be drafted."""
    return message(await hub.store.read("inbox", liaising.inbox))


async def _approve(hub: Hub, bulletin: UUID, approver: Caller, stage: Stage) -> dict[str, Any]:
    signed = decode(approver.body, Signed, culprit=f"{approver.entry.role}:{approver.entry.party}")

    async def body(db: AsyncSession) -> dict[str, Any]:
        return await _told(db, await drafting.approve(db, approver.entry, bulletin, stage, signed))

    return await hub.store.transact("approve draft", body)


async def _latest(db: AsyncSession, bulletin: UUID) -> Draft:
    return draft_of(await row_of(db, bulletin))


async def _told(db: AsyncSession, row: BulletinRow, found: list[Finding] | None = None) -> dict[str, Any]:

    await db.flush()
    standing = await standing_of(db, row)
    tombstone = await db.get(RecallRow, row.bulletin)
    told: dict[str, Any] = {
        "bulletin": str(row.bulletin),
        "version": row.version,
        "kind": row.kind,
        "author": row.author,
        "title": draft_of(row).editions[0].title if row.draft is not None else None,
        "status": standing.now_is(int(time.time())),
        "in_force": row.seq is not None,
        "outline": row.outline.hex(),
        "approved_by": dict(sorted((stage.value, who) for stage, who in standing.approved.items())),
        "needs": sorted(stage.value for stage in standing.needed - set(standing.approved)),
        "window_until": standing.window_until(),
        "objected": row.objected,
        "recalled": tombstone.reason if tombstone is not None and row.release is not None else None,
        "acknowledged": await seen_by(db, row.bulletin) if tombstone is not None else None,
    }
    if found is not None:
        told["findings"] = [{"code": one.code, "place": one.place, "why": one.why} for one in found]
    return told
