"""A bulletin's row as the pure workflow sees it, and back."""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.bulletins import Draft, Stage
from cairn_protocol.messages.wire import decode
from hub.bulletins.checks import needs_privacy_review
from hub.bulletins.refusals import UnknownBulletin, WrongStage
from hub.bulletins.tables import ApprovalRow, BulletinRow
from hub.bulletins.workflow import Standing, Status


async def row_of(db: AsyncSession, bulletin: UUID, version: int | None = None) -> BulletinRow:
    """A version's row, the latest by default, locked: two editors or approvers take turns. Raises UnknownBulletin."""
    rows = select(BulletinRow).where(BulletinRow.bulletin == bulletin)
    if version is not None:
        rows = rows.where(BulletinRow.version == version)
    row = await db.scalar(rows.order_by(BulletinRow.version.desc()).limit(1).with_for_update())
    if row is None:
        raise UnknownBulletin("no bulletin of that id")
    return row


def draft_of(row: BulletinRow) -> Draft:
    """The draft. Raises WrongStage once a recall has taken it away."""
    if row.draft is None:
        raise WrongStage("it was recalled: its text is gone")
    return decode(row.draft, Draft)


async def standing_of(db: AsyncSession, row: BulletinRow) -> Standing:
    """Where the row stands."""
    approvals = (
        await db.scalars(
            select(ApprovalRow).where(
                ApprovalRow.bulletin == row.bulletin, ApprovalRow.version == row.version
            )
        )
    ).all()
    needed = needs(draft_of(row)) if row.draft is not None else frozenset({Stage.ANALYST})
    return Standing(
        author=row.author,
        outline=row.outline,
        valid_until=row.valid_until,
        status=Status(row.status),
        needed=needed,
        approved={Stage(one.stage): one.approver for one in approvals},
        window=row.window,
        approved_at=row.approved_at,
        objected=row.objected,
    )


def needs(draft: Draft) -> frozenset[Stage]:
    """Whose approvals a draft needs."""
    return frozenset(Stage) if needs_privacy_review(draft) else frozenset({Stage.ANALYST})


def write(row: BulletinRow, standing: Standing) -> None:
    """Keep a standing in its row; approvals are rows of their own."""
    row.status = standing.status
    row.outline = standing.outline
    row.window = standing.window
    row.approved_at = standing.approved_at
    row.objected = standing.objected


async def forget_signatures(db: AsyncSession, row: BulletinRow) -> None:
    """What was signed over an earlier text is void."""
    row.submission = None
    await db.execute(
        delete(ApprovalRow).where(ApprovalRow.bulletin == row.bulletin, ApprovalRow.version == row.version)
    )
