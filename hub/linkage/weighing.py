"""Keep count of contacts, and find out which have become common or are so no longer."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.kinds import Kind
from cairn_protocol.tags import Tag
from hub.linkage.common_values import CONTACTS, MOST_PARTIES, TELLING, WEIGHED, Beside, Verdict, beside, judge
from hub.linkage.cuts import learned
from hub.linkage.loading import Left, Live
from hub.linkage.tables import ValueRuling
from hub.reports.bulk import among

_COUNT = text(
    "INSERT INTO contact_tags (tag, seen, common, unclear)"
    " SELECT tag, seen, false, false FROM unnest(CAST(:tags AS bytea[]), CAST(:counts AS int[])) AS come (tag, seen)"
    " ON CONFLICT (tag) DO UPDATE SET seen = contact_tags.seen + excluded.seen"
    " RETURNING tag, seen, common, unclear"
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
    weighed: list[Tag] = []
    before: dict[Tag, Verdict] = {}
    for tag, seen, common, unclear in counted:
        before[tag] = Verdict.UNCLEAR if unclear else Verdict.COMMON if common else Verdict.OWN
        # The verdict is over the oldest reports: later ones can't turn it, and too few can't be common.
        decided_before = seen - come[tag] >= WEIGHED and not gone[tag]
        if not decided_before and (common or seen > MOST_PARTIES):
            weighed.append(tag)
    found = await _beside(db, weighed, arrived)
    said = await ruled(db, weighed)
    verdicts = {tag: said.get(tag) or judge(found[tag]) for tag in weighed}
    return await settle(db, {tag: now for tag, now in verdicts.items() if now is not before[tag]}, before)


async def ruled(db: AsyncSession, tags: Collection[Tag]) -> dict[Tag, Verdict]:
    """What the operator or a reviewer found these contacts to be; the reviewer has the last word."""
    rulings = await db.execute(
        select(ValueRuling.tag, ValueRuling.common).where(among(ValueRuling.tag, tags))
    )
    said = {Tag(tag): Verdict.COMMON if common else Verdict.OWN for tag, common in rulings}
    return said | dict.fromkeys(await learned(db, tags), Verdict.COMMON)


async def settle(
    db: AsyncSession, verdicts: Mapping[Tag, Verdict], before: Mapping[Tag, Verdict]
) -> set[Tag]:
    """Write verdicts down; the tags that link now and did not, or the other way round."""
    if verdicts:
        await db.execute(
            text(
                "UPDATE contact_tags SET common = told.common, unclear = told.unclear"
                " FROM unnest(CAST(:tags AS bytea[]), CAST(:common AS bool[]), CAST(:unclear AS bool[]))"
                " AS told (tag, common, unclear) WHERE contact_tags.tag = told.tag"
            ),
            {
                "tags": list(verdicts),
                "common": [verdict is not Verdict.OWN for verdict in verdicts.values()],
                "unclear": [verdict is Verdict.UNCLEAR for verdict in verdicts.values()],
            },
        )
    return {tag for tag, now in verdicts.items() if (now is Verdict.OWN) != (before[tag] is Verdict.OWN)}


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
