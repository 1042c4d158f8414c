"""Manifests of the index as they arrive: numbers rise, so no two members can be shown two indexes of one number.

Each of two manifests would be proven by the log; that there are two is what nobody who syncs one would see.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from cairn_protocol.errors import BadConsistency
from cairn_protocol.messages.index import Manifest
from cairn_protocol.messages.log import LeafKind, LogEntry
from cairn_protocol.messages.wire import decode
from trustee.storage.tables import LeafRow


def check_arriving(db: Session, start: int, entries: Sequence[LogEntry], *, culprit: str) -> None:
    """Raise BadConsistency unless each manifest's number is higher than that of the one before; BadMessage."""
    number: int | None = None
    for at, entry in enumerate(entries, start):
        if entry.kind is not LeafKind.MANIFEST:
            continue
        earlier = _last(db) if number is None else number
        number = decode(entry.content or b"", Manifest, culprit=culprit).number
        if number <= earlier:
            raise BadConsistency(f"leaf {at} is a second index {number}, or an older one", culprit=culprit)


def _last(db: Session) -> int:
    """The number of the newest manifest in the mirror; 0 without one."""
    newest = select(LeafRow.content).where(LeafRow.kind == LeafKind.MANIFEST.value)
    content = db.scalar(newest.order_by(LeafRow.leaf_index.desc()).limit(1))
    return decode(content, Manifest).number if content else 0
