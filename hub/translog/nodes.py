"""Read the tree: its size, the hashes a proof needs, consecutive leaves. Every query costs O(log n) rows or less."""

from collections.abc import Sequence

from sqlalchemy import func, literal, or_, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import BadMessage
from cairn_protocol.merkle import (
    Node,
    consistency_proof,
    inclusion_proof,
    nodes_for_consistency,
    nodes_for_inclusion,
)
from cairn_protocol.messages.log import ConsistencyProof, Entries, InclusionProof, LogEntry
from hub.errors import HubError
from hub.translog.tables import TranslogLeaf, TranslogNode

MOST_ENTRIES = 1_000

# Contents of one answer or push, so that it stays below the messages' 16 MiB in base64.
MOST_CONTENT_BYTES = 8 * 1024 * 1024


class NotInLog(HubError):
    """No leaf of that hash is among the first so many. A promised one gets its place within a minute."""

    slug = "not-in-log"


async def log_size(db: AsyncSession) -> int:
    """How many leaves have a place."""
    last = await db.scalar(select(func.max(TranslogLeaf.leaf_index)))
    return 0 if last is None else last + 1


async def hashes_of(db: AsyncSession, nodes: Sequence[Node]) -> dict[Node, bytes]:
    """The hashes of complete subtrees and leaves (level 0), in one query. What the tables lack is left out."""
    leaves = [node.at for node in nodes if node.level == 0]
    interior = [(node.level, node.at) for node in nodes if node.level > 0]
    found = union_all(
        select(literal(0), TranslogLeaf.leaf_index, TranslogLeaf.leaf_hash).where(
            TranslogLeaf.leaf_index.in_(leaves)
        ),
        select(TranslogNode.level, TranslogNode.at, TranslogNode.hash).where(
            tuple_(TranslogNode.level, TranslogNode.at).in_(interior)
        ),
    )
    return {Node(level, at): value for level, at, value in (await db.execute(found))}


async def prove_inclusion(db: AsyncSession, leaf_hash: bytes, size: int) -> InclusionProof:
    """Where a leaf is in the first `size` leaves. Raises NotInLog, or BadMessage if the log is shorter."""
    await _require_size(db, size)
    index = await db.scalar(select(TranslogLeaf.leaf_index).where(TranslogLeaf.leaf_hash == leaf_hash))
    if index is None or index >= size:
        raise NotInLog(f"no such leaf among the first {size}")
    hashes = await hashes_of(db, nodes_for_inclusion(index, size))
    return InclusionProof(index=index, size=size, path=tuple(inclusion_proof(index, size, hashes)))


async def prove_consistency(db: AsyncSession, old: int, new: int) -> ConsistencyProof:
    """That the first `old` leaves are the beginning of the first `new`. Raises BadMessage if there are fewer."""
    await _require_size(db, new)
    hashes = await hashes_of(db, nodes_for_consistency(old, new))
    return ConsistencyProof(old=old, new=new, path=tuple(consistency_proof(old, new, hashes)))


async def _require_size(db: AsyncSession, size: int) -> None:
    if size > (known := await log_size(db)):
        raise BadMessage(f"the log has {known} leaves")


async def leaves_from(db: AsyncSession, start: int, count: int) -> Entries:
    """Up to `count` leaves from `start` on, exactly as the table has them, so that an edited row shows.

    Fewer if the log ends, a row is missing, or their contents would be more than MOST_CONTENT_BYTES.
    """
    bytes_so_far = func.sum(func.coalesce(func.length(TranslogLeaf.content), 0)).over(
        order_by=TranslogLeaf.leaf_index
    )
    window = (
        select(TranslogLeaf, bytes_so_far.label("bytes"))
        .where(TranslogLeaf.leaf_index >= start, TranslogLeaf.leaf_index < start + min(count, MOST_ENTRIES))
        .subquery()
    )
    leaves = await db.execute(
        select(window.c.leaf_index, window.c.leaf_hash, window.c.kind, window.c.digest, window.c.content)
        .where(or_(window.c.bytes <= MOST_CONTENT_BYTES, window.c.leaf_index == start))
        .order_by(window.c.leaf_index)
    )
    consecutive = []
    for at, row in enumerate(leaves, start=start):
        if row.leaf_index != at:
            break
        consecutive.append(row)
    return Entries(
        start=start,
        entries=tuple(LogEntry(kind=row.kind, digest=row.digest, content=row.content) for row in consecutive),
        leaf_hashes=tuple(row.leaf_hash for row in consecutive),
    )
