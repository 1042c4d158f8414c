"""What changed for a firm's own inquiries since it was last told: pulled by the firm, pushed by nobody.

After a sync the register's inquiries are joined with the new index on this machine, as a check would, and compared
with what was told before: more groups, a pattern, clearances, a card recalled. A firm whose own report was cut is
told by the log, and acknowledges it; who merely looked sends nothing (G4, G10).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from cairn.advice import PATTERNS
from cairn.client.corrections import CorrectionsClient
from cairn.client.errors import ClientError
from cairn.client.join import FoundCard, LocalIndex
from cairn.client.seen import SeenCard, recalled
from cairn.looking_up import keys_of
from cairn.raw.register import Filed, State
from cairn.raw.stored import from_bytes
from cairn.session import Session
from cairn_protocol.messages.corrections import CutOrder, RecallAcknowledgement, cut_id
from cairn_protocol.messages.index import Card, RecallReason, Typology
from cairn_protocol.messages.wire import sign
from cairn_protocol.tags import CardKey, Tag

_PORTION: Final = 500  # inquiries joined at a time
_BANDS: Final = ("", "1", "2-4", "5-9", "10+")
_RECALLS: Final = "recalls"
_CUTS: Final = "cuts"

RECALLED: Final[Mapping[RecallReason, str]] = {
    RecallReason.WITHDRAWN: "too few reports are left behind it",
    RecallReason.WRONG_JOIN: "it joined reports that do not belong together",
    RecallReason.WRONG_DATA: "it rested on wrong data",
    RecallReason.DISPUTE_UPHELD: "the party disputed it and was right",
    RecallReason.LEGAL: "for a legal reason",
    RecallReason.SUPERSEDED: "another card has taken its place",
}


class Change(StrEnum):
    """What an alert is about."""

    GROUPS = "groups"  # more groups than before, or the first others
    PATTERN = "pattern"
    CLEARED = "cleared"
    RECALLED = "recalled"
    CUT = "cut"  # the firm's own report was found to be linked wrongly


@dataclass(frozen=True, slots=True)
class Alert:
    """One change. `inquiry_id` is None for a card that was looked at and belongs to no inquiry of the register."""

    change: Change
    inquiry_id: str | None
    groups: str | None
    text: str
    cut: str | None = None

    def as_json(self) -> dict[str, object]:
        """The object `cairn alerts --json` prints."""
        return {
            "change": self.change.value,
            "inquiry_id": self.inquiry_id,
            "groups": self.groups,
            "text": self.text,
            "cut": self.cut,
        }


class Shown(msgspec.Struct, frozen=True, array_like=True):
    """What was told of one card."""

    version: int
    groups: str
    cleared: int
    patterns: tuple[str, ...]


class Told(msgspec.Struct, frozen=True):
    """What was told about something: cards by id, or ids alone."""

    cards: dict[UUID, Shown] = {}
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """Alerts, and what to remember once they were told."""

    alerts: tuple[Alert, ...]
    told: Mapping[str, Told]


def changes(
    inquiry_id: str, before: Mapping[UUID, Shown], cards: Iterable[Card], gone: Mapping[UUID, RecallReason]
) -> list[Alert]:
    """What changed about one inquiry.

    before  what was told of the cards it opened
    cards   those it opens now
    gone    cards that are no more, and why
    """
    alerts = [
        Alert(
            Change.RECALLED,
            inquiry_id,
            None,
            f"A card shown for this inquiry is recalled: {RECALLED[gone[card]]}. Check it again.",
        )
        for card in before
        if card in gone and gone[card] is not RecallReason.SUPERSEDED
    ]
    # A card that took another's place says nothing new by being another.
    replaced = [shown for card, shown in before.items() if gone.get(card) is RecallReason.SUPERSEDED]
    for card in cards:
        known = [before[card.card_id]] if card.card_id in before else replaced
        alerts += _of_card(inquiry_id, known, card)
    return alerts


def _of_card(inquiry_id: str, known: Sequence[Shown], card: Card) -> list[Alert]:
    alerts = []
    if _BANDS.index(card.groups) > max((_BANDS.index(shown.groups) for shown in known), default=0):
        text = f"{card.groups} independent groups have reported this buyer by now. That is unverified."
        alerts.append(Alert(Change.GROUPS, inquiry_id, card.groups, text))
    before = {pattern for shown in known for pattern in shown.patterns}
    if not known:
        before.add(Typology.T1)  # that several were asked is what a first card says already
    if fresh := [PATTERNS[typology] for typology in card.typologies if typology.value not in before]:
        text = f"Reports on this buyer show a pattern: {'; '.join(fresh)}. It may have an innocent cause."
        alerts.append(Alert(Change.PATTERN, inquiry_id, card.groups, text))
    if card.cleared > max((shown.cleared for shown in known), default=0):
        text = "A firm has cleared its report on this buyer, with a reason. Weigh yours again."
        alerts.append(Alert(Change.CLEARED, inquiry_id, card.groups, text))
    return alerts


def news(session: Session) -> News:
    """What changed since it was last told, by the synced index and the log as it was last followed. Sends nothing."""
    index = session.index()
    alerts: list[Alert] = []
    told: dict[str, Told] = {}
    if index is not None:
        gone = {one.card_id: one.reason for one in index.manifest.tombstones}
        mentioned: set[UUID] = set()
        for filed, cards in _joined(session, index):
            before = _told(session, _about(filed)).cards
            alerts += changes(filed.inquiry_id, before, cards, gone)
            mentioned |= before.keys() & gone.keys()
            now = {card.card_id: _shown(card) for card in cards}
            if now != before:
                told[_about(filed)] = Told(cards=now)
        alerts += _of_cards_seen(session, index, mentioned, told)
    alerts += _of_cuts(session, told)
    return News(tuple(alerts), told)


async def remember(session: Session, told: News) -> list[str]:
    """Note that the alerts were told, and acknowledge the cuts among them.

    Returns the cuts that the hub could not be told of now: those are told again.
    """
    unheard = []
    for alert in told.alerts:
        if alert.cut is not None and alert.cut not in unheard and not await _acknowledge(session, alert.cut):
            unheard.append(alert.cut)
    with session.register.transaction():
        for about, state in told.told.items():
            if about == _CUTS:
                state = Told(ids=tuple(one for one in state.ids if one not in unheard))
            session.register.told.keep(about, msgspec.json.encode(state))
        now = int(session.now())
        session.register.told.keep_cards(
            SeenCard(card_id=card, version=shown.version, seen_at=now)
            for state in told.told.values()
            for card, shown in state.cards.items()
        )
    return unheard


async def _acknowledge(session: Session, cut: str) -> bool:
    word = RecallAcknowledgement(cut=cut, member=session.profile.party)
    try:
        await CorrectionsClient(session.connection).acknowledge(cut, sign(word, session.keys.signing))
    except ClientError:
        return False
    return True


def _joined(session: Session, index: LocalIndex) -> Iterable[tuple[Filed, list[Card]]]:
    """Every filed inquiry whose values are known, with the cards they open; joined in portions."""
    filed = session.register.in_state(State.PROMISED, State.PROVEN, limit=10_000_000)
    for at in range(0, len(filed), _PORTION):
        portion = filed[at : at + _PORTION]
        keys = [keys_of(session, from_bytes(one.inquiry)) for one in portion]
        known = session.register.values.known([key for some in keys for key in some], session.genesis.epoch)
        tags = [[(known[key].tag, known[key].card_key) for key in some if key in known] for some in keys]
        yield from zip(portion, _cards(index, tags), strict=True)


def _cards(index: LocalIndex, tags: Sequence[Sequence[tuple[Tag, CardKey]]]) -> list[list[Card]]:
    """The cards that each inquiry's tags open, by one join for all."""
    every = dict(pair for some in tags for pair in some)
    found: list[FoundCard] = index.find(list(every.items()))
    by_tag: dict[Tag, list[Card]] = {}
    for one in found:
        for tag in one.via:
            by_tag.setdefault(tag, []).append(one.card)
    return [
        list({card.card_id: card for tag, _ in some for card in by_tag.get(tag, ())}.values())
        for some in tags
    ]


def _of_cards_seen(
    session: Session, index: LocalIndex, mentioned: set[UUID], told: dict[str, Told]
) -> list[Alert]:
    """Recalls of cards that were looked at for no inquiry of the register."""
    before = _told(session, _RECALLS).ids
    fresh = [
        recall
        for recall in recalled(index.manifest, session.register.told.cards())
        if str(recall.card.card_id) not in before and recall.reason is not RecallReason.SUPERSEDED
    ]
    if fresh:
        told[_RECALLS] = Told(ids=(*before, *(str(recall.card.card_id) for recall in fresh)))
    return [
        Alert(
            Change.RECALLED,
            None,
            None,
            f"A card that was shown here is recalled: {RECALLED[recall.reason]}. Check what you looked up again.",
        )
        for recall in fresh
        if recall.card.card_id not in mentioned
    ]


def _of_cuts(session: Session, told: dict[str, Told]) -> list[Alert]:
    """Cuts that name own reports: the log says who found what, and each contributor answers once."""
    before = _told(session, _CUTS).ids
    alerts = []
    fresh = [order for order in session.log.cuts() if cut_id(order) not in before]
    for order in fresh:
        ours = session.register.ids_among([report for part in order.parts for report in part])
        alerts += [_of_cut(order, inquiry_id) for inquiry_id in ours]
    if fresh:
        told[_CUTS] = Told(ids=(*before, *(cut_id(order) for order in fresh)))
    return alerts


def _of_cut(order: CutOrder, inquiry_id: str) -> Alert:
    what = (
        "was linked with reports on somebody else"
        if len(order.parts) > 1
        else "was set aside and counts nothing any more"
    )
    text = (
        f"Your report on this inquiry {what} ({order.reason.value}), found by {order.reviewer} and a second "
        f"person: cut {cut_id(order)}. Check the inquiry again."
    )
    return Alert(Change.CUT, inquiry_id, None, text, cut_id(order))


def _about(filed: Filed) -> str:
    return f"inquiry {filed.inquiry_id}"


def _shown(card: Card) -> Shown:
    return Shown(
        card.version, card.groups, card.cleared, tuple(typology.value for typology in card.typologies)
    )


def _told(session: Session, about: str) -> Told:
    kept = session.register.told.last(about)
    return msgspec.json.decode(kept, type=Told) if kept else Told()
