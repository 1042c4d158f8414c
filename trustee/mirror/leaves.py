"""Leaves and interior nodes as rows: appended in batches, roots from O(log n) of them."""

from collections.abc import Sequence

from sqlalchemy import and_, func, insert, or_, select
from sqlalchemy.orm import Session

from cairn_protocol import merkle
from cairn_protocol.merkle import Node
from cairn_protocol.messages.log import LogEntry, hash_of
from trustee.storage.tables import LeafRow, NodeRow


def size(db: Session) -> int:
    """How many leaves the mirror has."""
    last = db.scalar(select(func.max(LeafRow.leaf_index)))
    return 0 if last is None else last + 1


def frontier(db: Session, leaves: int) -> list[bytes]:
    """The hashes of the complete subtrees of a tree of `leaves`, left to right."""
    wanted = merkle.nodes_for_root(leaves)
    found: dict[Node, bytes] = {}
    at_bottom = [node.at for node in wanted if node.level == 0]
    above = [and_(NodeRow.level == node.level, NodeRow.at == node.at) for node in wanted if node.level]
    for row in db.scalars(select(LeafRow).where(LeafRow.leaf_index.in_(at_bottom))):
        found[Node(0, row.leaf_index)] = row.leaf_hash
    if above:
        for node in db.scalars(select(NodeRow).where(or_(*above))):
            found[Node(node.level, node.at)] = node.node_hash
    return [found[node] for node in wanted]


def root(db: Session, leaves: int) -> bytes:
    """The root of the first `leaves` leaves."""
    return merkle.root_of_frontier(frontier(db, leaves))


def append(db: Session, start: int, entries: Sequence[LogEntry]) -> None:
    """Append entries whose content was checked; `start` is the mirror's size."""
    hashes = [hash_of(entry.kind, entry.digest) for entry in entries]
    grown = merkle.append(start, frontier(db, start), hashes)
    db.execute(
        insert(LeafRow),
        [
            {
                "leaf_index": start + at,
                "leaf_hash": leaf_hash,
                "kind": entry.kind.value,
                "digest": entry.digest,
                "content": entry.content,
            }
            for at, (entry, leaf_hash) in enumerate(zip(entries, hashes, strict=True))
        ],
    )
    if grown.interior:
        db.execute(
            insert(NodeRow),
            [
                {"level": node.level, "at": node.at, "node_hash": node_hash}
                for node, node_hash in grown.interior.items()
            ],
        )


def hashes(db: Session, start: int, count: int) -> list[bytes]:
    """Leaf hashes from `start`, at most `count`."""
    return list(
        db.scalars(
            select(LeafRow.leaf_hash)
            .where(LeafRow.leaf_index >= start, LeafRow.leaf_index < start + count)
            .order_by(LeafRow.leaf_index)
        )
    )
