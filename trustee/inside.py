"""What staff commands read from a trustee's own home and database, while it serves or not."""

import datetime as dt
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cairn_protocol.messages.parties import Role
from trustee import keys as key_file
from trustee.home import Home
from trustee.mirror import leaves, pushing
from trustee.mirror.roster import RosterOfMirror
from trustee.settings import Settings
from trustee.storage.database import Store
from trustee.storage.tables import MeterRow


@dataclass(frozen=True, slots=True)
class Inside:
    """The answer of `cairn-trustee status`.

    checkpoint  size and time of the newest one it cosigned
    parties     how many are in force, by role; nobody before the genesis is signed
    today       padded subjects evaluated since midnight UTC
    """

    id: str
    url: str
    keys: Mapping[str, bool]
    genesis: bool
    mirror: int
    checkpoint: tuple[int, int] | None
    parties: Mapping[Role, int]
    today: int

    def facts(self) -> dict[str, Any]:
        """For programs."""
        size, at = self.checkpoint or (None, None)
        return {
            "id": self.id,
            "url": self.url,
            "keys": dict(self.keys),
            "genesis": self.genesis,
            "mirror": self.mirror,
            "checkpoint": size and {"size": size, "cosigned_at": at},
            "roster": {role.value: count for role, count in self.parties.items()},
            "today": self.today,
        }

    def words(self) -> str:
        """For people."""
        shares = "has its shares" if self.keys["assent"] else "has no shares: run the key generation"
        genesis = "signed the genesis" if self.genesis else "signed no genesis yet"
        lines = [f"{self.id} at {self.url} {shares}; {genesis}"]
        cosigned = "none cosigned"
        if self.checkpoint:
            at = dt.datetime.fromtimestamp(self.checkpoint[1], dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
            cosigned = f"the first {self.checkpoint[0]} cosigned at {at}"
        lines.append(f"{self.mirror} leaves mirrored, {cosigned}")
        lines.append(
            "on the roster: " + ", ".join(f"{count} {role.value}s" for role, count in self.parties.items())
        )
        lines.append(f"subjects evaluated today: {self.today}")
        return "\n".join(lines)


def look(home: Home, settings: Settings) -> Inside:
    """Read home and database. Raises HomeError before `init`, StoreUnavailable."""
    descriptor = home.descriptor()

    def body(db: Session) -> Inside:
        newest = pushing.latest(db)
        roster = RosterOfMirror(home.genesis()).current(db) if home.has_genesis() else None
        now = int(time.time())
        return Inside(
            id=descriptor.keys.id,
            url=descriptor.url,
            keys=key_file.compartments(home),
            genesis=home.has_genesis(),
            mirror=leaves.size(db),
            checkpoint=(newest.size, newest.cosigned_at) if newest else None,
            parties={role: len(roster.in_force(role, now)) if roster else 0 for role in Role},
            today=_evaluated_on(db, dt.datetime.fromtimestamp(now, dt.UTC).date()),
        )

    with opened(home, settings) as store:
        return store.read(body)


def _evaluated_on(db: Session, day: dt.date) -> int:
    told = select(func.coalesce(func.sum(MeterRow.subjects), 0)).where(MeterRow.day == day.isoformat())
    return db.scalars(told).one()


@contextmanager
def opened(home: Home, settings: Settings) -> Iterator[Store]:
    """The database, for the block. Raises HomeError before `init`, StoreUnavailable."""
    home.descriptor()  # raises before `init`, when there is no home to make a database in
    store = Store(home.database, settings.busy_seconds)
    try:
        yield store
    finally:
        store.close()
