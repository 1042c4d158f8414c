"""Questions as Ibis expressions: which events are in which cell. They name no engine; DuckDB runs them here.

Every expression gives rows (strip, row, column, group, event): the event, of that group, is in the cell at that row
and column of the strip. A strip is a table with totals of its own. Keys of rows and columns are
written "axis=value|axis=value", as releases and bulletins quote them.
Not here: what may be said of a cell (`disclosing`), what is computed from cells (`statistics`).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cairn_protocol.codes import UNKNOWN, items
from cairn_protocol.codes.m49 import subregion_of
from cairn_protocol.messages.trends import Axis, Query, Step, TrendQuestion
from hub.trends.rows import NONE, periods_of

Place = tuple[str, str, str]  # strip, row, column
Numbers = NDArray[np.int64]

CLOSED: Final = (
    "DECLINED", "REFERRED", "LICENCE_REFUSED", "CLEARED", "WITHDRAWN", "LOST_CONTACT", "SHIPPED_UNDER_LICENCE",
)  # fmt: skip
WINDOW_WEEKS: Final = 8
ALL_KEY: Final = "all=ALL"  # of what is not told apart


@dataclass(frozen=True, slots=True)
class ControlEvent:
    """A public control event: from the week after it, `items` to `destinations` are compared with `controls`."""

    id: str
    title: str
    week: str
    items: tuple[str, ...]
    destinations: tuple[str, ...]
    controls: tuple[str, ...]


def events_in(table: pa.Table) -> ir.Table:
    """The snapshot's events: of each event the one row that stands for it."""
    rows = ibis.memtable(table)
    return rows.filter(rows.counted)


def trends(events: ir.Table, by: Sequence[Axis], step: Step, since: str, before: str) -> ir.Table:
    """Counts by axes, in a column for each week, month or quarter that is over. Periods compare as text.

    since, before  the first period that is in it, and the first that is not
    """
    period = events[step.value]
    chosen = events.filter((period >= since) & (period < before))
    row = _key(chosen, [axis.value for axis in by]) if by else ibis.literal(ALL_KEY)
    column = ibis.literal(f"{step.value}=") + chosen[step.value]
    return _cells(chosen, ibis.literal(""), row, column)


def corridors(events: ir.Table, by: Sequence[Axis], months: Collection[str]) -> ir.Table:
    """Counts by origin and first place of transit, in a column for each destination; by family in strips of its own."""
    known = (events.origin != UNKNOWN) & (events.destination != UNKNOWN)
    chosen = events.filter(events.month.isin(list(months)) & known)
    strip = _key(chosen, [axis.value for axis in by]) if by else ibis.literal("")
    return _cells(chosen, strip, _key(chosen, ["origin", "via"]), _key(chosen, ["destination"]))


def clearance(events: ir.Table, by: Axis, months: Collection[str]) -> ir.Table:
    """Closed events, cleared or not, in a strip for each flag or family."""
    chosen = events.filter(events.month.isin(list(months)) & events.outcome.isin(CLOSED))
    if by is Axis.FLAG:
        chosen = chosen.mutate(flag=chosen.flags.unnest())
    cleared = ibis.ifelse(chosen.outcome == "CLEARED", "outcome=cleared", "outcome=other")
    row = _key(chosen, [by.value])
    return _cells(chosen, row, row, cleared)


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder that a surge is counted at: whose values, on which axes."""

    name: str
    item_axis: Axis
    items: frozenset[str]
    place_axis: Axis
    destinations: frozenset[str]
    controls: frozenset[str]


def rungs(event: ControlEvent) -> list[Rung]:
    """Item and country, then family and country, then tier and subregion."""
    listed = [items().by_number[number] for number in event.items if number in items().by_number]
    families = frozenset(item.family for item in listed)
    tiers = frozenset(item.chpl_tier or NONE for item in listed) - {NONE}
    countries = frozenset(event.destinations), frozenset(event.controls)
    regions = tuple(frozenset(map(subregion_of, each)) for each in countries)
    ladder = [
        Rung("item-by-country", Axis.ITEM, frozenset(event.items), Axis.DESTINATION, *countries),
        Rung("family-by-country", Axis.FAMILY, families, Axis.DESTINATION, *countries),
    ]
    if tiers and not regions[0] & regions[1]:
        ladder.append(Rung("tier-by-region", Axis.TIER, tiers, Axis.REGION, *regions))
    return ladder


def surge(events: ir.Table, event: ControlEvent, rung: Rung) -> ir.Table:
    """The four counts of a surge: where goods are moved on and where not, eight weeks after and a year before."""
    after, before = windows(event.week)
    item, place = events[rung.item_axis.value], events[rung.place_axis.value]
    places = rung.destinations | rung.controls
    chosen = events.filter(
        item.isin(sorted(rung.items)) & place.isin(sorted(places)) & events.week.isin([*after, *before])
    )
    moved = chosen[rung.place_axis.value].isin(sorted(rung.destinations))
    row = ibis.ifelse(moved, "set=transshipment", "set=control")
    column = ibis.ifelse(chosen.week.isin(list(after)), "window=after", "window=before")
    return _cells(chosen, ibis.literal(f"rung={rung.name}"), row, column)


def windows(week: str) -> tuple[list[str], list[str]]:
    """The eight ISO weeks after that week, and those 52 weeks before."""
    year, number = int(week[:4]), int(week[6:])
    monday = dt.date.fromisocalendar(year, number, 1)
    mondays = [monday + dt.timedelta(weeks=at) for at in range(1, WINDOW_WEEKS + 1)]
    return [_week(day) for day in mondays], [_week(day - dt.timedelta(weeks=52)) for day in mondays]


def public_tiers(events: ir.Table, quarter: str) -> ir.Table:
    """What the public gets: a quarter's events by tier. Only of firms that let governments have aggregates."""
    chosen = events.filter((events.quarter == quarter) & events.public)
    column = ibis.literal("quarter=") + chosen.quarter
    return _cells(chosen, ibis.literal(""), _key(chosen, ["tier"]), column)


def cells_of(events: ir.Table, question: TrendQuestion, month: dt.date, made_on: dt.date) -> ir.Table:
    """The cells that a question about trends, corridors or clearance is about, of a snapshot of that month and day."""
    if question.query is Query.TRENDS:
        step = question.step or Step.MONTH
        return trends(events, question.by, step, *spans(step, month, made_on))
    months = months_of(question.period or "year", month)
    if question.query is Query.CORRIDORS:
        return corridors(events, question.by, months)
    (axis,) = question.by or (Axis.FLAG,)
    return clearance(events, axis, months)


def active_groups(events: ir.Table, step: Step) -> ir.Table:
    """For each group the first period it reported in: exposure grows as firms join."""
    first = events.group_by("group").agg(first=events[step.value].min())
    return first.group_by("first").agg(groups=first.count())


class Engine:
    """Runs expressions over tables in memory. One for a question; close it after."""

    def __init__(self) -> None:
        self._backend: Any = ibis.duckdb.connect()

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self._backend.disconnect()

    def counted(self, cells: ir.Table) -> pa.Table:
        """How many events each group has in each cell, as columns."""
        counts = cells.group_by(["strip", "row", "column", "group"]).agg(events=cells.event.nunique())
        return self._backend.to_pyarrow(counts)

    def contributions(self, cells: ir.Table) -> dict[Place, dict[str, int]]:
        """The same by cell and group."""
        found: defaultdict[Place, dict[str, int]] = defaultdict(dict)
        for told in self.counted(cells).to_pylist():
            found[told["strip"], told["row"], told["column"]][told["group"]] = told["events"]
        return dict(found)

    def members(self, cells: ir.Table) -> pa.Table:
        """Which event is in which cell, each pair once."""
        told: pa.Table = self._backend.to_pyarrow(cells.select("strip", "row", "column", "event").distinct())
        return told

    def events(self, cells: ir.Table, places: Collection[Place]) -> dict[Place, Numbers]:
        """The numbers of the events in these cells."""
        if not places:
            return {}
        asked = ibis.memtable(
            pa.table(dict(zip(("strip", "row", "column"), map(list, zip(*places, strict=True)), strict=True)))
        )
        told = self.members(cells.semi_join(asked, ["strip", "row", "column"]))
        numbers: defaultdict[Place, list[int]] = defaultdict(list)
        columns = [told[name].to_pylist() for name in ("strip", "row", "column", "event")]
        for strip, row, column, event in zip(*columns, strict=True):
            numbers[strip, row, column].append(event)
        return {place: np.unique(np.asarray(each, dtype=np.int64)) for place, each in numbers.items()}

    def counts(self, expression: ir.Table) -> Mapping[str, int]:
        """A table of two columns as a mapping."""
        told: pa.Table = self._backend.to_pyarrow(expression)
        return dict(zip(*(column.to_pylist() for column in told.columns), strict=True))


def _cells(chosen: ir.Table, strip: Any, row: Any, column: Any) -> ir.Table:
    return chosen.select(strip=strip, row=row, column=column, group=chosen["group"], event=chosen["event"])


def _key(table: ir.Table, axes: Sequence[str]) -> Any:
    parts = [ibis.literal(f"{axis}=") + table[axis] for axis in axes]
    return reduce(lambda left, right: left + "|" + right, parts)


def _week(day: dt.date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def month_before(month: dt.date, months: int) -> str:
    """The month so many before one, as "2026-05"."""
    at = 12 * month.year + month.month - 1 - months
    return f"{at // 12}-{at % 12 + 1:02d}"


def months_of(period: str, month: dt.date) -> list[str]:
    """The months of a quarter, or the twelve before the snapshot's month."""
    if period == "year":
        return [month_before(month, back) for back in range(12, 0, -1)]
    year, quarter = period.split("-Q")
    return [f"{year}-{3 * int(quarter) - 2 + at:02d}" for at in range(3)]


def spans(step: Step, month: dt.date, made_on: dt.date) -> tuple[str, str]:
    """The first period of a trend, and the first after its last: 26 weeks, 13 months or 9 quarters that are over."""
    if step is Step.WEEK:
        this_week = made_on - dt.timedelta(days=made_on.weekday())
        return _week(this_week - dt.timedelta(weeks=26)), _week(this_week)
    if step is Step.MONTH:
        return month_before(month, 13), f"{month:%Y-%m}"
    this_quarter = periods_of(_week(month + dt.timedelta(days=7)))[2]
    year, quarter = this_quarter.split("-Q")
    at = 4 * int(year) + int(quarter) - 1 - 9
    return f"{at // 4}-Q{at % 4 + 1}", this_quarter


def periods_between(step: Step, since: str, before: str) -> list[str]:
    """The periods from the first to the one before the last, as the snapshot names them."""
    found = []
    if step is Step.WEEK:
        day = dt.date.fromisocalendar(int(since[:4]), int(since[6:]), 1)
        while _week(day) < before:
            found.append(_week(day))
            day += dt.timedelta(weeks=1)
        return found
    if step is Step.MONTH:
        at = 12 * int(since[:4]) + int(since[5:]) - 1
        end = 12 * int(before[:4]) + int(before[5:]) - 1
        return [f"{month // 12}-{month % 12 + 1:02d}" for month in range(at, end)]
    at, end = (4 * int(told[:4]) + int(told[6:]) - 1 for told in (since, before))
    return [f"{quarter // 4}-Q{quarter % 4 + 1}" for quarter in range(at, end)]
