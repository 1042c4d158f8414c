"""The cells of published questions that may not be told: no answers may add up to one, asked for or not.

What can be asked is published, so whoever wants a cell need not ask for it: it can be put together from answers to
other questions. Surges are not among them: their counts are told all four or not at all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from cairn_protocol.messages.trends import QUERIES, Query, Step, TrendQuestion
from hub.disclosure.policy import DEFAULT, Policy
from hub.disclosure.rules import disclose
from hub.trends import expressions
from hub.trends.auditing import Places, Residues, added_up, share_out
from hub.trends.expressions import Engine
from hub.trends.snapshots import Snapshot

_LEVELS: Final = (("strip", "row", "column"), ("strip", "row"), ("strip", "column"), ("strip",))


@dataclass(frozen=True, slots=True)
class _Cells:
    """Some cells of one question: which event is in which. An event may be in several."""

    events: Places
    cell: Places
    cells: int


class Blanks:
    """The cells that may not be told, of every question a snapshot can be asked. Events by their place in order."""

    def __init__(self, now: Snapshot, groups: Mapping[int, str], policy: Policy = DEFAULT) -> None:
        """groups: the group of each event, by the event's number."""
        numbers = np.array(sorted(groups), dtype=np.int64)
        names = {name: at for at, name in enumerate(sorted(set(groups.values())))}
        group_of = np.array([names[groups[number]] for number in numbers.tolist()], dtype=np.int64)
        self._cells: list[_Cells] = []
        with Engine() as engine:
            events = expressions.events_in(now.table)
            for question in _every_question(now):
                cells = expressions.cells_of(events, question, now.month, now.made_on)
                found = engine.members(cells)
                at = np.searchsorted(numbers, found["event"].to_numpy())
                for level in _LEVELS:
                    self._take(at, _coded(found, level), group_of, len(names), policy)

    def _take(self, at: Places, cell: Places, group_of: Places, groups: int, policy: Policy) -> None:
        if not len(at):
            return
        pairs, counts = np.unique(cell * groups + group_of[at], return_counts=True)
        starts = np.flatnonzero(np.diff(pairs // groups, prepend=-1))
        blank = np.array(
            [
                len(each) < policy.min_groups or not disclose(each.tolist(), policy).published
                for each in np.split(counts, starts[1:])
            ]
        )
        chosen = blank[cell]
        _, coded = np.unique(cell[chosen], return_inverse=True)
        if len(coded):
            self._cells.append(_Cells(at[chosen], coded.reshape(-1), int(coded.max()) + 1))

    def following(self, unknowns: Residues, class_of: Places) -> Iterator[Places]:
        """The events of each cell that follows from answers which leave these numbers for classes open."""
        each = share_out(unknowns, class_of)
        for cells in self._cells:
            open_yet = np.zeros(cells.cells, dtype=bool)
            for numbers in each:
                open_yet |= added_up(numbers[cells.events], cells.cell, cells.cells) != 0
            for at in np.flatnonzero(~open_yet):
                yield cells.events[cells.cell == at]


def _every_question(now: Snapshot) -> Iterator[TrendQuestion]:
    """All that can be asked of a snapshot, but for surges."""
    for by in sorted(QUERIES[Query.TRENDS]):
        for step in Step:
            yield TrendQuestion(query=Query.TRENDS, by=by, step=step)
    quarters = sorted(set(now.table["quarter"].to_pylist()))
    for query in (Query.CORRIDORS, Query.CLEARANCE):
        for by in sorted(QUERIES[query]):
            for period in ("year", *quarters):
                yield TrendQuestion(query=query, by=by, period=period)


def _coded(found: pa.Table, columns: tuple[str, ...]) -> Places:
    """A number for each row, the same where these columns are."""
    coded = np.zeros(found.num_rows, dtype=np.int64)
    for column in columns:
        words = found[column].combine_chunks().dictionary_encode()
        if isinstance(words, pa.ChunkedArray):
            words = words.combine_chunks()
        coded = coded * max(1, len(words.dictionary)) + words.indices.to_numpy(zero_copy_only=False)
    return np.unique(coded, return_inverse=True)[1].reshape(-1)
