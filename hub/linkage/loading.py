"""What linkage reads: reports that come, go and stay, and the clusters around them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.agreement import DECIDING
from cairn_protocol.codes import UNKNOWN
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.parties import Sector
from cairn_protocol.messages.report import Confidence, SignedHeader
from cairn_protocol.messages.wire import decode
from cairn_protocol.roster import Roster
from cairn_protocol.tags import Tag
from hub.linkage import cuts
from hub.linkage.clustering import Board, Cluster, Sighting
from hub.linkage.common_values import CONTACTS
from hub.linkage.tables import PLACES, ClusterRow, LinkedReport
from hub.reports.bulk import among
from hub.reports.secrets import open_open_part
from hub.reports.tables import ReportRow
from hub.storage.envelopes import Envelopes

# A tag in more clusters than this, of which none agreed with another, tells no more by one more.
_CLUSTERS_PER_TAG: Final = 50

_DECIDING: Final = [kind.value for kind in Kind if kind in DECIDING]

# One look into the index for each report, whatever the planner knows of a table that grew a moment ago: it
# takes no subquery apart that has a limit. A report has at most 64 keys.
_TAGS_OF: Final = text(
    "SELECT asked.report, key.kind, key.tag FROM unnest(CAST(:reports AS bigint[])) AS asked (report)"
    " CROSS JOIN LATERAL (SELECT kind, tag, position FROM report_tags WHERE report = asked.report"
    " AND kind = ANY(:kinds) LIMIT 64) AS key ORDER BY asked.report, key.position"
)


_BESIDE_CLUSTERS: Final = text(
    "SELECT DISTINCT other.cluster FROM cluster_tags mine JOIN cluster_tags other ON other.tag = mine.tag"
    " WHERE mine.cluster = ANY(:clusters)"
)


@dataclass(frozen=True, slots=True)
class Live:
    """A live report on its way into a cluster, or in one already.

    cluster  the id of the cluster it was last in; None for one that is new
    """

    number: int
    sighting: Sighting
    sector: Sector
    week: str
    confidence: Confidence
    cluster: int | None


@dataclass(frozen=True, slots=True)
class Left:
    """A linked report that was amended or taken back: its cluster, and the contacts it had."""

    number: int
    cluster: int
    contacts: tuple[Tag, ...]


class _Told(msgspec.Struct):
    week: str
    confidence: Confidence


class _Signed(msgspec.Struct):
    """What linkage needs of a signed header. The rest is passed over unread."""

    header: _Told


async def leaving(db: AsyncSession, numbers: Sequence[int]) -> list[Left]:
    """Those of these reports that are linked still."""
    if not numbers:
        return []
    linked = (
        select(ReportRow.number, LinkedReport.cluster, ReportRow.signed_header)
        .join(LinkedReport, LinkedReport.report == ReportRow.number)
        .where(among(ReportRow.number, numbers))
    )
    left = []
    for number, cluster, signed_header in await db.execute(linked):
        header = decode(signed_header, SignedHeader).header  # its tags are deleted, but follow from it
        contacts = [tag for key, tag in zip(header.keys, header.tags(), strict=True) if key.kind in CONTACTS]
        left.append(Left(number, cluster, tuple(contacts)))
    return left


async def arriving(
    db: AsyncSession, envelopes: Envelopes, roster: Roster, numbers: Sequence[int]
) -> list[Live]:
    """Those of these reports that are live, count and are not linked yet, each with its new place."""
    if not numbers:
        return []
    linked = set(await db.scalars(select(LinkedReport.report).where(among(LinkedReport.report, numbers))))
    tags = await _tags_of(db, [number for number in numbers if number not in linked])
    waiting = (
        select(ReportRow.number, ReportRow.member_id, ReportRow.signed_header, ReportRow.open_part)
        .where(among(ReportRow.number, tags))
        .order_by(ReportRow.number)
    )
    rows = [
        (number, member, msgspec.json.decode(signed_header, type=_Signed).header, open_part)
        for number, member, signed_header, open_part in await db.execute(waiting)
    ]
    rows = [row for row in rows if row[2].confidence is not Confidence.HEARSAY]
    places = list(
        await db.scalars(select(func.nextval(PLACES.name)).select_from(func.generate_series(1, len(rows))))
    )
    arrived = []
    for place, (number, member, told, open_part) in zip(places, rows, strict=True):
        entry = roster.standings(member)[-1].entry
        # Members have both, by the roster's own rules.
        assert entry.group is not None and entry.sector is not None
        country = _country(envelopes, number, open_part)
        sighting = Sighting(place, entry.group, country, tags[number])
        arrived.append(Live(number, sighting, entry.sector, told.week, told.confidence, None))
    return arrived


async def linked_in(db: AsyncSession, envelopes: Envelopes, clusters: Collection[int]) -> list[Live]:
    """The reports of these clusters, in the order of their places."""
    if not clusters:
        return []
    members = (
        select(LinkedReport, ReportRow.open_part)
        .join(ReportRow, ReportRow.number == LinkedReport.report)
        .where(among(LinkedReport.cluster, clusters))
        .order_by(LinkedReport.place)
    )
    rows = (await db.execute(members)).all()
    tags = await _tags_of(db, [row.report for row, _ in rows])
    return [
        Live(
            row.report,
            Sighting(
                row.place,
                row.member_group,
                _country(envelopes, row.report, open_part),
                tags.get(row.report, ()),
            ),
            Sector(row.sector),
            row.week,
            Confidence(row.confidence),
            row.cluster,
        )
        for row, open_part in rows
    ]


async def clusters_with(db: AsyncSession, contacts: Collection[Tag]) -> set[int]:
    """The clusters whose reports have one of these contacts."""
    if not contacts:
        return set()
    found = await db.scalars(
        text(
            "SELECT DISTINCT linked.cluster FROM report_tags t JOIN linked_reports linked USING (report)"
            " WHERE t.kind IN ('email', 'phone', 'domain') AND t.tag = ANY(:tags)"
        ),
        {"tags": list(contacts)},
    )
    return set(found)


async def neighbourhood(db: AsyncSession, clusters: Collection[int]) -> set[int]:
    """These clusters and all that share a tag with one of them, or with one of those, and so on.

    What is placed anew may agree with any of them, and with nobody else: so dissolving all of them gives what
    linking everything at once would give. They are few: a tag that many clusters share is held back.
    """
    found = set(clusters)
    edge = found
    while edge:
        beside = set(await db.scalars(_BESIDE_CLUSTERS, {"clusters": list(edge)}))
        edge = beside - found
        found |= edge
    return found


async def without_common(db: AsyncSession, reports: Collection[Live]) -> list[Sighting]:
    """The reports' sightings in the order of their places, with their sides of cuts, less common values' tags."""
    side = await cuts.sides(db, [report.number for report in reports])
    sightings = sorted(
        (
            replace(report.sighting, sides=side[report.number]) if report.number in side else report.sighting
            for report in reports
        ),
        key=lambda sighting: sighting.place,
    )
    contacts = {tag for sighting in sightings for kind, tag in sighting.tags if kind in CONTACTS}
    common = set(
        await db.scalars(
            text("SELECT tag FROM contact_tags WHERE common AND tag = ANY(:tags)"), {"tags": list(contacts)}
        )
    )
    if not common:
        return sightings
    return [
        replace(sighting, tags=tuple(pair for pair in sighting.tags if pair[1] not in common))
        for sighting in sightings
    ]


async def board_around(
    db: AsyncSession, envelopes: Envelopes, sightings: Sequence[Sighting], dissolved: Collection[int]
) -> Board:
    """The clusters that carry a tag of these sightings, as if the dissolved ones were not there."""
    tags = {tag for sighting in sightings for _, tag in sighting.tags}
    leads = await db.execute(
        text(
            "SELECT asked.tag, led.cluster FROM unnest(CAST(:tags AS bytea[])) AS asked (tag)"
            " CROSS JOIN LATERAL (SELECT cluster FROM cluster_tags c WHERE c.tag = asked.tag"
            " AND c.cluster <> ALL(CAST(:dissolved AS bigint[])) ORDER BY cluster LIMIT :most) AS led"
        ),
        {"tags": list(tags), "dissolved": list(dissolved), "most": _CLUSTERS_PER_TAG},
    )
    clusters_by_tag = [(Tag(tag), cluster) for tag, cluster in leads]
    rows = await db.scalars(
        select(ClusterRow).where(among(ClusterRow.id, {cluster for _, cluster in clusters_by_tag}))
    )
    clusters = [_cluster(envelopes, row) for row in rows]
    side = await cuts.sides_of_clusters(db, [cluster.id for cluster in clusters])
    for cluster in clusters:
        cluster.sides |= side.get(cluster.id, frozenset())
    return Board(clusters, clusters_by_tag)


def countries_of(cluster: int) -> bytes:
    """The place of a cluster's countries, for their envelope."""
    return b"clusters.countries/%d" % cluster


def _cluster(envelopes: Envelopes, row: ClusterRow) -> Cluster:
    countries = envelopes.open(countries_of(row.id), row.countries).decode().split()
    kinds = {Kind(kind) for kind in row.kinds}
    return Cluster(row.id, row.size, row.founder, set(row.groups), kinds, set(countries))


async def _tags_of(db: AsyncSession, numbers: Sequence[int]) -> dict[int, tuple[tuple[Kind, Tag], ...]]:
    """The tags that decide, by report. Those without tags were taken back or amended, and have no entry."""
    tags: dict[int, list[tuple[Kind, Tag]]] = defaultdict(list)
    for report, kind, tag in await db.execute(_TAGS_OF, {"reports": list(numbers), "kinds": _DECIDING}):
        tags[report].append((Kind(kind), Tag(tag)))
    return {report: tuple(pairs) for report, pairs in tags.items()}


def _country(envelopes: Envelopes, number: int, open_part: bytes) -> str | None:
    country = open_open_part(envelopes, number, open_part).codes.party_country
    return None if country == UNKNOWN else country
