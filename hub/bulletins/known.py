"""What the checks compare a draft with, as the database has it."""

import datetime as dt
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.bulletins import Draft, Figure, Origin
from cairn_protocol.messages.report import SignedHeader
from cairn_protocol.messages.wire import decode
from cairn_protocol.roster import Roster
from hub.bulletins.checks import Drawn, Known
from hub.bulletins.desk import Desk
from hub.bulletins.ports import ReleasedTable, Releases
from hub.bulletins.rows import draft_of
from hub.bulletins.tables import BulletinRow, IntelligenceRow
from hub.bulletins.workflow import Status
from hub.reports.tables import AsideRow, ReportRow, RetractionRow


async def known_of(db: AsyncSession, desk: Desk, draft: Draft) -> Known:
    """The reports, releases, earlier bulletins and pushes that a draft refers to."""
    roster = await desk.services.roster.current(db)
    drawn = [await _drawn(db, roster, one.reports) for one in draft.inputs]
    return Known(
        reports=drawn,
        missing=[len(one.reports) - len(found) for one, found in zip(draft.inputs, drawn, strict=True)],
        releases=await _tables(db, desk.releases, draft),
        quoted=await _quoted(db, draft.bulletin),
        pushed=frozenset(str(one) for one in await db.scalars(select(IntelligenceRow.id))),
    )


async def _drawn(db: AsyncSession, roster: Roster, reports: tuple[UUID, ...]) -> list[Drawn]:
    """The reports on file, each in its latest revision. Those taken back or set aside count as missing."""
    if not reports:
        return []
    taken_back = select(RetractionRow.report_id).where(RetractionRow.member_id == ReportRow.member_id)
    rows = await db.scalars(
        select(ReportRow)
        .where(
            ReportRow.report_id.in_(reports),
            ReportRow.report_id.not_in(taken_back),
            ReportRow.report_id.not_in(select(AsideRow.report_id)),
        )
        .order_by(ReportRow.member_id, ReportRow.report_id, ReportRow.revision)
    )
    latest = {(row.member_id, row.report_id): row for row in rows}
    return [_as_drawn(roster, decode(row.signed_header, SignedHeader)) for row in latest.values()]


def _as_drawn(roster: Roster, signed: SignedHeader) -> Drawn:
    header = signed.header
    standings = roster.standings(header.member)
    group = standings[-1].entry.group if standings else None
    return Drawn(
        member=header.member,
        group=group or header.member,
        tlp=header.handling.tlp,
        caveats=frozenset(header.handling.caveats),
        consent=header.consent,
        embargo_until=_begins(header.handling.embargo_until),
    )


def _begins(week: str | None) -> int:
    """The week's first second, in seconds since 1970; 0 without one."""
    if week is None:
        return 0
    day = dt.date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
    return int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp())


async def _tables(db: AsyncSession, releases: Releases, draft: Draft) -> dict[str, ReleasedTable]:
    named = {figure.release for edition in draft.editions for figure in edition.figures}
    named |= {one.reference for one in draft.inputs if one.origin is Origin.TREND}
    found = {name: await releases.find(db, name) for name in sorted(named)}
    return {name: table for name, table in found.items() if table is not None}


async def _quoted(db: AsyncSession, but: UUID) -> list[Figure]:
    rows = await db.scalars(
        select(BulletinRow).where(
            BulletinRow.status.in_([Status.RELEASED, Status.CORRECTED]), BulletinRow.bulletin != but
        )
    )
    return [
        figure
        for row in rows
        if row.draft is not None
        for edition in draft_of(row).editions
        for figure in edition.figures
    ]
