"""What bulletins need of releases: their digest, and the bands of their cells. Nothing else of them is quoted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class ReleasedCell:
    """A published cell: how many, and by how many groups, in bands."""

    count: str
    groups: str


@dataclass(frozen=True, slots=True)
class ReleasedTable:
    """A release as bulletins may quote it. `cells` by the cell's key, such as "family=FAM-VAC|quarter=2026-Q2"."""

    id: str
    digest: bytes
    cells: Mapping[str, ReleasedCell]


class Releases(Protocol):
    """Where releases are found."""

    async def find(self, db: AsyncSession, release: str) -> ReleasedTable | None:
        """The release of that id that is in force, or None."""
        ...
