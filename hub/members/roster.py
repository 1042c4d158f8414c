"""The roster as this process knows it: the log's leaves, each applied once.

`current` is what counts now; `foreseen` adds acts that are promised and have no place yet,
for whoever is about to promise another.
"""

import copy
from collections.abc import Iterable

from sqlalchemy import ColumnElement, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import ProtocolError
from cairn_protocol.merkle import MAX_SIZE
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.roster import ACT_KINDS, Roster
from hub.errors import HubError
from hub.translog.tables import PromisedLeaf, TranslogLeaf

_KINDS = [kind.value for kind in ACT_KINDS]


class RosterDamaged(HubError):
    """The log's table holds an act that can't stand: somebody edited it."""

    slug = "internal"


class RosterHolder:
    """One for a process and its event loop. The rosters it gives are read, never applied to."""

    def __init__(self, genesis: Genesis) -> None:
        self._roster = Roster(genesis)
        self._applied = -1  # the last leaf index in `_roster`

    async def current(self, db: AsyncSession) -> Roster:
        """The roster after the newest leaf. It is the holder's own and goes on growing. Raises RosterDamaged."""
        leaves = select(TranslogLeaf.leaf_index, TranslogLeaf.content).where(*self._new())
        self._take_in(await db.execute(leaves.order_by(TranslogLeaf.leaf_index)))
        return self._roster

    async def foreseen(self, db: AsyncSession) -> Roster:
        """A copy of the roster with the acts that are promised, in the order their places will have.

        True until the transaction ends only if no other may promise an act meanwhile (`acts.take_turn`).
        """
        # One statement sees each act once, though the sequencer moves them from table to table.
        placed = select(TranslogLeaf.leaf_index, TranslogLeaf.content, literal(True)).where(*self._new())
        promised = select(PromisedLeaf.id, PromisedLeaf.content, literal(False)).where(
            PromisedLeaf.kind.in_(_KINDS)
        )
        rows = sorted((await db.execute(union_all(placed, promised))), key=lambda row: row[0])
        self._take_in((place, content) for place, content, is_placed in rows if is_placed)
        roster = copy.deepcopy(self._roster)
        for _, content, is_placed in rows:
            if not is_placed:
                _apply(roster, MAX_SIZE, content)
        return roster

    def _new(self) -> tuple[ColumnElement[bool], ...]:
        return TranslogLeaf.kind.in_(_KINDS), TranslogLeaf.leaf_index > self._applied

    def _take_in(self, leaves: Iterable[tuple[int, bytes | None]]) -> None:
        """Apply leaves in their order. Those another task applied while the database answered are passed over."""
        for place, content in leaves:
            if place > self._applied:
                _apply(self._roster, place, content)
                self._applied = place


def _apply(roster: Roster, leaf_index: int, content: bytes | None) -> None:
    try:
        roster.apply(leaf_index, content or b"")
    except ProtocolError as error:
        raise RosterDamaged(f"leaf {leaf_index} is no act that can stand: {error.detail}") from error
