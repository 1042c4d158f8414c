"""What staff commands read from a trustee's own database, while it serves or not."""

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cairn_protocol.checkpoint import Checkpoint
from cairn_protocol.messages.openings import Evidence, Pending, PendingOpenings
from cairn_protocol.messages.parties import Role
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.roster import Roster
from cairn_protocol.signed_note import parse_note
from trustee import openings
from trustee import requests as acts
from trustee.home import Home
from trustee.hub_link import HubLink, HubRefuses
from trustee.keys import ServingKeys, load_assent
from trustee.mirror import leaves, pushing
from trustee.mirror.roster import RosterOfMirror
from trustee.openings import OpeningWaiting
from trustee.requests import Waiting
from trustee.settings import Settings
from trustee.storage.database import Store
from trustee.storage.tables import MeterRow


@dataclass(frozen=True, slots=True)
class Inside:
    """The answer of `cairn-trustee status`."""

    id: str
    size: int
    checkpoint_size: int
    parties: Counter[Role]
    today: int


def look(home: Home, settings: Settings) -> Inside:
    """Read the database. Raises HomeError before `init`."""
    store = Store(home.database)
    try:

        def body(db: Session) -> Inside:
            note = pushing.latest_note(db)
            size = leaves.size(db)
            return Inside(
                home.descriptor().keys.id,
                size,
                Checkpoint.parse(parse_note(note).text).size if note else 0,
                _counted(RosterOfMirror(home.genesis_digest()).current(db)) if size else Counter(),
                _today(db),
            )

        return store.read(body)
    finally:
        store.close()


def _counted(roster: Roster) -> Counter[Role]:
    now = int(time.time())
    return Counter({role: len(roster.in_force(role, now)) for role in Role})


def _today(db: Session) -> int:
    today = dt.datetime.now(dt.UTC).date().isoformat()
    return db.scalar(select(func.coalesce(func.sum(MeterRow.subjects), 0)).where(MeterRow.day == today)) or 0


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that waits for this trustee's staff, ticked against its own log."""

    acts: list[Waiting]
    openings: list[OpeningWaiting]

    def told(self) -> list[tuple[dict[str, object], str]]:
        """Each as an object and in words."""
        return [
            *((act.as_json(), act.words()) for act in self.acts),
            *((opening.as_json(), opening.words()) for opening in self.openings),
        ]


def desk(home: Home, hub: HubLink) -> Desk:
    """What waits at the hub. Raises HomeError if it is silent, HubRefuses."""
    store = Store(home.database)
    try:
        roster = store.read(RosterOfMirror(home.genesis_digest()).current)
        refused = store.read(acts.refused)
        waiting = decode(hub.get("/v1/openings/pending").content, PendingOpenings, culprit="hub").openings
        size = store.read(openings.cosigned_size)
        return Desk(
            acts.waiting(hub, roster, refused),
            [
                judged
                for one in waiting
                if one.id not in refused and (judged := _judged(store, roster, hub, size, one))
            ],
        )
    finally:
        store.close()


def _judged(store: Store, roster: Roster, hub: HubLink, size: int, pending: Pending) -> OpeningWaiting | None:
    """The opening with its verdict; None while the hub can't show evidence for what was cosigned here."""
    try:
        answer = hub.get(f"/v1/openings/{pending.id}/evidence?size={size}")
    except HubRefuses:
        return None
    shown = decode(answer.content, Evidence, culprit="hub")
    return store.read(lambda db: openings.judge(db, roster, pending, shown, int(time.time())))


def assent(home: Home, word: str, keys: ServingKeys, hub: HubLink, waiting: OpeningWaiting) -> None:
    """Give this trustee's parts of an opening. Opens the assent share; raises TooFewGroups, TooLittleEvidence."""
    waiting.verdict.require()
    share = load_assent(home, word)
    store = Store(home.database)
    try:
        roster = store.read(RosterOfMirror(home.genesis_digest()).current)
        signed = store.read(lambda db: openings.assent(db, roster, waiting, hub.trustee, keys, share))
    finally:
        store.close()
    hub.post(f"/v1/openings/{waiting.id}/answers", encode(signed))


def refuse_opening(keys: ServingKeys, hub: HubLink, waiting: OpeningWaiting) -> None:
    """Tell the hub that this trustee does not agree."""
    said = openings.refusal(Pending(id=waiting.id, opening=waiting.opening), hub.trustee, keys)
    hub.post(f"/v1/openings/{waiting.id}/answers", encode(said))


def remember_refusals(home: Home, ids: Iterable[str]) -> None:
    """Note that staff refused these."""
    store = Store(home.database)
    try:

        def body(db: Session) -> None:
            for identity in ids:
                acts.refuse(db, identity)

        store.transact(body)
    finally:
        store.close()
