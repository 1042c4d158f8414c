"""A table with totals: which further cells must be blank so that the totals give no blank away.

Rows, columns and totals are a network: every figure lies in two sums, its row's and its column's, as
an edge between two nodes. What is blank can be computed exactly where its edge is a bridge of
the blank edges. So every blank that hides a count is put on a cycle of blanks that hide
counts: along it all can go one up or one down, and stay 0 or more, without a published figure changing.
A blank that hides a zero gets such a way round, too.

Promises: from what is published, with the knowledge that no count is negative, no blank follows.
It may be narrowed down: protection is against exact disclosure. A line that nobody contributed
to is no part of the table.
Source: Gusfield, SIAM J. Comput. 17 (1988); Cox, JASA 75 (1980).
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, product
from typing import Final

from hub.disclosure.policy import DEFAULT, Policy
from hub.disclosure.rules import SUPPRESSED, Rule, Verdict, disclose

TOTAL: Final = "ALL"  # the name of the row, or column, of sums

Place = tuple[str, str]  # row, column
_Node = tuple[str, str]  # "row" or "column", name
_CANDIDATES: Final = 8
_TOTALS_COST: Final = 1_000_000  # a blank total takes more from the reader than any blank cell


def protect(cells: Mapping[Place, Mapping[str, int]], policy: Policy = DEFAULT) -> dict[Place, Verdict]:
    """A verdict for every cell of a table and for its totals, at (row, TOTAL), (TOTAL, column), (TOTAL, TOTAL).

    cells  contributions by group; what is missing is 0

    Raises ValueError for a line called as the totals.
    """
    if any(TOTAL in place for place in cells):
        raise ValueError("a row or column with the name of the totals")
    counted_cells = {place: counted for place, counted in cells.items() if any(counted.values())}
    if not counted_cells:
        return {}
    groups = _with_totals(counted_cells)
    rows = sorted({row for row, _ in groups})
    columns = sorted({column for _, column in groups})
    verdicts = {
        place: disclose(list(groups.get(place, {}).values()), policy) for place in product(rows, columns)
    }
    network = _Network({place: sum(counted.values()) for place, counted in groups.items()})
    blank = [place for place, verdict in verdicts.items() if not verdict.published]
    for place in network.also_blank(blank):
        verdicts[place] = SUPPRESSED[Rule.MARGINS]
    return verdicts


def _with_totals(cells: Mapping[Place, Mapping[str, int]]) -> dict[Place, Mapping[str, int]]:
    totals: dict[Place, dict[str, int]] = {}
    for (row, column), counted in cells.items():
        for total in ((row, TOTAL), (TOTAL, column)):
            added = totals.setdefault(total, {})
            for group, count in counted.items():
                added[group] = added.get(group, 0) + count
    of_all: Counter[str] = Counter()
    for (_, column), counted in totals.items():
        if column == TOTAL:
            of_all.update(counted)
    return {**cells, **totals, (TOTAL, TOTAL): of_all}


class _Network:
    """The table's figures above 0 as edges between row and column nodes; blank ones cost nothing."""

    def __init__(self, counts: Mapping[Place, int]) -> None:
        self._counts = counts
        self._neighbours: defaultdict[_Node, list[_Node]] = defaultdict(list)
        for place in counts:
            row, column = _ends(place)
            self._neighbours[row].append(column)
            self._neighbours[column].append(row)
        # In the order of their making, so that the same table always has the same blanks.
        self._blank: dict[Place, None] = {}
        self._blank_neighbours: defaultdict[_Node, dict[_Node, None]] = defaultdict(dict)

    def also_blank(self, blank: Iterable[Place]) -> set[Place]:
        """What must be blank besides."""
        zeros = []
        for place in blank:
            if place in self._counts:
                self._make_blank(place)
            else:
                zeros.append(place)
        given = set(self._blank)
        for bridge in list(self._bridges()):
            row, column = _ends(bridge)
            if not self._connected(row, column, without=bridge):
                self._join(row, column, without=bridge)
        groups = _Groups()
        for place in self._blank:
            groups.join(*_ends(place))
        for place in zeros:
            row, column = _ends(place)
            if groups.of(row) != groups.of(column):
                for added in self._join(row, column, without=place):
                    groups.join(*_ends(added))
        return self._blank.keys() - given

    def _make_blank(self, place: Place) -> None:
        self._blank[place] = None
        row, column = _ends(place)
        self._blank_neighbours[row][column] = None
        self._blank_neighbours[column][row] = None

    def _join(self, row: _Node, column: _Node, *, without: Place) -> list[Place]:
        """Make the cheapest way from row to column blank. There always is one: sums flow in circles."""
        way = self._rectangle(row, column)
        if way is None or any(name == TOTAL for _, name in way[1:-1]):
            way = self._cheapest(row, column, without)  # a long way through cells is cheaper than totals
        places = [_place(*ends) for ends in pairwise(way)]
        for place in places:
            self._make_blank(place)
        return places

    def _cost(self, place: Place) -> int:
        if place in self._blank:
            return 0
        return self._counts[place] + (_TOTALS_COST if TOTAL in place else 0)

    def _rectangle(self, row: _Node, column: _Node) -> list[_Node] | None:
        """The cheapest way over one other row and one other column, among the cheapest few of each."""
        columns = self._cheapest_from(row, besides=column)
        rows = self._cheapest_from(column, besides=row)
        ways = [
            (cost + other_cost + self._cost(corner), [row, other_column, other_row, column])
            for (cost, other_column), (other_cost, other_row) in product(columns, rows)
            if (corner := _place(other_row, other_column)) in self._counts
        ]
        return min(ways)[1] if ways else None

    def _cheapest_from(self, node: _Node, *, besides: _Node) -> list[tuple[int, _Node]]:
        priced = ((self._cost(_place(node, far)), far) for far in self._neighbours[node] if far != besides)
        return heapq.nsmallest(_CANDIDATES, priced)

    def _cheapest(self, start: _Node, end: _Node, without: Place) -> list[_Node]:
        """The cheapest way of any length. Source: Dijkstra 1959."""
        reached: dict[_Node, _Node] = {}
        waiting = [(0, start, start)]
        while waiting:
            cost, node, before = heapq.heappop(waiting)
            if node in reached:
                continue
            reached[node] = before
            if node == end:
                break
            for far in self._neighbours[node]:
                place = _place(node, far)
                if far not in reached and place != without:
                    heapq.heappush(waiting, (cost + self._cost(place), far, node))
        way = [end]
        while way[-1] != start:
            way.append(reached[way[-1]])
        return way

    def _connected(self, start: _Node, end: _Node, *, without: Place) -> bool:
        """Whether a way of blanks leads there beside the one."""
        seen, waiting = {start}, [start]
        while waiting:
            node = waiting.pop()
            for far in self._blank_neighbours[node]:
                if far not in seen and _place(node, far) != without:
                    if far == end:
                        return True
                    seen.add(far)
                    waiting.append(far)
        return False

    def _bridges(self) -> Iterator[Place]:
        """The blank edges on no cycle of blank edges. Source: Tarjan 1974, without recursion."""
        number: dict[_Node, int] = {}
        lowest: dict[_Node, int] = {}
        for root in self._blank_neighbours:
            if root in number:
                continue
            number[root] = lowest[root] = len(number)
            path: list[tuple[_Node, _Node | None, Iterator[_Node]]] = [
                (root, None, iter(self._blank_neighbours[root]))
            ]
            while path:
                node, before, rest = path[-1]
                far = next(rest, None)
                if far is None:
                    path.pop()
                    if before is not None:
                        lowest[before] = min(lowest[before], lowest[node])
                        if lowest[node] > number[before]:
                            yield _place(before, node)
                elif far not in number:
                    number[far] = lowest[far] = len(number)
                    path.append((far, node, iter(self._blank_neighbours[far])))
                elif far != before:
                    lowest[node] = min(lowest[node], number[far])


class _Groups:
    """Which nodes hang together. Source: union-find with path halving."""

    def __init__(self) -> None:
        self._parents: dict[_Node, _Node] = {}

    def of(self, node: _Node) -> _Node:
        parents = self._parents
        while (parent := parents.setdefault(node, node)) != node:
            parents[node] = node = parents[parent]
        return node

    def join(self, a: _Node, b: _Node) -> None:
        self._parents[self.of(a)] = self.of(b)


def _ends(place: Place) -> tuple[_Node, _Node]:
    return ("row", place[0]), ("column", place[1])


def _place(a: _Node, b: _Node) -> Place:
    return (a[1], b[1]) if a[0] == "row" else (b[1], a[1])
