"""Signed states of the log, and which of them enough trustees cosigned.

Cosignatures are dated, and a row of them for each batch would time every filing. So only
the newest complete checkpoint stays, with what is newer.
"""

from dataclasses import dataclass
from typing import Self

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.checkpoint import Checkpoint, with_cosignatures
from cairn_protocol.messages.parties import Genesis
from hub.errors import HubError
from hub.translog.tables import TranslogCheckpoint


class LogNotReady(HubError):
    """No state of the log has t cosignatures yet. It needs t trustees that are up."""

    slug = "log-not-ready"


@dataclass(frozen=True, slots=True)
class Target:
    """The newest state of the log, which every trustee is to cosign.

    note       with the hub's signature alone
    cosigners  ids of the trustees that did
    """

    checkpoint: Checkpoint
    note: str
    cosigners: frozenset[str]
    complete: bool

    @classmethod
    def of(cls, row: TranslogCheckpoint, origin: str) -> Self:
        return cls(
            Checkpoint(origin, row.size, row.root), row.note, frozenset(row.cosignatures), row.complete
        )


async def newest(db: AsyncSession, origin: str) -> Target | None:
    """The newest state, cosigned or not; None while the log is empty.

    The incomplete ones before it are dropped: nobody will be asked to cosign them.
    """
    row = await db.scalar(select(TranslogCheckpoint).order_by(TranslogCheckpoint.size.desc()).limit(1))
    if row is None:
        return None
    overtaken = TranslogCheckpoint.size < row.size
    await db.execute(delete(TranslogCheckpoint).where(overtaken, ~TranslogCheckpoint.complete))
    return Target.of(row, origin)


async def complete_note(db: AsyncSession, genesis: Genesis) -> str:
    """The newest checkpoint that at least t trustees cosigned, with all its cosignatures. Raises LogNotReady."""
    row = await db.scalar(
        select(TranslogCheckpoint)
        .where(TranslogCheckpoint.complete)
        .order_by(TranslogCheckpoint.size.desc())
        .limit(1)
    )
    if row is None:
        raise LogNotReady(f"no checkpoint has {genesis.t} cosignatures yet")
    lines = [row.cosignatures[one.id] for one in genesis.trustees if one.id in row.cosignatures]
    return with_cosignatures(row.note, lines)


async def keep_cosignature(db: AsyncSession, size: int, trustee: str, line: str, t: int) -> bool:
    """Keep a trustee's line, which was verified; returns whether the checkpoint has t of them now.

    A checkpoint that was overtaken meanwhile is gone, and the line with it.
    """
    row = await db.scalar(select(TranslogCheckpoint).where(TranslogCheckpoint.size == size).with_for_update())
    if row is None:
        return False
    row.cosignatures = row.cosignatures | {trustee: line}
    row.complete = row.complete or len(row.cosignatures) >= t
    await db.flush()
    if row.complete:
        await db.execute(delete(TranslogCheckpoint).where(TranslogCheckpoint.size < size))
    return row.complete
