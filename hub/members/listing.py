"""Everybody the operator knows of: on the roster, revoked, waiting for approvals, or only invited."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.members.roster import RosterHolder
from hub.members.tables import InvitationRow


@dataclass(frozen=True, slots=True)
class Listed:
    """A party and where it stands.

    status  in-force, later (its entry is not yet), revoked, proposed, invited, expired
    """

    party: str
    role: str
    group: str | None
    sector: str | None
    status: str


async def everybody(db: AsyncSession, roster: RosterHolder, now: int) -> list[Listed]:
    """All parties, by name. `now` is in seconds since 1970."""
    known = await roster.current(db)
    listed = {}
    for party in known.parties():
        last = known.standings(party)[-1]
        entry = last.entry
        if last.revoked_at is not None:
            status = "revoked"
        else:
            status = "in-force" if entry.not_before <= now else "later"
        listed[party] = Listed(party, entry.role, entry.group, entry.sector, status)
    for row in (await db.scalars(select(InvitationRow))).all():
        if row.party not in listed:
            listed[row.party] = Listed(row.party, row.role, row.group, row.sector, _of(row))
    return [listed[party] for party in sorted(listed)]


def _of(row: InvitationRow) -> str:
    if row.act_id is not None:
        return "proposed"
    return "invited" if row.expires_at > datetime.now(UTC) else "expired"
