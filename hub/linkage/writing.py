"""What linkage writes: the board's outcome as rows, and at a cluster that is no more, who has its reports."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.linkage.clustering import Board
from hub.linkage.loading import Left, Live, countries_of
from hub.linkage.tables import CLUSTER_IDS, ClusterRow, ClusterTag, LinkedReport
from hub.reports.bulk import among, copy_rows
from hub.storage.envelopes import Envelopes

_MOVE_TAGS = text(
    "INSERT INTO cluster_tags (tag, cluster, kind)"
    " SELECT tag, :new, kind FROM cluster_tags WHERE cluster = :old ON CONFLICT DO NOTHING"
)


async def forget(db: AsyncSession, left: Sequence[Left]) -> None:
    """Take reports out of their clusters. The clusters are to be dissolved next."""
    if left:
        await db.execute(delete(LinkedReport).where(among(LinkedReport.report, [row.number for row in left])))


async def write(
    db: AsyncSession,
    envelopes: Envelopes,
    board: Board,
    staying: Sequence[Live],
    arrived: Sequence[Live],
    dissolved: Collection[int],
) -> None:
    """Write a board after all placing: clusters, who is in which, which tags lead where."""
    unnamed = sorted((at for at in board.changed if at < 0), reverse=True)
    real = dict(zip(unnamed, await _draw_ids(db, len(unnamed)), strict=True))

    def id_of(cluster: int) -> int:
        return real.get(cluster, cluster)

    await _write_clusters(db, envelopes, board, real)
    if dissolved:
        await db.execute(delete(ClusterTag).where(among(ClusterTag.cluster, dissolved)))
    merged = {old: id_of(board.alive(old)) for old in board.merged if old > 0}
    for old, new in merged.items():
        await _move(db, old, new)
    await _move_reports(db, [(report, id_of(board.home(report.sighting.place))) for report in staying])
    await copy_rows(
        db,
        LinkedReport,
        (
            (
                report.number,
                report.sighting.place,
                id_of(board.home(report.sighting.place)),
                report.sighting.group,
                report.sector.value,
                report.week,
                report.confidence.value,
            )
            for report in arrived
        ),
    )
    await _write_tags(db, board, real)
    emptied: dict[int, int | None] = dict.fromkeys(dissolved)
    emptied |= {old: id_of(new) for old, new in _where_most_went(board, staying).items()}
    await _empty(db, emptied | merged)


async def _draw_ids(db: AsyncSession, count: int) -> list[int]:
    drawn = select(func.nextval(CLUSTER_IDS.name)).select_from(func.generate_series(1, count))
    return list(await db.scalars(drawn))


async def _write_clusters(
    db: AsyncSession, envelopes: Envelopes, board: Board, real: Mapping[int, int]
) -> None:
    rows = []
    for at in sorted(board.changed):
        cluster, number = board.clusters[at], real.get(at, at)
        countries = " ".join(sorted(cluster.countries)).encode()
        rows.append(
            {
                "id": number,
                "size": cluster.size,
                "founder": cluster.founder,
                "groups": sorted(cluster.groups),
                "kinds": sorted(cluster.kinds),
                "countries": envelopes.seal(countries_of(number), countries),
                "merged_into": None,
                "changed": True,
            }
        )
    statement = insert(ClusterRow)
    new = {column.name: column for column in statement.excluded if column.name != "id"}
    if rows:
        await db.execute(statement.on_conflict_do_update(index_elements=["id"], set_=new), rows)


async def _move(db: AsyncSession, old: int, new: int) -> None:
    """Everything of a cluster that was merged into another."""
    merged = {"old": old, "new": new}
    await db.execute(text("UPDATE linked_reports SET cluster = :new WHERE cluster = :old"), merged)
    await db.execute(_MOVE_TAGS, merged)
    await db.execute(text("DELETE FROM cluster_tags WHERE cluster = :old"), merged)


async def _move_reports(db: AsyncSession, reports: Sequence[tuple[Live, int]]) -> None:
    if reports:
        await db.execute(
            text(
                "UPDATE linked_reports SET cluster = moved.cluster"
                " FROM unnest(CAST(:numbers AS bigint[]), CAST(:clusters AS bigint[])) AS moved (report, cluster)"
                " WHERE linked_reports.report = moved.report"
            ),
            {"numbers": [live.number for live, _ in reports], "clusters": [to for _, to in reports]},
        )


async def _write_tags(db: AsyncSession, board: Board, real: Mapping[int, int]) -> None:
    rows = [
        (tag, real.get(at, at), kind.value)
        for at, carried in board.tags.items()
        for kind, tag in sorted(carried)
    ]
    if rows:
        tags, clusters, kinds = map(list, zip(*rows, strict=True))
        await db.execute(
            text(
                "INSERT INTO cluster_tags (tag, cluster, kind) SELECT * FROM"
                " unnest(CAST(:tags AS bytea[]), CAST(:clusters AS bigint[]), CAST(:kinds AS text[]))"
                " ON CONFLICT DO NOTHING"
            ),
            {"tags": tags, "clusters": clusters, "kinds": kinds},
        )


def _where_most_went(board: Board, staying: Sequence[Live]) -> dict[int, int]:
    """For each dissolved cluster with reports left, the board's id of the cluster that has most of them."""
    shares: dict[int, Counter[int]] = defaultdict(Counter)
    for report in staying:
        if report.cluster is not None:
            shares[report.cluster][board.home(report.sighting.place)] += 1
    return {
        old: min(counts, key=lambda new: (-counts[new], board.clusters[new].founder))
        for old, counts in shares.items()
    }


async def _empty(db: AsyncSession, heir_by_cluster: Mapping[int, int | None]) -> None:
    """Leave a word at clusters that are no more: who has their reports now, if anyone."""
    if heir_by_cluster:
        await db.execute(
            text(
                "UPDATE clusters SET size = 0, groups = '{}', kinds = '{}', changed = true, merged_into = gone.heir"
                " FROM unnest(CAST(:ids AS bigint[]), CAST(:heirs AS bigint[])) AS gone (id, heir)"
                " WHERE clusters.id = gone.id"
            ),
            {"ids": list(heir_by_cluster), "heirs": list(heir_by_cluster.values())},
        )
