"""Drafts: saved, checked, submitted by their author, approved by others, objected to by contributors.

Every signature is over the outline's digest. Saving compares with the text it was edited from, so of two
editors at once one is told; what was signed before an edit is void with it.
"""

import time
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import BadMessage
from cairn_protocol.messages.bulletins import (
    Draft,
    DraftEdit,
    InWindow,
    Objection,
    ReviewerApproval,
    Stage,
    Submission,
    Windows,
    outline_of,
)
from cairn_protocol.messages.parties import Entry
from cairn_protocol.messages.wire import Signed, digest_of, encode, open_signed
from hub.bulletins import workflow
from hub.bulletins.checks import check, needs_window
from hub.bulletins.desk import Desk
from hub.bulletins.known import known_of
from hub.bulletins.refusals import DraftChanged, Unfit, UnknownBulletin, WrongStage
from hub.bulletins.rows import draft_of, forget_signatures, needs, row_of, standing_of, write
from hub.bulletins.tables import ApprovalRow, BulletinRow
from hub.bulletins.wording import Finding
from hub.bulletins.workflow import Status


async def save(db: AsyncSession, desk: Desk, author: Entry, sent: DraftEdit) -> list[Finding]:
    """Keep a draft, new or edited, and say what the checks find. It may be saved unfit; it can't be submitted so.

    Raises DraftChanged if it was edited meanwhile, WrongStage, BadMessage.
    """
    draft = sent.draft
    if draft.author != author.party:
        raise BadMessage("a draft of one analyst, sent by another", culprit=f"analyst:{author.party}")
    outline = digest_of(outline_of(draft))
    row = await _version(db, draft)
    if row is None:
        if sent.replaces is not None:
            raise UnknownBulletin("there is no text to replace")
        await _require_next(db, draft)
        db.add(_new(draft, outline))
    elif not (row.outline == outline and row.status in (Status.DRAFT, Status.SUBMITTED)):
        standing = workflow.edit(await standing_of(db, row), sent.replaces, outline, needs(draft))
        await forget_signatures(db, row)
        write(row, standing)
        row.draft, row.kind, row.author = encode(draft), draft.kind, draft.author
        row.valid_until, row.embargo_until = draft.valid_until, draft.embargo_until
    await db.flush()
    return await findings(db, desk, draft)


async def findings(db: AsyncSession, desk: Desk, draft: Draft) -> list[Finding]:
    """What the checks find now."""
    return check(draft, await known_of(db, desk, draft))


async def submit(db: AsyncSession, desk: Desk, author: Entry, bulletin: UUID, signed: Signed) -> BulletinRow:
    """The author stands by the draft. The same again changes nothing. Raises Unfit, DraftChanged, WrongStage."""
    culprit = f"analyst:{author.party}"
    said = open_signed(signed, Submission, author.signing_key, culprit=culprit)
    if said.author != author.party:
        raise BadMessage("a submission of one analyst, sent by another", culprit=culprit)
    row = await row_of(db, bulletin)
    if row.status == Status.SUBMITTED and row.outline == said.outline and row.author == author.party:
        return row
    draft = draft_of(row)
    known = await known_of(db, desk, draft)
    standing = workflow.submit(
        await standing_of(db, row), author.party, said.outline, window=needs_window(known)
    )
    if found := check(draft, known):
        raise Unfit(found)
    write(row, standing)
    row.submission = encode(signed)
    return row


async def approve(
    db: AsyncSession, approver: Entry, bulletin: UUID, stage: Stage, signed: Signed
) -> BulletinRow:
    """Another person agrees to the text as it stands. Raises OwnDraft, DraftChanged, WrongStage."""
    culprit = f"{approver.role}:{approver.party}"
    said = open_signed(signed, ReviewerApproval, approver.signing_key, culprit=culprit)
    if said.approver != approver.party or said.stage is not stage:
        raise BadMessage("an approval of another person or stage", culprit=culprit)
    row = await row_of(db, bulletin)
    before = await standing_of(db, row)
    after = workflow.approve(before, approver.party, stage, said.outline, int(time.time()))
    if after is not before:
        write(row, after)
        db.add(
            ApprovalRow(
                bulletin=row.bulletin,
                version=row.version,
                stage=stage,
                approver=approver.party,
                signed=encode(signed),
            )
        )
    return row


async def windows(db: AsyncSession, desk: Desk, member: Entry) -> Windows:
    """The drafts drawn from the member's reports that it can still object to."""
    now = int(time.time())
    rows = await db.scalars(
        select(BulletinRow).where(BulletinRow.status == Status.SUBMITTED, BulletinRow.window)
    )
    shown = []
    for row in rows:
        until = (await standing_of(db, row)).window_until()
        if until is not None and now < until and await _contributed(db, desk, member, draft_of(row)):
            shown.append(InWindow(outline=row.outline, editions=draft_of(row).editions, until=until))
    return Windows(drafts=tuple(shown[:50]))


async def object_to(db: AsyncSession, desk: Desk, member: Entry, said: Objection) -> None:
    """A contributor objects. Raises UnknownBulletin for everybody else, WrongStage after the window."""
    row = await db.scalar(select(BulletinRow).where(BulletinRow.outline == said.outline).with_for_update())
    if row is None or row.draft is None or not await _contributed(db, desk, member, draft_of(row)):
        raise UnknownBulletin("no such draft was drawn from your reports")
    write(row, workflow.object_to(await standing_of(db, row), said.outline, int(time.time())))


async def _contributed(db: AsyncSession, desk: Desk, member: Entry, draft: Draft) -> bool:
    known = await known_of(db, desk, draft)
    return any(drawn.member == member.party for reports in known.reports for drawn in reports)


async def _version(db: AsyncSession, draft: Draft) -> BulletinRow | None:
    key = (draft.bulletin, draft.version)
    return await db.get(BulletinRow, key, with_for_update=True)


async def _require_next(db: AsyncSession, draft: Draft) -> None:
    """A first version, or one after a version that is out."""
    if draft.version == 1:
        return
    before = await db.get(BulletinRow, (draft.bulletin, draft.version - 1))
    if before is None:
        raise UnknownBulletin("the version before is not there")
    if before.status != Status.RELEASED:
        raise WrongStage(f"only a released version is corrected; it is {before.status}")
    if before.kind != draft.kind:
        raise DraftChanged("a correction is of the same kind")


def _new(draft: Draft, outline: bytes) -> BulletinRow:
    return BulletinRow(
        bulletin=draft.bulletin,
        version=draft.version,
        kind=draft.kind,
        author=draft.author,
        status=Status.DRAFT,
        draft=encode(draft),
        outline=outline,
        valid_until=draft.valid_until,
        embargo_until=draft.embargo_until,
        submission=None,
        window=False,
        approved_at=None,
        objected=False,
        release=None,
        released_at=None,
        leaf_hash=None,
        seq=None,
    )
