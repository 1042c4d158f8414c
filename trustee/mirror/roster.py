"""The roster as this trustee computes it from its own mirror: nobody tells it who may act."""

import copy
import threading
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from cairn_protocol.errors import BadRoster, ProtocolError
from cairn_protocol.messages.log import LeafKind, LogEntry
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.wire import digest_of
from cairn_protocol.roster import ACT_KINDS, Roster, check_genesis
from trustee.storage.tables import LeafRow

_ACTS = [kind.value for kind in ACT_KINDS]
_HUB = "hub"


class RosterOfMirror:
    """The roster, kept up with the mirror's committed leaves. Safe to use from several threads.

    A roster it gave away never changes: what comes later is applied to a copy.
    """

    def __init__(self, genesis: Genesis) -> None:
        """genesis: the one this trustee signed; the log of no other is mirrored."""
        self._pinned = digest_of(genesis)
        self._roster = Roster(genesis)
        self._applied = 0  # leaves looked at
        self._lock = threading.Lock()

    def current(self, db: Session) -> Roster:
        """The roster after the mirror's last leaf. Never ask while `db` has leaves that may be rolled back."""
        with self._lock:
            acts = db.execute(
                select(LeafRow.leaf_index, LeafRow.content)
                .where(LeafRow.leaf_index >= self._applied, LeafRow.kind.in_(_ACTS))
                .order_by(LeafRow.leaf_index)
            ).all()
            if acts:
                roster = copy.deepcopy(self._roster)
                for leaf_index, content in acts:
                    assert content is not None  # only reports' leaves have none
                    roster.apply(leaf_index, content)
                self._roster, self._applied = roster, acts[-1].leaf_index + 1
            return self._roster

    def check_arriving(self, db: Session, start: int, entries: Sequence[LogEntry]) -> None:
        """Raise BadRoster, culprit the hub, unless the entries fit behind the mirror's first `start` leaves.

        The signed genesis comes first and once; every act has t trustees' approvals. Nothing of them
        counts before they are committed.
        """
        roster: Roster | None = None
        for at, entry in enumerate(entries, start):
            if (at == 0) != (entry.kind is LeafKind.GENESIS):
                raise BadRoster("leaf 0 is the genesis, and no other leaf is", culprit=_HUB)
            if at and entry.kind not in ACT_KINDS:
                continue
            assert entry.content is not None  # `check_entry` was there before
            try:
                if at == 0:
                    check_genesis(entry.content, self._pinned)
                else:
                    roster = roster or copy.deepcopy(self.current(db))
                    roster.apply(at, entry.content)
            except ProtocolError as false:
                raise BadRoster(f"leaf {at}: {false.detail}", culprit=_HUB) from false
