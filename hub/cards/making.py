"""Make cards anew where their subjects changed, and leave tombstones where there are none any more.

A card keeps its id for as long as its subject lives. It gets a new content key only when it says
something else or loses a tag: whoever could open the old text by that tag can't open the new one.
Of two cards whose subjects became one, the older stays.

Not here: what a card says (`insight`), who is linked with whom (`hub.linkage`).
"""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import BadMessage
from cairn_protocol.messages.index import (
    CONTENT_KEY_BYTES,
    Card,
    RecallReason,
    open_card,
    seal_card,
    wrap_content_key,
)
from cairn_protocol.tags import CardKey, Tag
from hub.cards.coverage import FamiliesByGroup
from hub.cards.insight import MIN_GROUPS, Insight, insight_into
from hub.cards.statements import clusters_to_tell, told
from hub.cards.subjects import Place, Subject, card_keys_at, subjects_of
from hub.cards.tables import CARD_NUMBERS, CardRow, CardTag
from hub.linkage.tables import ClusterRow
from hub.reports.bulk import among, copy_rows
from hub.storage.envelopes import Envelopes

# Subjects whose reports are in memory at a time.
_PORTION: Final = 500


@dataclass(frozen=True, slots=True)
class _Opening:
    """Tags that are to open a card, each with where its card key is."""

    card: int
    content_key: bytes = field(repr=False)
    places: Mapping[Tag, Place]


async def remake(
    db: AsyncSession,
    envelopes: Envelopes,
    epoch: int,
    declared: FamiliesByGroup,
    now: int,
    *,
    everywhere: bool,
) -> None:
    """Bring cards up to date with the clusters that changed since the last time, or with all of them.

    now  seconds since 1970

    The caller holds linkage's turn (`linking.take_turn`).
    """
    groups = func.cardinality(ClusterRow.groups)
    due = ClusterRow.changed | among(ClusterRow.id, await clusters_to_tell(db, now))
    if everywhere:
        due |= groups >= MIN_GROUPS
    columns = select(ClusterRow.id, ClusterRow.size, ClusterRow.merged_into, groups)
    rows = (await db.execute(columns.where(due).order_by(ClusterRow.id))).all()
    cards = await _follow(db, {cluster: (size, heir) for cluster, size, heir, _ in rows})
    shown = [cluster for cluster, _, _, count in rows if count >= MIN_GROUPS]
    for at in range(0, len(shown), _PORTION):
        subjects = await subjects_of(db, envelopes, shown[at : at + _PORTION], now)
        here = {cluster: cards.pop(cluster) for cluster in subjects if cluster in cards}
        openings = await _make(db, envelopes, epoch, declared, subjects, here)
        await _open_by(db, envelopes, openings)
    for card in cards.values():
        await _bury(db, card, RecallReason.WITHDRAWN)
    await db.execute(text("UPDATE clusters SET changed = false WHERE changed"))
    await told(db, now)


async def recall(db: AsyncSession, clusters: Collection[int], reason: RecallReason) -> None:
    """Put a tombstone with this reason on the living cards of these clusters. The next index tells it."""
    living = select(CardRow).where(CardRow.gone.is_(None), among(CardRow.cluster, clusters))
    for card in (await db.scalars(living)).all():
        await _bury(db, card, reason)


async def _follow(db: AsyncSession, due: Mapping[int, tuple[int, int | None]]) -> dict[int, CardRow]:
    """The living card of each of these clusters, after cards went where their subjects' reports went.

    due  size and heir of every cluster that changed: an empty one's reports are its heir's now
    """
    found = (
        select(CardRow).where(CardRow.gone.is_(None), among(CardRow.cluster, due)).order_by(CardRow.number)
    )
    oldest: dict[int, CardRow] = {}
    for card in (await db.scalars(found)).all():
        cluster: int | None = card.cluster
        while cluster is not None and not due[cluster][0]:
            cluster = due[cluster][1]
        if cluster is None:
            await _bury(db, card, RecallReason.WITHDRAWN)
        elif cluster in oldest:
            await _bury(db, card, RecallReason.SUPERSEDED)
        else:
            card.cluster = cluster
            oldest[cluster] = card
    return oldest


async def _make(
    db: AsyncSession,
    envelopes: Envelopes,
    epoch: int,
    declared: FamiliesByGroup,
    subjects: Mapping[int, Subject],
    cards: Mapping[int, CardRow],
) -> list[_Opening]:
    """Make, keep or bury the card of each subject; returns the tags that are to open them."""
    insights = {cluster: insight_into(subject.reports, declared) for cluster, subject in subjects.items()}
    numbers = await _draw_numbers(db, [at for at, insight in insights.items() if insight and at not in cards])
    openings = []
    for cluster, insight in insights.items():
        card, places = cards.get(cluster), subjects[cluster].places
        if insight is None:
            if card is not None:
                await _bury(db, card, RecallReason.WITHDRAWN)
        elif card is None:
            openings.append(_issue(db, envelopes, epoch, insight, next(numbers), cluster, places))
        else:
            openings.append(await _renew(db, envelopes, epoch, insight, card, places))
    await db.flush()
    return openings


def _issue(
    db: AsyncSession,
    envelopes: Envelopes,
    epoch: int,
    insight: Insight,
    number: int,
    cluster: int,
    places: Mapping[Tag, Place],
) -> _Opening:
    """A first card of a subject."""
    card = CardRow(number=number, card_id=uuid4(), cluster=cluster, version=1)
    content_key = _seal(envelopes, epoch, insight, card)
    db.add(card)
    return _Opening(number, content_key, places)


async def _renew(
    db: AsyncSession,
    envelopes: Envelopes,
    epoch: int,
    insight: Insight,
    card: CardRow,
    places: Mapping[Tag, Place],
) -> _Opening:
    """The card as it stands now: the same text under the same key if nothing changed and no tag is lost."""
    assert card.content_key is not None and card.sealed is not None  # only cards that are gone have neither
    known = set(await db.scalars(select(CardTag.tag).where(CardTag.card == card.number)))
    content_key = envelopes.open(_content_key_of(card.number), card.content_key)
    told = _told(card.sealed, content_key, epoch)
    if told == insight.card(card.card_id, card.version) and known <= places.keys():
        return _Opening(card.number, content_key, {tag: places[tag] for tag in places.keys() - known})
    card.version += 1
    await db.execute(delete(CardTag).where(CardTag.card == card.number))
    return _Opening(card.number, _seal(envelopes, epoch, insight, card), places)


def _told(sealed: bytes, content_key: bytes, epoch: int) -> Card | None:
    """What the card says; None if it was made by an earlier version, in another form."""
    try:
        return open_card(sealed, content_key, epoch)
    except BadMessage:
        return None


def _seal(envelopes: Envelopes, epoch: int, insight: Insight, card: CardRow) -> bytes:
    """Seal what the card says under a fresh content key, and return the key."""
    content_key = os.urandom(CONTENT_KEY_BYTES)
    card.content_key = envelopes.seal(_content_key_of(card.number), content_key)
    card.sealed = seal_card(insight.card(card.card_id, card.version), content_key, epoch)
    return content_key


async def _open_by(db: AsyncSession, envelopes: Envelopes, openings: Sequence[_Opening]) -> None:
    """Wrap each card's content key under the card keys of its tags."""
    reports = {number for opening in openings for number, _ in opening.places.values()}
    card_keys = await card_keys_at(db, envelopes, reports)
    await copy_rows(db, CardTag, _wraps(openings, card_keys))


def _wraps(
    openings: Sequence[_Opening], card_keys: Mapping[int, Sequence[CardKey]]
) -> Iterator[tuple[int, Tag, bytes]]:
    for opening in openings:
        for tag, (report, position) in opening.places.items():
            yield opening.card, tag, wrap_content_key(card_keys[report][position], opening.content_key)


async def _bury(db: AsyncSession, card: CardRow, reason: RecallReason) -> None:
    """Put a tombstone: the id stays, key, text and wraps go."""
    card.gone, card.content_key, card.sealed = reason.value, None, None
    await db.execute(delete(CardTag).where(CardTag.card == card.number))


async def _draw_numbers(db: AsyncSession, wanted: Sequence[int]) -> Iterator[int]:
    drawn = select(func.nextval(CARD_NUMBERS.name)).select_from(func.generate_series(1, len(wanted)))
    return iter((await db.scalars(drawn)).all())


def _content_key_of(number: int) -> bytes:
    return b"cards.content_key/%d" % number
