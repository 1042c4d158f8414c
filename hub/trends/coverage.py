"""T14, coverage honesty: how many groups could have seen it. Counted from the roster, told in bands.

What few firms can see is no evidence that it does not happen; a family that fewer than five groups deal in is told
as "fewer than 5", as any other cell.
"""

from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.codes import items
from cairn_protocol.coverage import coverage, families_by_group
from cairn_protocol.messages.index import band as groups_band
from cairn_protocol.messages.parties import Role, Sector
from hub.disclosure.policy import DEFAULT
from hub.services import Services
from hub.trends.snapshots import newest_row

FEW: Final = f"fewer than {DEFAULT.min_groups}"


async def cover(db: AsyncSession, services: Services, now: int) -> list[dict[str, Any]]:
    """A cell for each sector and each family: how many groups of it take part, how many deal in it."""
    roster = await services.roster.current(db)
    declared = families_by_group(roster, now)
    by_sector = {
        sector: len({entry.group for entry in roster.in_force(Role.MEMBER, now) if entry.sector is sector})
        for sector in Sector
    }
    snapshot = await newest_row(db)
    cells = [_cell("all=ALL", len(declared))]
    if snapshot is not None:
        cells.append(_cell("counted-in=snapshot", len(snapshot.groups)))
    cells += [_cell(f"sector={sector.value}", groups) for sector, groups in by_sector.items()]
    cells += [
        _cell(f"family={family}", coverage({family}, declared)) for family in sorted(items().family_codes)
    ]
    return cells


def band_of(groups: int) -> str:
    """A number of groups as it is told."""
    return groups_band(groups) if groups >= DEFAULT.min_groups else FEW


def _cell(key: str, groups: int) -> dict[str, Any]:
    told = groups >= DEFAULT.min_groups
    return {
        "cell": key,
        "verdict": "publish" if told else "suppress",
        "rule": None if told else "P1",
        "band": None,
        "groups": groups_band(groups) if told else None,
    }
