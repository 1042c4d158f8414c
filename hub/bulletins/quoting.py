"""What bulletins quote of releases: the bands of those that members read. Fills `bulletins.ports.Releases`."""

from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.releases import ReleaseAudience
from cairn_protocol.messages.wire import digest_of
from hub.bulletins.ports import ReleasedCell, ReleasedTable
from hub.releases.consenting import in_force


class PublishedReleases:
    """The releases in force."""

    async def find(self, db: AsyncSession, release: str) -> ReleasedTable | None:
        """The members' release of that id that is in force, or None."""
        for one in (await in_force(db, ReleaseAudience.MEMBERS)).tables:
            if one.table.release == release:
                cells = {
                    figure.cell: ReleasedCell(figure.count, figure.groups)
                    for figure in one.table.figures
                    if figure.count is not None and figure.groups is not None
                }
                return ReleasedTable(release, digest_of(one.table), cells)
        return None
