"""Keep count of contacts, and find out which have become common or are so no longer."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.kinds import Kind
from cairn_protocol.tags import Tag
from hub.linkage.common_values import CONTACTS, MOST_PARTIES, TELLING, WEIGHED, Beside, Verdict, beside, judge
from hub.linkage.cuts import learned
from hub.linkage.loading import Left, Live

_COUNT = text(
    "INSERT INTO contact_tags (tag, seen, common)"
    " SELECT tag, seen, false FROM unnest(CAST(:tags AS bytea[]), CAST(:counts AS int[])) AS come (tag, seen)"
    " ON CONFLICT (tag) DO UPDATE SET seen = contact_tags.seen + excluded.seen"
    " RETURNING tag, seen, common"
)

# The oldest linked reports of each contact, by the index from contact to report, and their other tags. What
# waits to be linked is never read, be it a great deal; and the limits keep the planner to the indexes, whatever
# it knows of tables that grew a moment ago.
_BESIDE = text(
    "SELECT asked.tag AS contact, oldest.place, oldest.member_group, other.kind, other.tag"
    " FROM unnest(CAST(:tags AS bytea[])) AS asked (tag)"
    " CROSS JOIN LATERAL (SELECT holder.report, linked.place, linked.member_group FROM report_tags holder"
    "  CROSS JOIN LATERAL (SELECT place, member_group FROM linked_reports"
    "   WHERE report = holder.report LIMIT 1) AS linked"
    "  WHERE holder.tag = asked.tag AND holder.kind IN ('email', 'phone', 'domain')"
    "  AND holder.report <= (SELECT max(report) FROM linked_reports)"
    "  ORDER BY holder.report LIMIT :most) AS oldest"
    " CROSS JOIN LATERAL (SELECT kind, tag FROM report_tags"
    "  WHERE report = oldest.report AND kind = ANY(:kinds) LIMIT 64) AS other"
)


async def weigh(db: AsyncSession, arrived: Sequence[Live], left: Sequence[Left]) -> set[Tag]:
    """Count the contacts that came and went; return those of which the verdict turned.

    Reports in `left` have no row in linked_reports any more, those in `arrived` none yet.
    """
    come = Counter(tag for report in arrived for kind, tag in report.sighting.tags if kind in CONTACTS)
    gone = Counter(tag for report in left for tag in report.contacts)
    tags = sorted(come.keys() | gone.keys())
    if not tags:
        return set()
    counted = await db.execute(_COUNT, {"tags": tags, "counts": [come[tag] - gone[tag] for tag in tags]})
    weighed, common = [], set()
    for tag, seen, was_common in counted:
        if was_common:
            common.add(tag)
        # The verdict is over the oldest reports: later ones can't turn it, and too few can't be common.
        decided_before = seen - come[tag] >= WEIGHED and not gone[tag]
        if not decided_before and (was_common or seen > MOST_PARTIES):
            weighed.append(tag)
    found = await _beside(db, weighed, arrived)
    surely = await learned(db, weighed)
    turned = {
        Tag(tag)
        for tag in weighed
        if (tag in surely or judge(found[tag]) is not Verdict.OWN) != (tag in common)
    }
    if turned:
        await db.execute(
            text("UPDATE contact_tags SET common = NOT common WHERE tag = ANY(:tags)"), {"tags": list(turned)}
        )
    return turned


async def _beside(
    db: AsyncSession, contacts: Collection[Tag], arrived: Sequence[Live]
) -> dict[Tag, list[Beside]]:
    """What stands beside each contact on every report that has it, the oldest report first."""
    if not contacts:
        return {}
    pairs: dict[Tag, dict[tuple[int, str], list[tuple[Kind, Tag]]]] = defaultdict(lambda: defaultdict(list))
    kinds = [kind.value for kind in TELLING]
    for contact, place, group, kind, tag in await db.execute(
        _BESIDE, {"tags": list(contacts), "kinds": kinds, "most": WEIGHED}
    ):
        pairs[contact][place, group].append((Kind(kind), Tag(tag)))
    asked = set(contacts)
    for sighting in (report.sighting for report in arrived):
        for contact in asked.intersection(tag for kind, tag in sighting.tags if kind in CONTACTS):
            pairs[contact][sighting.place, sighting.group] += sighting.tags
    return {
        contact: [
            beside(contact, group, told)
            for (_, group), told in sorted(reports.items(), key=lambda report: report[0])
        ]
        for contact, reports in pairs.items()
    }
