"""The roster as this trustee computes it from its own mirror: nobody tells it who may act."""

import threading

from sqlalchemy import select
from sqlalchemy.orm import Session

from cairn_protocol.errors import BadRoster
from cairn_protocol.messages.log import LeafKind, LogEntry
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.roster import ACT_KINDS, Roster, check_genesis
from trustee.errors import HomeError
from trustee.storage.tables import LeafRow

_ACTS = [kind.value for kind in ACT_KINDS]


class RosterOfMirror:
    """The genesis and the roster, kept up with the mirror's leaves. Safe to use from several threads."""

    def __init__(self, signed_genesis: bytes) -> None:
        """signed_genesis: digest of the genesis this trustee signed; no other one is leaf 0."""
        self._pinned = signed_genesis
        self._roster: Roster | None = None
        self._applied = 0  # leaves looked at
        self._lock = threading.Lock()

    def current(self, db: Session) -> Roster:
        """The roster after the mirror's last leaf. Raises HomeError before leaf 0 has come."""
        with self._lock:
            if self._roster is None:
                content = db.scalar(select(LeafRow.content).where(LeafRow.leaf_index == 0))
                if content is None:
                    raise HomeError("the log has not begun for this trustee: the hub has pushed nothing yet")
                self._roster = Roster(check_genesis(content, self._pinned))
                self._applied = 1
            rows = db.execute(
                select(LeafRow.leaf_index, LeafRow.content)
                .where(LeafRow.leaf_index >= self._applied, LeafRow.kind.in_(_ACTS))
                .order_by(LeafRow.leaf_index)
            )
            for leaf_index, content in rows:
                self._roster.apply(leaf_index, content or b"")
                self._applied = leaf_index + 1
            return self._roster

    def check_arriving(self, db: Session, start: int, entries: tuple[LogEntry, ...]) -> Genesis:
        """Raise BadRoster unless the entries fit: the genesis first, every act approved by t trustees.

        Nothing of it stays: the entries count once they are committed.
        """
        fresh: Roster | None = None
        for at, entry in enumerate(entries, start):
            if (at == 0) != (entry.kind is LeafKind.GENESIS):
                raise BadRoster("leaf 0 is the genesis, and no other leaf is", culprit="hub")
            assert entry.content is not None or entry.kind is LeafKind.REPORT
            if at == 0:
                fresh = Roster(check_genesis(entry.content or b"", self._pinned))
            elif entry.kind in ACT_KINDS:
                fresh = fresh or self._copy(db)
                fresh.apply(at, entry.content or b"")
        return fresh.genesis if fresh else self.current(db).genesis

    def _copy(self, db: Session) -> Roster:
        """The roster again, to try acts on."""
        copy = Roster(self.current(db).genesis)
        rows = db.execute(
            select(LeafRow.leaf_index, LeafRow.content)
            .where(LeafRow.kind.in_(_ACTS))
            .order_by(LeafRow.leaf_index)
        )
        for leaf_index, content in rows:
            copy.apply(leaf_index, content or b"")
        return copy
