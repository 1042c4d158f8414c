"""Before anything is computed: who asks, whether it asked this before, and what is left of its meter.

Nonce and meter are committed before the answer is computed or sent. A crash in between costs the
member some of its meter; it never gives an evaluation for nothing.
"""

import datetime as dt

from sqlalchemy import delete
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from cairn_protocol.errors import UnknownSigner
from cairn_protocol.http_signatures import VerifiedRequest
from cairn_protocol.messages.parties import Entry, Role
from cairn_protocol.roster import Roster
from trustee.errors import Metered, ReplayedNonce
from trustee.storage.tables import JournalRow, MeterRow, NonceRow


def member_entry(roster: Roster, party: str, now: int) -> Entry:
    """The member's entry in force. Raises UnknownSigner for anybody who is no member, RevokedSigner."""
    entry = roster.entry(party, now)
    if entry.role is not Role.MEMBER:
        raise UnknownSigner("only members have values evaluated")
    return entry


def spend_nonce(db: Session, request: VerifiedRequest, now: int, window_seconds: int) -> None:
    """Note a request's nonce for as long as the request is fresh. Raises ReplayedNonce if it is noted."""
    db.execute(delete(NonceRow).where(NonceRow.expires_at < now))
    # Twice the window, so that a clock set back by less does not make a used request fresh again.
    expires_at = request.created + 2 * window_seconds
    fresh = insert(NonceRow).values(key_id=request.key_id, nonce=request.nonce, expires_at=expires_at)
    if not db.execute(fresh.on_conflict_do_nothing().returning(NonceRow.key_id)).all():
        raise ReplayedNonce("this very request was made before")


def charge(db: Session, entry: Entry, subjects: int, allowed: int, day: dt.date) -> None:
    """Take padded subjects off the group's meter of the day, and note them in the journal.

    allowed  padded subjects that the group may have evaluated on that day

    Raises Metered if fewer are left.
    """
    assert entry.group is not None  # the roster has no member without one
    row = db.get(MeterRow, (entry.group, day.isoformat()))
    used = row.subjects if row else 0
    if used + subjects > allowed:
        raise Metered(f"{max(0, allowed - used)} of {allowed} subjects are left to the group today")
    for table, key in ((MeterRow, {"group_name": entry.group}), (JournalRow, {"member": entry.party})):
        added = insert(table).values(day=day.isoformat(), subjects=subjects, **key)
        db.execute(
            added.on_conflict_do_update(
                index_elements=["day", *key], set_={"subjects": table.subjects + added.excluded.subjects}
            )
        )
