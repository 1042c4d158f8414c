"""The whole log held against itself, its newest checkpoint, and the tables it speaks of.

Tables are edited by whoever runs the database: `everything` also holds each report's rows against what its member
signed (`reports.audit`).

What the log says must be in the tables and the other way round: a report without a leaf was never
promised, a leaf without its report was lost. Reads everything once, in portions; changes nothing.
"""

from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol import merkle
from cairn_protocol.checkpoint import Checkpoint
from cairn_protocol.errors import BadMessage
from cairn_protocol.merkle import Node
from cairn_protocol.messages.log import LeafKind, LogEntry, check_entry, hash_of
from cairn_protocol.signed_note import parse_note
from hub.reports.audit import audit
from hub.storage.database import Store
from hub.storage.envelopes import Envelopes
from hub.translog.tables import TranslogCheckpoint, TranslogLeaf, TranslogNode

_PORTION = 10_000
_SHOWN = 20  # findings of one kind that are told one by one


@dataclass(frozen=True, slots=True)
class Fsck:
    """How many leaves there are, and every contradiction, in sentences."""

    size: int
    findings: tuple[str, ...]


async def everything(store: Store, envelopes: Envelopes) -> Fsck:
    """The log, the tables it speaks of, and what is on file of each report. Raises StoreUnavailable."""
    log = await store.read("fsck", check)
    reports = await audit(store, envelopes)
    more = [f"and {len(reports) - _SHOWN} more about reports"] if len(reports) > _SHOWN else []
    return Fsck(log.size, (*log.findings, *reports[:_SHOWN], *more))


async def check(db: AsyncSession) -> Fsck:
    """Look at the log and the tables it speaks of, on one snapshot."""
    findings: list[str] = []
    size = await _leaves(db, findings)
    await _tables(db, findings)
    return Fsck(size, tuple(findings))


async def _leaves(db: AsyncSession, findings: list[str]) -> int:
    """Leaves, interior nodes and the newest checkpoint."""
    newest = await db.scalar(select(TranslogCheckpoint).order_by(TranslogCheckpoint.size.desc()).limit(1))
    signed = Checkpoint.parse(parse_note(newest.note).text) if newest else None
    size, at_signed = 0, None
    frontier: tuple[bytes, ...] = ()
    while True:
        rows = list(
            await db.scalars(
                select(TranslogLeaf)
                .where(TranslogLeaf.leaf_index >= size)
                .order_by(TranslogLeaf.leaf_index)
                .limit(_PORTION)
            )
        )
        if not rows:
            break
        if signed and size < signed.size <= size + len(rows):
            upto = rows[: signed.size - size]
            at_signed = merkle.append(size, frontier, [row.leaf_hash for row in upto]).root
        for index, row in enumerate(rows, start=size):
            findings += _wrong_with(index, row)
        grown = merkle.append(size, frontier, [row.leaf_hash for row in rows])
        findings += await _wrong_nodes(db, grown.interior)
        size, frontier = grown.size, grown.frontier
        db.expunge_all()
    if signed and at_signed != signed.root:
        findings.append(f"the leaves do not lead to the root of the checkpoint of {signed.size} leaves")
    return size


def _wrong_with(index: int, row: TranslogLeaf) -> list[str]:
    if row.leaf_index != index:
        return [f"leaf {index} is missing: leaf {row.leaf_index} comes in its place"]
    try:
        kind = LeafKind(row.kind)
        check_entry(LogEntry(kind=kind, digest=row.digest, content=row.content))
    except (ValueError, BadMessage):
        return [f"leaf {index} ({row.kind}): its content is not what its digest says"]
    if hash_of(kind, row.digest) != row.leaf_hash:
        return [f"leaf {index} ({row.kind}): its hash is not that of its kind and digest"]
    return []


async def _wrong_nodes(db: AsyncSession, interior: dict[Node, bytes]) -> list[str]:
    if not interior:
        return []
    first, last = min(node.level for node in interior), max(node.level for node in interior)
    wrong = []
    for level in range(first, last + 1):
        wanted = {node.at: value for node, value in interior.items() if node.level == level}
        if not wanted:
            continue
        rows = await db.execute(
            select(TranslogNode.at, TranslogNode.hash).where(
                TranslogNode.level == level, TranslogNode.at.between(min(wanted), max(wanted))
            )
        )
        held = {row.at: row.hash for row in rows}
        wrong += [
            f"node {at} of level {level} is missing or wrong" for at in wanted if held.get(at) != wanted[at]
        ]
    return wrong[:_SHOWN]


_WANTED = {
    "report {} of the tables has no leaf, placed or promised": """
        SELECT encode(r.digest, 'hex') FROM reports r
        WHERE NOT EXISTS (SELECT FROM translog_leaves l WHERE l.kind = 'report' AND l.digest = r.digest)
          AND NOT EXISTS (SELECT FROM translog_promised p WHERE p.kind = 'report' AND p.digest = r.digest)""",
    "leaf {} is of a report that the tables lack": """
        SELECT l.leaf_index::text FROM translog_leaves l
        WHERE l.kind = 'report' AND NOT EXISTS (SELECT FROM reports r WHERE r.digest = l.digest)""",
    "leaf {} is of a retraction that the tables lack": """
        SELECT l.leaf_index::text FROM translog_leaves l
        WHERE l.kind = 'retraction' AND NOT EXISTS (SELECT FROM retractions r WHERE r.content = l.content)""",
    "opening {} was confirmed without a leaf": """
        SELECT o.id FROM openings o WHERE o.content IS NOT NULL
          AND NOT EXISTS (SELECT FROM translog_leaves l WHERE l.kind = 'opening' AND l.digest = o.digest)
          AND NOT EXISTS (SELECT FROM translog_promised p WHERE p.kind = 'opening' AND p.digest = o.digest)""",
    "leaf {} is of an opening that the tables lack": """
        SELECT l.leaf_index::text FROM translog_leaves l
        WHERE l.kind = 'opening' AND NOT EXISTS (SELECT FROM openings o WHERE o.digest = l.digest)""",
}


async def _tables(db: AsyncSession, findings: list[str]) -> None:
    """What the log speaks of against what is on file."""
    for sentence, query in _WANTED.items():
        found = list(await db.scalars(text(query)))
        findings += [sentence.format(one) for one in found[:_SHOWN]]
        if len(found) > _SHOWN:
            findings.append(f"and {len(found) - _SHOWN} more such")
    genesis = await db.scalar(
        select(func.count()).select_from(TranslogLeaf).where(TranslogLeaf.kind == LeafKind.GENESIS.value)
    )
    if genesis != 1:
        findings.append(f"the log has {genesis} genesis leaves")
