"""How the log grows: placing and proving leaves at 1,000,000 against 10,000, on a real database.

log_append_growth   time to place 100 promised leaves and sign the checkpoint, ratio
log_prove_growth    time for 100 inclusion proofs of random leaves, ratio
"""

import asyncio
import os
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.measuring import WALL, tell
from cairn_protocol import merkle
from cairn_protocol.messages.log import LeafKind, LogEntry, hash_of
from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.embedded import EmbeddedPostgres
from hub.storage.migrate import upgrade
from hub.translog.nodes import prove_inclusion
from hub.translog.promise import promise_all
from hub.translog.sequence import sequence
from hub.translog.tables import TranslogLeaf

SMALL: Final = 10_000
LARGE: Final = 1_000_000
AT_ONCE: Final = 100
ROUNDS: Final = 15
_KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(32))


def fill(url: str, size: int, frontier: Sequence[bytes], upto: int) -> Sequence[bytes]:
    """Put leaves of kind report into the tables until there are `upto`; returns the frontier."""
    digests = [os.urandom(32) for _ in range(upto - size)]
    hashes = [hash_of(LeafKind.REPORT, digest) for digest in digests]
    grown = merkle.append(size, frontier, hashes)
    with psycopg.connect(url) as database, database.cursor() as cursor:
        with cursor.copy("COPY translog_leaves (leaf_index, leaf_hash, kind, digest) FROM STDIN") as rows:
            for at, (leaf_hash, digest) in enumerate(zip(hashes, digests, strict=True), size):
                rows.write_row((at, leaf_hash, LeafKind.REPORT.value, digest))
        with cursor.copy("COPY translog_nodes (level, at, hash) FROM STDIN") as rows:
            for node, value in grown.interior.items():
                rows.write_row((node.level, node.at, value))
        database.commit()
        database.autocommit = True
        cursor.execute("VACUUM ANALYZE translog_leaves, translog_nodes")
    return grown.frontier


async def times(store: Store, size: int) -> tuple[float, float]:
    """Median seconds to place AT_ONCE leaves, and to prove as many, with about `size` leaves."""
    placing, proving = [], []
    for _ in range(ROUNDS):
        fresh = [LogEntry(kind=LeafKind.REPORT, digest=os.urandom(32), content=None) for _ in range(AT_ONCE)]
        await store.transact("promise", lambda db, fresh=fresh: promise_all(db, fresh))
        begun = WALL()
        await store.transact("place", lambda db: sequence(db, "cairn.example/log", _KEY))
        placing.append(WALL() - begun)
        wanted = [random.randrange(size) for _ in range(AT_ONCE)]
        leaves = await store.read("leaves", lambda db, wanted=wanted: _hashes(db, wanted))
        begun = WALL()
        for leaf in leaves:
            await store.read("prove", lambda db, leaf=leaf: prove_inclusion(db, leaf, size))
        proving.append(WALL() - begun)
    return median(placing), median(proving)


async def _hashes(db: AsyncSession, indices: Sequence[int]) -> list[bytes]:
    return list(await db.scalars(select(TranslogLeaf.leaf_hash).where(TranslogLeaf.leaf_index.in_(indices))))


async def _measure(url: str, settings: Settings) -> None:
    fill(url, 0, (), SMALL)
    async with Store.connect(url, settings) as store:
        small = await times(store, SMALL)
        size = SMALL + ROUNDS * AT_ONCE
        with psycopg.connect(url) as database:
            rows = database.execute("SELECT leaf_hash FROM translog_leaves ORDER BY leaf_index").fetchall()
        frontier = merkle.append(0, (), [bytes(row[0]) for row in rows]).frontier
        fill(url, size, frontier, LARGE)
        large = await times(store, LARGE)
    tell("log", "log_append_growth", large[0] / small[0], "ratio")
    tell("log", "log_prove_growth", large[1] / small[1], "ratio")


def main() -> None:
    """Set up a database, measure, end it."""
    with tempfile.TemporaryDirectory(prefix="cairn-bench-") as folder:
        Path(folder).chmod(0o755)  # the private database's own user must pass through
        server = EmbeddedPostgres(Path(folder) / "postgres")
        url = server.start()
        try:
            upgrade(url)
            asyncio.run(_measure(url, Settings()))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
