"""What members and liaisons read in the hub's own way: their editions in force, with releases and recalls."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.bulletins import (
    USEFUL,
    Audience,
    Bulletins,
    Published,
    Recall,
    Release,
    Usefulness,
)
from cairn_protocol.messages.wire import decode
from hub.bulletins.feedback import commented
from hub.bulletins.refusals import UnknownBulletin
from hub.bulletins.rows import draft_of
from hub.bulletins.tables import AcknowledgementRow, BulletinRow, RecallRow
from hub.bulletins.workflow import Status
from hub.disclosure.bands import count_band

MAX_PAGE = 100
MIN_COMMENTED = 5  # fewer, and "x of y useful" would tell what was said of one


async def published(db: AsyncSession, audience: Audience, after: int) -> Bulletins:
    """What came into force for an audience after that number, recalls included, at most MAX_PAGE."""
    rows = (
        await db.scalars(
            select(BulletinRow)
            .where(
                BulletinRow.seq > after,
                BulletinRow.status.in_([Status.RELEASED, Status.CORRECTED, Status.RECALLED]),
            )
            .order_by(BulletinRow.seq)
            .limit(MAX_PAGE + 1)
        )
    ).all()
    tombstones = (
        await db.scalars(
            select(RecallRow).where(RecallRow.seq > after).order_by(RecallRow.seq).limit(MAX_PAGE + 1)
        )
    ).all()
    recalls = [(one.seq or 0, await _tombstone(db, one, audience)) for one in tombstones]
    found = sorted(
        [*((row.seq or 0, _edition(row, audience)) for row in rows), *recalls], key=lambda one: one[0]
    )
    shown = found[:MAX_PAGE]
    return Bulletins(
        bulletins=tuple(one for _, one in shown if one is not None),
        latest=shown[-1][0] if shown else after,
        more=len(found) > MAX_PAGE,
    )


def _edition(row: BulletinRow, audience: Audience) -> Published | None:
    """The audience's edition; of what was recalled the tombstone is enough."""
    if row.draft is None or row.status == Status.CORRECTED:
        return None
    draft = draft_of(row)
    edition = next((one for one in draft.editions if one.audience is audience), None)
    if edition is None:
        return None
    return Published(
        seq=row.seq or 0,
        bulletin=row.bulletin,
        release=decode(row.release or b"", Release),
        edition=edition,
        correction=draft.correction,
        recall=None,
    )


async def _tombstone(db: AsyncSession, row: RecallRow, audience: Audience) -> Published | None:
    released = await db.scalar(
        select(BulletinRow.release)
        .where(BulletinRow.bulletin == row.bulletin, BulletinRow.release.is_not(None))
        .limit(1)
    )
    if released is None or audience not in {
        label.audience for label in decode(released, Release).outline.editions
    }:
        return None
    return Published(
        seq=row.seq or 0,
        bulletin=row.bulletin,
        release=None,
        edition=None,
        correction=None,
        recall=decode(row.recall, Recall),
    )


async def acknowledge(db: AsyncSession, party: str, bulletin: UUID) -> None:
    """A reader has seen a recall. The same again changes nothing. Raises UnknownBulletin."""
    tombstone = await db.get(RecallRow, bulletin)
    if tombstone is None or tombstone.seq is None:
        raise UnknownBulletin("no bulletin of that id was recalled")
    if await db.get(AcknowledgementRow, (bulletin, party)) is None:
        db.add(AcknowledgementRow(bulletin=bulletin, party=party))


async def usefulness(db: AsyncSession, quarter: str) -> Usefulness:
    """What governments found useful in a quarter, in bands, once MIN_COMMENTED bulletins had a word.

    Source: domain brief 5.5.
    """
    codes = await commented(db, quarter)
    if len(codes) < MIN_COMMENTED:
        return Usefulness(quarter=quarter, bulletins=None, useful=None)
    useful = sum(1 for said in codes.values() if said & USEFUL)
    return Usefulness(
        quarter=quarter, bulletins=count_band(len(codes)), useful=count_band(useful) if useful else "0"
    )


async def seen_by(db: AsyncSession, bulletin: UUID) -> int:
    """How many readers acknowledged a recall."""
    rows = select(AcknowledgementRow.party).where(AcknowledgementRow.bulletin == bulletin)
    return len((await db.scalars(rows)).all())
