"""A release made again from its inputs: snapshot, question, noise. What comes out otherwise is told by cell."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.releases import ReleaseTable
from cairn_protocol.messages.wire import digest_of
from hub.releases.calendar import planned
from hub.releases.consenting import row_of
from hub.releases.drafting import MEMBERS, members_table, public_table, table_of
from hub.releases.tables import ReleaseRow
from hub.services import Services
from hub.trends.answering import answer_again, answered_before
from hub.trends.rows import digest_of_table
from hub.trends.snapshots import numbered


@dataclass(frozen=True, slots=True)
class Reproduced:
    """A release made again.

    snapshot  whether the snapshot still is the one that the release names
    differing the cells that came out otherwise
    """

    release: str
    digest: bytes
    snapshot: bool
    same: bool
    differing: tuple[str, ...]


async def reproduce(services: Services, release: str) -> Reproduced:
    """Make a release again and hold it against what was kept. Raises UnknownRelease, NoSnapshot, SnapshotDamaged."""

    async def find(db: AsyncSession) -> ReleaseRow:
        return await row_of(db, release)

    row = await services.store.transact("release", find)
    kept, table = table_of(row), planned(row.name)
    now, earlier = await numbered(services, row.snapshot)
    if table.question is None:
        made = public_table(services, table, now, release)
    else:
        told = await answer_again(services, now, earlier, MEMBERS, table.question)
        before = await answered_before(services, now.number, MEMBERS, table.question)
        made = members_table(table, table.question, now, release, told, before)
    return Reproduced(
        release=release,
        digest=digest_of(kept),
        snapshot=digest_of_table(now.table) == kept.inputs.snapshot,
        same=digest_of(made) == digest_of(kept),
        differing=tuple(_differing(made, kept)),
    )


def _differing(made: ReleaseTable, kept: ReleaseTable) -> list[str]:
    left = {figure.cell: figure for figure in made.figures}
    right = {figure.cell: figure for figure in kept.figures}
    return sorted(cell for cell in left.keys() | right.keys() if left.get(cell) != right.get(cell))
