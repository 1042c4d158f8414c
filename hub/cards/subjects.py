"""What cards read: the reports of a cluster, and the card keys of their tags."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.agreement import DECIDING, EXACT
from cairn_protocol.codes import items
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.corrections import Said
from cairn_protocol.messages.open_codes import OpenCodes
from cairn_protocol.messages.parties import Sector
from cairn_protocol.messages.report import Confidence
from cairn_protocol.tags import CardKey, Tag
from hub.cards.insight import Told
from hub.cards.statements import statements_on
from hub.linkage.events import Seen, attempts_of
from hub.linkage.tables import LinkedReport
from hub.reports.bulk import among
from hub.reports.secrets import open_card_keys, open_open_part
from hub.reports.tables import ReportRow, ReportSecrets, ReportTag
from hub.storage.envelopes import Envelopes

# Where a tag's card key is: the report's number, and the tag's position in it.
Place = tuple[int, int]

# A transaction tag says nothing of a party, nor does an address alone: neither opens a card. An address that
# several names stand beside is a pattern (T3), until it is found to be common.
_OPENS_NONE: Final = (Kind.TRANSACTION, Kind.ADDRESS)
_READ: Final = [kind.value for kind in (*DECIDING, *_OPENS_NONE)]


@dataclass(slots=True)
class Subject:
    """A cluster: its reports, the oldest first, and for each tag that opens its card one place of its key.

    A fuzzy tag opens the card if two of its reports have it: filler never recurs, so the index is
    not mostly filler. Until then its place is in `seen_once`.
    """

    reports: list[Told] = field(default_factory=list)
    places: dict[Tag, Place] = field(default_factory=dict)
    seen_once: dict[Tag, Place] = field(default_factory=dict)


async def subjects_of(
    db: AsyncSession, envelopes: Envelopes, clusters: Collection[int], now: int
) -> Mapping[int, Subject]:
    """The subjects of these clusters, in the order of their ids.

    now  seconds since 1970: what was cleared long before counts no more
    """
    members = (
        select(LinkedReport, ReportRow.open_part, ReportRow.member_id, ReportRow.report_id)
        .join(ReportRow, ReportRow.number == LinkedReport.report)
        .where(among(LinkedReport.cluster, clusters))
        .order_by(LinkedReport.cluster, LinkedReport.place)
    )
    rows = (await db.execute(members)).all()
    numbers = [row.report for row, *_ in rows]
    tags = await _tags_of(db, numbers)
    said = await statements_on(db, numbers, now)
    subjects: dict[int, Subject] = defaultdict(Subject)
    for row, open_part, member, report_id in rows:
        subject, mine = subjects[row.cluster], tags.get(row.report, {})
        transactions = frozenset(tag for (kind, tag) in mine if kind is Kind.TRANSACTION)
        opening = {pair: place for pair, place in mine.items() if pair[0] not in _OPENS_NONE}
        codes = open_open_part(envelopes, row.report, open_part).codes
        subject.reports.append(
            Told(
                Seen(
                    row.place,
                    row.member_group,
                    Sector(row.sector),
                    transactions | attempts_of(member, report_id, codes),
                ),
                row.week,
                Confidence(row.confidence),
                codes.family,
                tuple(pair for pair in mine if pair[0] is not Kind.TRANSACTION),
                codes.stage,
                codes.outcome,
                programmes_of(codes),
                cleared=Said.CLEARED in said[row.report],
                disputed=Said.NOT_OURS in said[row.report],
            )
        )
        for (kind, tag), place in opening.items():
            if kind in EXACT or tag in subject.seen_once:
                subject.places.setdefault(tag, place)
            elif tag not in subject.places:
                subject.seen_once[tag] = place
    return subjects


def programmes_of(codes: OpenCodes) -> frozenset[str]:
    """The programmes that the item asked for may serve; none for one that is not listed."""
    item = items().by_number.get(codes.item_number or "")
    return frozenset(item.programme_tags) if item else frozenset()


async def card_keys_at(
    db: AsyncSession, envelopes: Envelopes, reports: Collection[int]
) -> Mapping[int, Sequence[CardKey]]:
    """The card keys of these reports, by number; each report's by position."""
    rows = select(ReportSecrets.report, ReportSecrets.secrets).where(among(ReportSecrets.report, reports))
    return {number: open_card_keys(envelopes, number, secrets) for number, secrets in await db.execute(rows)}


async def _tags_of(
    db: AsyncSession, reports: Sequence[int]
) -> Mapping[int, Mapping[tuple[Kind, Tag], Place]]:
    """What opens cards and collapses events, by report, less the common values."""
    rows = (
        select(ReportTag.report, ReportTag.position, ReportTag.kind, ReportTag.tag)
        .where(among(ReportTag.report, reports), among(ReportTag.kind, _READ))
        .order_by(ReportTag.report, ReportTag.position)
    )
    found = (await db.execute(rows)).all()
    common = set(
        await db.scalars(
            text("SELECT tag FROM contact_tags WHERE common AND tag = ANY(:tags)"),
            {"tags": list({row.tag for row in found})},
        )
    )
    tags: dict[int, dict[tuple[Kind, Tag], Place]] = defaultdict(dict)
    for report, position, kind, tag in found:
        if tag not in common:
            tags[report][Kind(kind), Tag(tag)] = (report, position)
    return tags
