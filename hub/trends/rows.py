"""Rows of a snapshot: one for each live report, with the event and the group that it counts for.

A report that bears a caveat against it is left out: TLP:RED, counsel only, or an embargo that still holds. HEARSAY was
never linked and has no row. `counted` is true for one report of each event, the one that stands
for it; `public` unless its firm lets no government have anything of it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

import msgspec
import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol import kdf
from cairn_protocol.codes import items
from cairn_protocol.codes.m49 import subregion_of
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.open_codes import OpenCodes
from cairn_protocol.messages.parties import Sector
from cairn_protocol.messages.report import Caveat, GovRelease, Handling, Tlp
from cairn_protocol.tags import Tag
from hub.linkage.events import Seen, attempts_of, events_of
from hub.linkage.tables import LinkedReport
from hub.reports.secrets import open_open_part
from hub.reports.tables import ReportRow, ReportTag
from hub.storage.envelopes import Envelopes

NONE: Final = "none"  # where a code says that there is nothing: no tier, no place of transit

SCHEMA: Final = pa.schema(
    [
        ("event", pa.int64()),
        ("cluster", pa.int64()),
        ("group", pa.string()),
        ("sector", pa.string()),
        ("counted", pa.bool_()),
        ("public", pa.bool_()),
        ("week", pa.string()),
        ("month", pa.string()),
        ("quarter", pa.string()),
        ("stage", pa.string()),
        ("channel", pa.string()),
        ("item", pa.string()),
        ("family", pa.string()),
        ("tier", pa.string()),
        ("regime", pa.string()),
        ("origin", pa.string()),
        ("via", pa.string()),
        ("destination", pa.string()),
        ("region", pa.string()),
        ("flags", pa.list_(pa.string())),
        ("outcome", pa.string()),
    ]
)


class _Told(msgspec.Struct):
    member: str
    report_id: UUID
    handling: Handling
    consent: GovRelease


class _Signed(msgspec.Struct):
    """What is needed of a signed header. The rest is passed over unread."""

    header: _Told


async def read_rows(
    db: AsyncSession, envelopes: Envelopes, groups: Collection[str], before: dt.date
) -> list[tuple[object, ...]]:
    """The rows, in the order of events, as `SCHEMA` has the columns.

    groups  those that count
    before  the day the snapshot is made: only weeks that were over then are in it
    """
    linked = select(LinkedReport, ReportRow.open_part, ReportRow.signed_header).join(
        ReportRow, ReportRow.number == LinkedReport.report
    )
    found = [
        (row, open_open_part(envelopes, row.report, open_part).codes, header)
        for row, open_part, signed in await db.execute(linked.order_by(LinkedReport.place))
        if row.member_group in groups and first_day(row.week) + dt.timedelta(days=7) <= before
        if _may_be_counted((header := msgspec.json.decode(signed, type=_Signed).header).handling, before)
    ]
    transactions: defaultdict[int, set[Tag]] = defaultdict(set)
    tags = select(ReportTag.report, ReportTag.tag).where(ReportTag.kind == Kind.TRANSACTION.value)
    for number, tag in await db.execute(tags):
        transactions[number].add(Tag(tag))
    seen = [
        Seen(
            row.place,
            row.member_group,
            Sector(row.sector),
            frozenset(transactions[row.report]) | attempts_of(header.member, header.report_id, codes),
        )
        for row, codes, header in found
    ]
    standing = {place: event.place for event in events_of(seen) for place in event.places}
    rows = []
    for row, codes, header in found:
        rows.append(
            (
                standing[row.place],
                row.cluster,
                row.member_group,
                row.sector,
                standing[row.place] == row.place,
                header.consent is not GovRelease.NONE and Caveat.NO_GOV not in header.handling.caveats,
                *periods_of(row.week),
                *_codes(codes),
            )
        )
    return sorted(rows, key=lambda told: (told[0], not told[4], told[1:4]))


def table_of(rows: Sequence[tuple[object, ...]]) -> pa.Table:
    """The rows as columns."""
    columns = list(zip(*rows, strict=True)) or [()] * len(SCHEMA)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], SCHEMA
    )


def digest_of_rows(rows: Sequence[tuple[object, ...]]) -> bytes:
    """32 bytes that stand for the rows, however a file holds them."""
    return kdf.digest(kdf.Use.MESSAGE, *(msgspec.json.encode(row) for row in rows))


def digest_of_table(table: pa.Table) -> bytes:
    """The same of a table that was read again."""
    columns = [column.to_pylist() for column in table.select([field.name for field in SCHEMA]).columns]
    return digest_of_rows(list(zip(*columns, strict=True)))


def first_day(week: str) -> dt.date:
    """The Monday of an ISO week."""
    return dt.date.fromisocalendar(int(week[:4]), int(week[6:]), 1)


def periods_of(week: str) -> tuple[str, str, str]:
    """Week, month and quarter: a week belongs to where its Thursday lies, as its year does."""
    thursday = first_day(week) + dt.timedelta(days=3)
    return week, f"{thursday:%Y-%m}", f"{thursday.year}-Q{(thursday.month + 2) // 3}"


def _codes(codes: OpenCodes) -> tuple[object, ...]:
    number = codes.item_number
    item = items().by_number.get(number) if number else None
    return (
        codes.stage,
        codes.channel,
        number or codes.family,
        codes.family,
        (item.chpl_tier if item else None) or NONE,
        item.regimes[0] if item and item.regimes else NONE,
        codes.export_country,
        codes.via[0] if codes.via else NONE,
        codes.stated_destination,
        subregion_of(codes.stated_destination),
        list(codes.red_flags),
        codes.outcome,
    )


def _may_be_counted(handling: Handling, on: dt.date) -> bool:
    if handling.tlp is Tlp.RED or Caveat.COUNSEL_ONLY in handling.caveats:
        return False
    return handling.embargo_until is None or first_day(handling.embargo_until) <= on
