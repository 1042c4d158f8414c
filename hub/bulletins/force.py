"""Letting out and taking back: the log has it first, trustees cosign, and only then readers get it.

`release` and `recall` promise a leaf. `come_into_force` is called before every read: what t trustees have
cosigned by now, and whose embargo is over by the hub's clock, gets its number and its STIX objects in the
same commit. One at a time, so numbers and moments grow in the order in which readers can see them.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, exists, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import BadMessage
from cairn_protocol.messages.bulletins import Recall, RecallOrder, RecallReason, Release, outline_of
from cairn_protocol.messages.log import LeafKind, content_digest
from cairn_protocol.messages.parties import Entry
from cairn_protocol.messages.wire import Signed, decode, encode, open_signed
from hub.bulletins import workflow
from hub.bulletins.catalogue import alias_for
from hub.bulletins.checks import check
from hub.bulletins.desk import Desk
from hub.bulletins.known import known_of
from hub.bulletins.refusals import Unfit, WrongStage
from hub.bulletins.rows import draft_of, row_of, standing_of, write
from hub.bulletins.stix import Naming, Rendered, render, revoked
from hub.bulletins.tables import BULLETIN_SEQ, ApprovalRow, BulletinRow, RecallRow, TaxiiObject
from hub.bulletins.workflow import Status
from hub.services import Services
from hub.translog.promise import promise
from hub.translog.tables import TranslogCheckpoint, TranslogLeaf

SCHEMA_PATH: Final = "/v1/schemas/stix-extension-1.json"
_LOCK: Final = 0x6361_6972_62
_STEP: Final = timedelta(microseconds=1)


async def release(db: AsyncSession, desk: Desk, bulletin: UUID) -> BulletinRow:
    """Let an approved draft out: its leaf is promised. The same again changes nothing.

    Raises WrongStage, WindowOpen; Unfit if something it was drawn from changed since it was submitted.
    """
    row = await row_of(db, bulletin)
    if row.status == Status.RELEASED:
        return row
    if await db.get(RecallRow, bulletin) is not None:
        raise WrongStage("it was recalled")
    draft, now = draft_of(row), int(time.time())
    after = workflow.release(await standing_of(db, row), now)
    if found := check(draft, await known_of(db, desk, draft)):
        raise Unfit(found)
    approvals = await db.scalars(
        select(ApprovalRow)
        .where(ApprovalRow.bulletin == bulletin, ApprovalRow.version == row.version)
        .order_by(ApprovalRow.stage)
    )
    content = encode(
        Release(
            outline=outline_of(draft),
            submission=decode(row.submission or b"", Signed),
            approvals=tuple(decode(one.signed, Signed) for one in approvals),
            released_at=now,
        )
    )
    write(row, after)
    row.release, row.released_at = content, now
    row.leaf_hash = await promise(db, LeafKind.BULLETIN, content_digest(content), content)
    return row


async def recall(db: AsyncSession, analyst: Entry, bulletin: UUID, signed: Signed) -> RecallRow:
    """Take a bulletin back in all its versions: the leaf is promised. The first recall stands."""
    culprit = f"analyst:{analyst.party}"
    order = open_signed(signed, RecallOrder, analyst.signing_key, culprit=culprit)
    if order.analyst != analyst.party or order.bulletin != bulletin:
        raise BadMessage("a recall by another analyst or of another bulletin", culprit=culprit)
    if earlier := await db.get(RecallRow, bulletin, with_for_update=True):
        return earlier
    row = await row_of(db, bulletin)
    out = select(BulletinRow).where(BulletinRow.bulletin == bulletin, BulletinRow.release.is_not(None))
    if not (await db.scalars(out)).all():
        workflow.recall(await standing_of(db, row))
    content = encode(Recall(order=signed))
    tombstone = RecallRow(
        bulletin=bulletin,
        reason=order.reason,
        recall=content,
        recalled_at=int(time.time()),
        leaf_hash=await promise(db, LeafKind.BULLETIN_RECALL, content_digest(content), content),
        seq=None,
    )
    db.add(tombstone)
    return tombstone


async def come_into_force(services: Services) -> None:
    """Bring into force whatever may be by now. Costs one small read if there is nothing."""
    if await services.store.read("bulletins waiting", _anything_waits):
        await services.store.transact("bulletins come into force", lambda db: _bring(db, services))


async def _anything_waits(db: AsyncSession) -> bool:
    now = int(time.time())
    waiting = select(
        or_(
            exists().where(
                BulletinRow.status == Status.RELEASED,
                BulletinRow.seq.is_(None),
                BulletinRow.embargo_until <= now,
            ),
            exists().where(RecallRow.seq.is_(None)),
        )
    )
    return bool(await db.scalar(waiting))


def naming_of(services: Services) -> Naming:
    """Whose objects this hub's bulletins are."""
    return Naming(services.genesis.origin, services.settings.url + SCHEMA_PATH)


async def _bring(db: AsyncSession, services: Services) -> None:
    await db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    naming = naming_of(services)
    size = await db.scalar(select(func.max(TranslogCheckpoint.size)).where(TranslogCheckpoint.complete))
    cosigned = select(TranslogLeaf.leaf_hash).where(TranslogLeaf.leaf_index < (size or 0))
    recalls = await db.scalars(
        select(RecallRow).where(RecallRow.seq.is_(None), RecallRow.leaf_hash.in_(cosigned))
    )
    for tombstone in recalls.all():
        await _take_away(db, tombstone)
    rows = await db.scalars(
        select(BulletinRow)
        .where(
            BulletinRow.status == Status.RELEASED,
            BulletinRow.seq.is_(None),
            BulletinRow.embargo_until <= int(time.time()),
            BulletinRow.leaf_hash.in_(cosigned),
        )
        .order_by(BulletinRow.released_at, BulletinRow.bulletin, BulletinRow.version)
    )
    for row in rows.all():
        await _put_out(db, naming, row)


async def _put_out(db: AsyncSession, naming: Naming, row: BulletinRow) -> None:
    draft = draft_of(row)
    row.seq = await db.scalar(select(BULLETIN_SEQ.next_value()))
    before = await db.scalars(
        select(BulletinRow).where(
            BulletinRow.bulletin == row.bulletin,
            BulletinRow.version < row.version,
            BulletinRow.status == Status.RELEASED,
        )
    )
    for earlier in before.all():
        write(earlier, workflow.correct(await standing_of(db, earlier)))
    first = await db.scalar(
        select(BulletinRow.released_at).where(BulletinRow.bulletin == row.bulletin, BulletinRow.version == 1)
    )
    released = row.released_at or 0
    now_out: set[tuple[str, str]] = set()
    for edition in draft.editions:
        alias = alias_for(edition.audience, edition.tlp)
        if alias is not None:
            rendered = render(naming, draft, edition, first or released, released)
            await _add(db, alias, rendered, row.bulletin)
            now_out |= {(alias, one.id) for one in rendered}
    # What an earlier version had and this one has not, also in a collection it has left, is revoked.
    for old in await _last_objects(db, row.bulletin):
        if (old.collection, old.object_id) not in now_out:
            await _add(db, old.collection, [revoked(old.body, None, released)], row.bulletin)


async def _take_away(db: AsyncSession, tombstone: RecallRow) -> None:
    """Revoke a bulletin's objects and remove their text: a consumer that asks for old versions gets none."""
    tombstone.seq = await db.scalar(select(BULLETIN_SEQ.next_value()))
    reason = RecallReason(tombstone.reason)
    for old in await _last_objects(db, tombstone.bulletin):
        await _add(db, old.collection, [revoked(old.body, reason, tombstone.recalled_at)], tombstone.bulletin)
    await db.execute(
        delete(TaxiiObject).where(TaxiiObject.bulletin == tombstone.bulletin, ~TaxiiObject.is_last)
    )
    await db.execute(
        update(BulletinRow)
        .where(BulletinRow.bulletin == tombstone.bulletin, BulletinRow.release.is_not(None))
        .values(status=Status.RECALLED, draft=None)
    )


async def _last_objects(db: AsyncSession, bulletin: UUID) -> list[TaxiiObject]:
    rows = select(TaxiiObject).where(TaxiiObject.bulletin == bulletin, TaxiiObject.is_last)
    return [
        row
        for row in (await db.scalars(rows.order_by(TaxiiObject.seq))).all()
        if '"revoked":true' not in row.body
    ]


async def _add(db: AsyncSession, collection: str, objects: list[Rendered], bulletin: UUID) -> None:
    """Append objects to a collection; a version that is there already stays as it is."""
    last = await db.scalar(
        select(func.max(TaxiiObject.date_added)).where(TaxiiObject.collection == collection)
    )
    when = datetime.now(UTC) if last is None else max(datetime.now(UTC), last + _STEP)
    ids = [one.id for one in objects]
    there = {
        (row.object_id, row.version)
        for row in await db.execute(
            select(TaxiiObject.object_id, TaxiiObject.version).where(
                TaxiiObject.collection == collection, TaxiiObject.object_id.in_(ids)
            )
        )
    }
    new = [one for one in objects if (one.id, one.modified) not in there]
    await db.execute(
        update(TaxiiObject)
        .where(TaxiiObject.collection == collection, TaxiiObject.object_id.in_([one.id for one in new]))
        .values(is_last=False)
    )
    for one in new:
        db.add(
            TaxiiObject(
                collection=collection,
                object_id=one.id,
                type=one.type,
                spec_version="2.1",
                version=one.modified,
                date_added=when,
                is_last=True,
                bulletin=bulletin if one.own else None,
                body=one.body,
            )
        )
        when += _STEP
        await db.flush()  # rows get their numbers in this order
