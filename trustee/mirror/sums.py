"""What the mirror says about returns, and that what arrives about them fits: one key approval, terms, close, result.

A hub that shows a second close of a period, or terms this trustee can't hold, is refused with its whole push:
that leaf would be in no log anybody verifies.
"""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cairn_protocol.messages.log import LeafKind, LogEntry
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.returns_log import RETURN_KINDS, ReturnsLog
from trustee.storage.tables import CheckpointRow, LeafRow

_KINDS = [kind.value for kind in RETURN_KINDS]


def check_arriving(db: Session, genesis: Genesis, entries: Sequence[LogEntry]) -> None:
    """Raise, as `ReturnsLog.apply`, unless the entries fit behind what the mirror has."""
    arriving = [entry for entry in entries if entry.kind in RETURN_KINDS]
    if not arriving:
        return
    log = _read(db, genesis, None)
    for entry in arriving:
        log.apply(entry.kind, entry.content or b"")


def cosigned(db: Session, genesis: Genesis) -> ReturnsLog:
    """What the log says as far as this trustee cosigned it: log before act."""
    size = db.scalar(select(func.max(CheckpointRow.size))) or 0
    return _read(db, genesis, size)


def _read(db: Session, genesis: Genesis, size: int | None) -> ReturnsLog:
    rows = select(LeafRow.kind, LeafRow.content).where(LeafRow.kind.in_(_KINDS)).order_by(LeafRow.leaf_index)
    if size is not None:
        rows = rows.where(LeafRow.leaf_index < size)
    log = ReturnsLog(genesis)
    for kind, content in db.execute(rows):
        log.apply(LeafKind(kind), content or b"")
    return log
