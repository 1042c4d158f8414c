"""Publish the index: link what waits, make the cards, cut the segments, promise the manifest, wait for its proof.

A version counts once its manifest's leaf is in a checkpoint that t trustees cosigned; until then
members get the one before. Segments, manifest and promise are one commit, so a promised manifest
never lacks a segment.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.index import Manifest, RecallReason, Tombstone
from cairn_protocol.messages.log import LeafKind, content_digest
from cairn_protocol.messages.wire import encode
from cairn_protocol.tags import Tag
from hub.cards.coverage import families_by_group, stands_for
from hub.cards.making import remake
from hub.cards.tables import CardRow, CardTag
from hub.errors import HubError
from hub.index.proven import IndexNotPublished, latest_number
from hub.index.segments import Segment, card_segments, depth_for, tag_segments
from hub.index.tables import ManifestRow, SegmentRow
from hub.jobs import Runner
from hub.linkage.linking import LINK, take_turn
from hub.linkage.tables import ContactTag
from hub.reports.filing import LINKAGE_QUEUE
from hub.services import Services
from hub.translog.checkpoints import LogNotReady
from hub.translog.promise import promise

log = structlog.get_logger(__name__)

# What a manifest of a megabyte has room for: the newest, but for recalls of what was found wrong.
MOST_TOMBSTONES: Final = 6_000
MOST_QUARANTINED: Final = 6_000

_POLL_SECONDS: Final = 0.1


class ManifestNotProven(HubError):
    """The index is made, but its manifest is not in a cosigned checkpoint yet. It counts as soon as it is."""

    slug = "index-not-published"


async def publish(hub: Services) -> Manifest:
    """Publish the next version of the index and return its manifest once members can prove it.

    Raises JobsStuck if reports can't be linked; ManifestNotProven if the leaf is not under a complete
    checkpoint in time: the hub is not serving, or fewer than t trustees are up.
    """
    async with Runner(hub.database_url, hub.settings, [LINK], hub) as runner:
        await runner.drain(LINKAGE_QUEUE)
    await hub.envelopes.ready(hub.store)
    manifest = await hub.store.transact("publish", lambda db: make(db, hub, int(time.time())))
    await _until_proven(hub, manifest.number)
    log.info("index_published", index_number=manifest.number)
    return manifest


async def make(db: AsyncSession, hub: Services, now: int) -> Manifest:
    """Make the next version in the caller's transaction: cards, segments, and the promise of its manifest."""
    await take_turn(db)
    before = await db.scalar(select(ManifestRow).order_by(ManifestRow.number.desc()).limit(1))
    declared = families_by_group(await hub.roster.current(db), now)
    coverage, epoch = stands_for(declared), hub.genesis.epoch
    everywhere = before is None or before.coverage != coverage
    await remake(db, hub.envelopes, epoch, declared, now, everywhere=everywhere)

    tags = await _tags(db)
    depth = depth_for(len(tags), before.depth if before else 0)
    of_tags = tag_segments(tags, depth, epoch)
    of_cards = card_segments(await _cards(db), epoch)
    manifest = Manifest(
        epoch=epoch,
        number=before.number + 1 if before else 1,
        published_at=now,
        max_age_seconds=hub.settings.index_max_age_seconds,
        tag_segments=tuple(segment.ref for segment in of_tags),
        card_segments=tuple(segment.ref for segment in of_cards),
        tombstones=await _tombstones(db),
        quarantined=await _quarantined(db),
    )
    await _keep(db, [*of_tags, *of_cards], timedelta(seconds=hub.settings.index_segment_kept_seconds))
    content = encode(manifest)
    leaf_hash = await promise(db, LeafKind.MANIFEST, content_digest(content), content)
    db.add(
        ManifestRow(
            number=manifest.number, leaf_hash=leaf_hash, published_at=now, depth=depth, coverage=coverage
        )
    )
    return manifest


async def _tags(db: AsyncSession) -> list[tuple[Tag, bytes, int]]:
    rows = await db.execute(select(CardTag.tag, CardTag.wrap, CardTag.card))
    return [(Tag(tag), wrap, card) for tag, wrap, card in rows]


async def _cards(db: AsyncSession) -> list[tuple[int, bytes]]:
    living = select(CardRow.number, CardRow.sealed).where(CardRow.gone.is_(None)).order_by(CardRow.number)
    return [(number, sealed) for number, sealed in await db.execute(living) if sealed is not None]


async def _tombstones(db: AsyncSession) -> tuple[Tombstone, ...]:
    gone = select(CardRow.card_id, CardRow.gone).where(CardRow.gone.is_not(None))
    # What was found wrong is told first: there is little of it, and an old card's number says nothing of when.
    wrong_last = CardRow.gone.in_([RecallReason.WITHDRAWN.value, RecallReason.SUPERSEDED.value])
    rows = (await db.execute(gone.order_by(wrong_last, CardRow.number.desc()).limit(MOST_TOMBSTONES))).all()
    return tuple(
        Tombstone(card_id=card_id, reason=RecallReason(reason))
        for card_id, reason in reversed(rows)
        if reason
    )


async def _quarantined(db: AsyncSession) -> tuple[bytes, ...]:
    common = select(ContactTag.tag).where(ContactTag.common).order_by(ContactTag.seen.desc(), ContactTag.tag)
    return tuple(sorted(await db.scalars(common.limit(MOST_QUARANTINED))))


async def _keep(db: AsyncSession, segments: Sequence[Segment], kept: timedelta) -> None:
    """Store what is new, and drop what no manifest has listed for a while: clients may be half way through it."""
    moment = datetime.now(UTC)
    digests = [segment.ref.digest for segment in segments]
    for segment in segments:
        row = {"digest": segment.ref.digest, "content": segment.content, "unused_since": None}
        await db.execute(insert(SegmentRow).values(row).on_conflict_do_nothing())
    listed = SegmentRow.digest.in_(digests)
    await db.execute(update(SegmentRow).where(listed).values(unused_since=None))
    dropped = update(SegmentRow).where(~listed, SegmentRow.unused_since.is_(None))
    await db.execute(dropped.values(unused_since=moment))
    await db.execute(delete(SegmentRow).where(SegmentRow.unused_since < moment - kept))


async def _until_proven(hub: Services, number: int) -> None:
    """Return once the manifest with this number is under a checkpoint that t trustees cosigned."""
    deadline = time.monotonic() + hub.settings.index_proof_seconds
    while time.monotonic() < deadline:
        try:
            if await hub.store.read("proven", lambda db: latest_number(db, hub.genesis)) >= number:
                return
        except (IndexNotPublished, LogNotReady):
            pass
        await asyncio.sleep(_POLL_SECONDS)
    raise ManifestNotProven(
        f"manifest {number} is in no checkpoint that {hub.genesis.t} trustees cosigned after "
        f"{hub.settings.index_proof_seconds:g} seconds. It counts once it is: is the hub serving, and are the "
        "trustees up?"
    )
