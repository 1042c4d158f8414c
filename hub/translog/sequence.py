"""Give promised leaves their places: one transaction moves them, grows the tree and signs its state.

After a crash either all of it happened or nothing did, so no leaf is lost and no place is
given twice (G7), whoever else tries at the same time.
Not here: when (`sequencer`), the trustees' word on it (`cosigning`).
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import BigInteger, ColumnElement, any_, cast, delete, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.checkpoint import Checkpoint, sign_checkpoint
from cairn_protocol.merkle import append, nodes_for_root
from hub.translog.nodes import hashes_of, log_size
from hub.translog.tables import PromisedLeaf, TranslogCheckpoint, TranslogLeaf, TranslogNode

# Any number will do, as long as no other lock of ours has it.
PLACES_LOCK = 0x706C_6163_6573

BATCH = 1_000


async def sequence(db: AsyncSession, origin: str, hub_key: Ed25519PrivateKey, most: int = BATCH) -> int:
    """Place the oldest promised leaves, at most so many, and keep the hub's checkpoint after them.

    Returns how many promised rows it took; 0 if none waited.
    """
    await db.execute(select(func.pg_advisory_xact_lock(PLACES_LOCK)))
    oldest = select(PromisedLeaf.id, PromisedLeaf.leaf_hash).order_by(PromisedLeaf.id).limit(most)
    promised = (await db.execute(oldest)).all()
    if not promised:
        return 0
    placed = await _placed_before(db, [leaf_hash for _, leaf_hash in promised])
    new = [(row_id, leaf_hash) for row_id, leaf_hash in promised if leaf_hash not in placed]
    if new:
        await _place(db, new, origin, hub_key)
    await db.execute(delete(PromisedLeaf).where(_among([row_id for row_id, _ in promised])))
    return len(promised)


async def _placed_before(db: AsyncSession, leaf_hashes: list[bytes]) -> set[bytes]:
    """Which of these have a place: a retry promised them while the first promise was being moved."""
    known = select(TranslogLeaf.leaf_hash).where(TranslogLeaf.leaf_hash.in_(leaf_hashes))
    return set((await db.scalars(known)).all())


async def _place(
    db: AsyncSession, new: list[tuple[int, bytes]], origin: str, hub_key: Ed25519PrivateKey
) -> None:
    size = await log_size(db)
    frontier = nodes_for_root(size)
    hashes = await hashes_of(db, frontier)
    grown = append(size, [hashes[node] for node in frontier], [leaf_hash for _, leaf_hash in new])

    # Contents may be large, so they move inside the database.
    place = size + func.row_number().over(order_by=PromisedLeaf.id) - 1
    moved = select(
        cast(place, BigInteger),
        PromisedLeaf.leaf_hash,
        PromisedLeaf.kind,
        PromisedLeaf.digest,
        PromisedLeaf.content,
    ).where(_among([row_id for row_id, _ in new]))
    columns = ["leaf_index", "leaf_hash", "kind", "digest", "content"]
    await db.execute(insert(TranslogLeaf).from_select(columns, moved))
    if grown.interior:
        rows = [{"level": n.level, "at": n.at, "hash": value} for n, value in grown.interior.items()]
        await db.execute(insert(TranslogNode), rows)
    note = sign_checkpoint(Checkpoint(origin, grown.size, grown.root), hub_key)
    db.add(TranslogCheckpoint(size=grown.size, root=grown.root, note=note, cosignatures={}, complete=False))
    await db.flush()


def _among(row_ids: list[int]) -> ColumnElement[bool]:
    return PromisedLeaf.id == any_(literal(row_ids, ARRAY(BigInteger)))
