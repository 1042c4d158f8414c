"""Promise a leaf: a row of the transaction that the promise is about.

What is committed with it gets a place in the log within a second or so, and nothing gets
one otherwise (G7). A leaf promised again, by a retry, stays one leaf.
Not here: giving places (`sequencer`).
"""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.log import LeafKind, LogEntry, check_entry, hash_of

# Arrays, so that a hundred leaves cost one statement of fixed length.
_PROMISE = text(
    "INSERT INTO translog_promised (leaf_hash, kind, digest, content)"
    " SELECT * FROM unnest(CAST(:leaf_hashes AS bytea[]), CAST(:kinds AS text[]), CAST(:digests AS bytea[]),"
    " CAST(:contents AS bytea[])) ON CONFLICT (leaf_hash) DO NOTHING"
)


async def promise(db: AsyncSession, kind: LeafKind, digest: bytes, content: bytes | None) -> bytes:
    """Promise one leaf and return its hash (32 bytes).

    digest   32 bytes: of the signed report, else `content_digest(content)`
    content  the leaf's message; None for a report

    Raises BadMessage if digest and content don't fit.
    """
    (leaf_hash,) = await promise_all(db, [LogEntry(kind=kind, digest=digest, content=content)])
    return leaf_hash


async def promise_all(db: AsyncSession, entries: Sequence[LogEntry]) -> list[bytes]:
    """Promise several leaves in one statement; their hashes in the same order. Raises as `promise`."""
    for entry in entries:
        check_entry(entry)
    leaf_hashes = [hash_of(entry.kind, entry.digest) for entry in entries]
    if not entries:
        return leaf_hashes
    # One that has its place already is dropped by the sequencer: looking here would race with it.
    await db.execute(
        _PROMISE,
        {
            "leaf_hashes": leaf_hashes,
            "kinds": [entry.kind.value for entry in entries],
            "digests": [entry.digest for entry in entries],
            "contents": [entry.content for entry in entries],
        },
    )
    return leaf_hashes
