"""Checking inquiries: the firm's own join of what it can name with the index it synced.

No question reaches the hub. A check of known values needs nobody; new values need t
trustees, who learn a padded count. A check that can't be answered waits in the register.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from cairn.advice import CALLED, Advice, Circumstances, IndexAge, Sighting, advise, queued, refused
from cairn.client.errors import Metered, TrusteeUnavailable, Unreachable
from cairn.client.join import FoundCard, LocalIndex
from cairn.client.seen import SeenCard
from cairn.looking_up import keys_of, look_up
from cairn.raw.inquiry import Inquiry
from cairn.raw.normalise.match_key import MatchKey
from cairn.raw.own_history import CONTACTS, Seen, other_names
from cairn.raw.register import Derived
from cairn.raw.sanitise import family_of
from cairn.raw.stored import from_bytes, to_bytes
from cairn.record import note_shown
from cairn.session import Session
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.corrections import cleared_since
from cairn_protocol.messages.index import Card
from cairn_protocol.tags import Tag

# The advice is the same whether the values came at once or one by one; a batch shares its requests.
BATCH = 50


async def check_all(session: Session, inquiries: Sequence[Inquiry], *, user: str = "") -> list[Advice]:
    """The advice for each inquiry, in order. At most BATCH of them are looked up together.

    user  the named person who looks; an advice with a card goes into the record with that name

    A batch that the trustees can't serve is tried again one by one, so that an inquiry whose values are all
    known is answered whatever the others need.
    """
    keys = [keys_of(session, inquiry) for inquiry in inquiries]
    failed: Exception | None = None
    try:
        known = await look_up(session, keys)
    except (TrusteeUnavailable, Unreachable, Metered) as error:
        failed = error
        every = [key for some in keys for key in some]
        known = session.register.values.known(every, session.genesis.epoch)
    advices = []
    with session.register.transaction():  # nothing is told before what it is remembered by is kept
        for inquiry, some in zip(inquiries, keys, strict=True):
            if failed is None or all(key in known for key in some):
                advices.append(_answer(session, inquiry, some, known, user))
            else:
                advices.append(_put_off(session, inquiry, failed))
    return advices


def _put_off(session: Session, inquiry: Inquiry, error: Exception) -> Advice:
    session.register.unfinished.keep_check(inquiry.inquiry_id, to_bytes(inquiry))
    if isinstance(error, Metered):
        return refused(inquiry.inquiry_id, f"metered: {error}")
    return queued(inquiry, str(error), _circumstances(session, inquiry))


def _answer(
    session: Session,
    inquiry: Inquiry,
    keys: Sequence[MatchKey],
    known: Mapping[MatchKey, Derived],
    user: str,
) -> Advice:
    kinds: dict[Tag, Kind] = {known[key].tag: key.kind for key in keys}
    index = session.index()
    sightings = _sightings(session, index, keys, known, kinds) if index else []
    session.register.unfinished.drop_check(inquiry.inquiry_id)
    advice = advise(inquiry, sightings, _circumstances(session, inquiry), names_nobody=not keys)
    if reused := _reused(session, inquiry, keys, known):
        advice = replace(advice, reasons=(*advice.reasons, *reused))
    if sightings:
        states = sorted(f"{s.card.card_id}/{s.card.version}" for s in sightings)
        once = "\0".join((inquiry.inquiry_id, *states)).encode()
        note_shown(session, inquiry.inquiry_id, advice.as_json(), once, user)
    return advice


def _reused(
    session: Session, inquiry: Inquiry, keys: Sequence[MatchKey], known: Mapping[MatchKey, Derived]
) -> list[str]:
    """What the firm's own register has of this inquiry's contacts under other names (T10)."""
    told = []
    for key in keys:
        if key.kind not in CONTACTS:
            continue
        earlier = [
            from_bytes(filed.inquiry)
            for filed in session.register.with_tag(known[key].tag)
            if filed.inquiry_id != inquiry.inquiry_id
        ]
        if earlier:
            asked = Seen(inquiry.received_on, keys)
            count = other_names(asked, [Seen(one.received_on, keys_of(session, one)) for one in earlier])
            if count:
                names = "another name" if count == 1 else f"{count} other names"
                told.append(
                    f"Your own register has the {CALLED[key.kind]} of this inquiry under {names} (T10). "
                    "It could also be explained by one person buying for several companies."
                )
    return told


def _circumstances(session: Session, inquiry: Inquiry) -> Circumstances:
    index = session.index()
    return Circumstances(
        index_age(session),
        bool(index and index.state.too_old(session.now())),
        session.covered(family_of(inquiry.item)),
        session.weights(),
        session.now(),
    )


def _sightings(
    session: Session,
    index: LocalIndex,
    keys: Sequence[MatchKey],
    known: Mapping[MatchKey, Derived],
    kinds: Mapping[Tag, Kind],
) -> list[Sighting]:
    found = index.find([(known[key].tag, known[key].card_key) for key in keys])
    if found:
        now = int(session.now())
        session.register.told.keep_cards(
            SeenCard(card_id=f.card.card_id, version=f.card.version, seen_at=now) for f in found
        )
    return [
        Sighting(
            _cleared_by_others(session, f),
            tuple(kinds[tag] for tag in f.via),
            session.register.is_ours(f.via),
        )
        for f in found
    ]


def _cleared_by_others(session: Session, found: FoundCard) -> Card:
    """The card less our own clearance: what we said ourselves tells us nothing."""
    card = found.card
    if card.cleared and session.register.statements.cleared(found.via, cleared_since(session.now())):
        return msgspec.structs.replace(card, cleared=card.cleared - 1)
    return card


def index_age(session: Session) -> IndexAge | None:
    """The number and age of the synced index, if there is one."""
    index = session.index()
    if index is None:
        return None
    return IndexAge(index.state.number, index.state.age_seconds(session.now()))
