"""What staff commands read from a trustee's own database, while it serves or not."""

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cairn_protocol.checkpoint import Checkpoint
from cairn_protocol.messages.parties import Role
from cairn_protocol.roster import Roster
from cairn_protocol.signed_note import parse_note
from trustee import requests as acts
from trustee.home import Home
from trustee.mirror import leaves, pushing
from trustee.mirror.roster import RosterOfMirror
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


def proposals(home: Home, settings: Settings, hub: str | None) -> list[Waiting]:
    """What waits at the hub, ticked against this trustee's own roster."""
    store = Store(home.database)
    try:
        roster = store.read(RosterOfMirror(home.genesis_digest()).current)
        return acts.waiting(hub or home.hub_url(), roster, store.read(acts.refused), settings.hub_seconds)
    finally:
        store.close()


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
