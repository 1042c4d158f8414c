"""Before anything is computed: who asks, whether it asked this before, and what is left of its meter.

Nonce and meter are committed before the answer is computed or sent. A crash in between costs the
member some of its meter; it never gives an evaluation for nothing.
"""

import datetime as dt

from sqlalchemy import delete
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import IntegrityError
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
    if entry.role is not Role.MEMBER or entry.group is None:
        raise UnknownSigner("only members have values evaluated")
    return entry


def spend_nonce(db: Session, request: VerifiedRequest, now: int, window_seconds: int) -> None:
    """Note a request's nonce. Raises ReplayedNonce if it was noted before."""
    db.execute(delete(NonceRow).where(NonceRow.expires_at < now))
    row = NonceRow(
        key_id=request.key_id, nonce=request.nonce, expires_at=request.created + 2 * window_seconds
    )
    db.add(row)
    try:
        db.flush()
    except IntegrityError as cause:
        raise ReplayedNonce("this very request was made before") from cause


def charge(db: Session, roster: Roster, entry: Entry, subjects: int, now: int, subjects_a_day: int) -> None:
    """Take padded subjects off the group's meter of the day. Raises Metered if it does not hold that many."""
    assert entry.group is not None
    moment = dt.datetime.fromtimestamp(now, dt.UTC)
    day = moment.date().isoformat()
    row = db.get(MeterRow, (entry.group, day))
    used = row.subjects if row else 0
    allowed = subjects_a_day + roster.allowance(entry.group, day)
    if used + subjects > allowed:
        tomorrow = dt.datetime.combine(moment.date() + dt.timedelta(days=1), dt.time(), dt.UTC)
        raise Metered(
            f"{max(0, allowed - used)} of {allowed} subjects are left to the group today",
            int((tomorrow - moment).total_seconds()) + 1,
        )
    for table, key in ((MeterRow, {"group_name": entry.group}), (JournalRow, {"member": entry.party})):
        added = insert(table).values(day=day, subjects=subjects, **key)
        db.execute(
            added.on_conflict_do_update(
                index_elements=["day", *key], set_={"subjects": table.subjects + added.excluded.subjects}
            )
        )
