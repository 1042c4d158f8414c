"""The newest version of the index that members can prove: its manifest under a cosigned checkpoint.

Only reads, and leaves no mark: what members fetch is nobody's to know (G4).
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.checkpoint import Checkpoint
from cairn_protocol.messages.index import Manifest, ManifestAnswer
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.wire import decode
from cairn_protocol.signed_note import parse_note
from hub.errors import HubError
from hub.index.tables import ManifestRow
from hub.translog.checkpoints import complete_note
from hub.translog.nodes import prove_inclusion
from hub.translog.tables import TranslogLeaf


class IndexNotPublished(HubError):
    """No version of the index is published and proven yet."""

    slug = "index-not-published"


async def latest_number(db: AsyncSession, genesis: Genesis) -> int:
    """The number of the newest proven version. Raises IndexNotPublished, LogNotReady."""
    return (await _latest(db, await complete_note(db, genesis)))[0].number


async def etag_of_latest(db: AsyncSession, genesis: Genesis) -> str:
    """What names the newest proven version in HTTP. Raises as `latest_number`."""
    return _etag((await _latest(db, await complete_note(db, genesis)))[0])


async def latest(db: AsyncSession, genesis: Genesis) -> tuple[str, ManifestAnswer]:
    """The newest proven version with its proof, and its ETag. Raises as `latest_number`."""
    note = await complete_note(db, genesis)
    row, content = await _latest(db, note)
    proof = await prove_inclusion(db, row.leaf_hash, _size(note))
    answer = ManifestAnswer(
        manifest=decode(content, Manifest), leaf_index=proof.index, path=proof.path, checkpoint=note
    )
    return _etag(row), answer


async def _latest(db: AsyncSession, note: str) -> tuple[ManifestRow, bytes]:
    newest = (
        select(ManifestRow, TranslogLeaf.content)
        .join(TranslogLeaf, TranslogLeaf.leaf_hash == ManifestRow.leaf_hash)
        .where(TranslogLeaf.leaf_index < _size(note))
        .order_by(ManifestRow.number.desc())
        .limit(1)
    )
    found = (await db.execute(newest)).one_or_none()
    if found is None or found.content is None:
        raise IndexNotPublished("no version of the index is under a cosigned checkpoint yet")
    return found.ManifestRow, found.content


def _size(note: str) -> int:
    return Checkpoint.parse(parse_note(note).text).size


def _etag(row: ManifestRow) -> str:
    return f'"{row.leaf_hash.hex()[:32]}"'
