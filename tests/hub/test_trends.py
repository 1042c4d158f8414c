"""The trend store: what goes into a snapshot, how it lies there, and what is computed from published counts."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.errors import BadMessage
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.parties import Sector
from cairn_protocol.messages.trends import Axis, Query, Step, TrendQuestion, check_question
from cairn_protocol.messages.wire import encode
from hub.disclosure.rules import disclose
from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.envelopes import Envelopes
from hub.trends import calendar, expressions
from hub.trends.answering import answer
from hub.trends.disclosing import judge_apart, without_empty_rest
from hub.trends.expressions import ControlEvent, Engine, events_in
from hub.trends.refusals import NoSnapshot, SnapshotDamaged, UnknownQuestion
from hub.trends.remembering import Memory
from hub.trends.rows import SCHEMA, digest_of_rows, digest_of_table, periods_of, table_of
from hub.trends.snapshots import counting, make, newest, path_of, read, write
from hub.trends.statistics import deviation, difference_in_differences, lift, rate_ratio
from tests.support.planted import Planted, plant
from tests.support.reports import exporters, firm
from tests.support.seated import Member, SeatedHub, seated

FIRMS = exporters(6)
TODAY = dt.date(2026, 11, 2)
KEY = b"k" * 32


def row(event: int, group: str, **told: object) -> tuple[object, ...]:
    """A row of a snapshot, as `rows.read_rows` makes them."""
    week = str(told.pop("week", "2026-W10"))
    whole: dict[str, object] = dict(
        event=event, cluster=event, group=group, sector="exporter", counted=True, public=True,
        **dict(zip(("week", "month", "quarter"), periods_of(week), strict=True)),
        stage="inquiry", channel="EMAIL", item="854231", family="FAM-IC", tier="1", regime="none", origin="DE",
        via="TR", destination="KZ", region="143", flags=["RF-ENU-01"], outcome="DECLINED",
    )  # fmt: skip
    whole |= told
    return tuple(whole[field.name] for field in SCHEMA)


def rows(by_group: Sequence[int], start: int = 0, **told: object) -> list[tuple[object, ...]]:
    groups = [f"g{at}" for at, count in enumerate(by_group) for _ in range(count)]
    return [row(start + at, group, **told) for at, group in enumerate(groups)]


# At rest


def test_a_snapshot_is_read_again_as_it_was_and_not_without_its_key(tmp_path: Path) -> None:
    made, path = rows([2, 3]), tmp_path / "snapshot-1.parquet"
    write(path, table_of(made), KEY)

    assert digest_of_table(read(path, KEY)) == digest_of_rows(made)
    assert b"854231" not in path.read_bytes() and b"FAM-IC" not in path.read_bytes()
    with pytest.raises(SnapshotDamaged):
        read(path, b"x" * 32)
    with pytest.raises((OSError, ValueError, pa.ArrowException)):
        pq.read_table(path)


def test_a_snapshot_with_one_byte_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "snapshot-1.parquet"
    write(path, table_of(rows([5, 5])), KEY)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)

    with pytest.raises(SnapshotDamaged):
        read(path, KEY)


# What is counted


@pytest.mark.anyio
class TestSnapshots:
    """Reports as they were filed and linked."""

    @pytest.fixture
    async def hub(
        self, settings: Settings, database_url: str, store: Store, envelopes: Envelopes
    ) -> SeatedHub:
        return seated(settings, database_url, store, envelopes)

    async def test_three_reporters_of_one_shipment_are_one_event_of_the_exporter(
        self, hub: SeatedHub
    ) -> None:
        seen = [
            firm("alder", 1), firm("ibis", 2, sector=Sector.LOGISTICS), firm("juniper", 3, sector=Sector.INSURER),
        ]  # fmt: skip
        await hub.seat(seen)
        for one in reversed(seen):
            report = one.report((Kind.NAME, "lantern bay"), (Kind.TRANSACTION, "HAWB 1"), week="2026-W10")
            assert (await Member(one, hub.app()).post("/v1/reports", encode(report))).status_code == 201
        await hub.link()
        await make(hub.services, TODAY)

        table = (await newest(hub.services))[0].table
        assert len(set(table["event"].to_pylist())) == 1
        assert table.filter(table["counted"])["group"].to_pylist() == ["g-alder"]

    async def test_a_week_that_is_not_over_and_a_firm_that_joins_later_wait(self, hub: SeatedHub) -> None:
        await hub.seat(FIRMS)
        await plant(hub, FIRMS, [Planted([1] * 6, ["2026-W10"]), Planted([1], ["2026-W40"])])
        first = await make(hub.services, dt.date(2026, 10, 4))
        assert first.events == 6

        newcomer = firm("newcomer", 60)
        joins = replace(newcomer, group="late")
        await hub.seat_more([joins])
        roster = await hub.services.store.read("roster", hub.services.roster.current)
        assert "late" in counting(roster, TODAY, None)
        # Seated without a date, it was there before the month; whoever is not, waits.
        assert "late" not in counting(roster, dt.date(1969, 12, 31), list(first.groups))

    async def test_the_file_is_where_only_the_hub_reads_it(self, hub: SeatedHub) -> None:
        await hub.seat(FIRMS)
        with pytest.raises(NoSnapshot):
            await answer(hub.services, TrendQuestion(query=Query.TRENDS, step=Step.MONTH))
        await make(hub.services, TODAY)
        assert path_of(hub.services, 1).parent.stat().st_mode & 0o077 == 0

    async def test_a_cell_in_which_one_group_changed_is_not_told_anew(self, hub: SeatedHub) -> None:
        await hub.seat(FIRMS)
        await plant(hub, FIRMS, [Planted([2] * 6, ["2026-W10"])])
        await make(hub.services, TODAY)
        question = TrendQuestion(query=Query.TRENDS, step=Step.QUARTER)
        assert _verdicts(await answer(hub.services, question)) == {("publish", None)}

        more = FIRMS[0].report((Kind.NAME, "another buyer"), inquiry="late", week="2026-W11")
        await Member(FIRMS[0], hub.app()).post("/v1/reports", encode(more))
        await hub.link()
        await make(hub.services, TODAY)
        assert ("suppress", "difference") in _verdicts(await answer(hub.services, question))

    async def test_a_surge_is_not_told_before_its_weeks_are_over(self, hub: SeatedHub) -> None:
        await hub.seat(FIRMS)
        event = ControlEvent("new", "New", "2026-W40", ("854231",), ("KZ",), ("MX",))

        async def put(db: Any) -> None:
            await calendar.put(db, event)

        await hub.services.store.transact("event", put)
        await make(hub.services, TODAY)
        with pytest.raises(UnknownQuestion):
            await answer(hub.services, TrendQuestion(query=Query.SURGE, event="new"))


def _verdicts(told: dict[str, Any]) -> set[tuple[str, str | None]]:
    last = [cell for cell in told["cells"] if cell["cell"] == "quarter=2026-Q1"]
    return {(cell["verdict"], cell["rule"]) for cell in last}


# What can be asked


@pytest.mark.parametrize(
    "question",
    [
        TrendQuestion(query=Query.TRENDS),
        TrendQuestion(query=Query.TRENDS, by=(Axis.ITEM,), step=Step.WEEK),
        TrendQuestion(query=Query.TRENDS, by=(Axis.SECTOR, Axis.FAMILY), step=Step.WEEK),
        TrendQuestion(query=Query.CORRIDORS),
        TrendQuestion(query=Query.SURGE),
        TrendQuestion(query=Query.COVERAGE, period="year"),
    ],
)
def test_nobody_makes_a_cut_of_its_own(question: TrendQuestion) -> None:
    with pytest.raises(BadMessage):
        check_question(question)


def test_an_event_with_several_flags_is_in_the_cell_of_each() -> None:
    told = rows([1, 1, 1], flags=["RF-ENU-01", "RF-LOG-01"])
    with Engine() as engine:
        counted = engine.contributions(
            expressions.clearance(events_in(table_of(told)), Axis.FLAG, ["2026-03"])
        )
    assert {place[0] for place in counted} == {"flag=RF-ENU-01", "flag=RF-LOG-01"}
    assert all(counts == {"g0": 1, "g1": 1, "g2": 1} for counts in counted.values())


def test_the_windows_of_a_surge_are_the_weeks_of_the_story() -> None:
    after, before = expressions.windows("2026-W05")
    assert after == [f"2026-W{week:02d}" for week in range(6, 14)]
    assert before == [f"2025-W{week:02d}" for week in range(6, 14)]


def test_a_line_in_which_everything_is_told_has_no_total() -> None:
    """Else its total would say that nobody reported the rest."""
    cells = {("", "a", "x"): {f"g{at}": 2 for at in range(6)}, ("", "b", "y"): {"g0": 1}}
    counts = {("", "a", "x"): 12, ("", "a", "ALL"): 12, ("", "ALL", "x"): 12, ("", "ALL", "ALL"): 13}
    told = without_empty_rest(
        judge_apart(cells), {**counts, ("", "b", "y"): 1, ("", "b", "ALL"): 1, ("", "ALL", "y"): 1}
    )

    assert told["", "a", "x"].published
    assert not told["", "a", "ALL"].published and not told["", "ALL", "x"].published


# Figures


def test_the_figures_of_the_story() -> None:
    assert round(rate_ratio(29, 10).value, 1) == 2.9
    assert round(difference_in_differences(29, 10, 12, 12).value, 1) == 2.9
    # By hand: log 2.9 +- 1.96 * sqrt(1/29 + 1/10).
    assert math.isclose(rate_ratio(29, 10).low, 2.9 / math.exp(1.959964 * math.sqrt(1 / 29 + 1 / 10)))


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_what_did_not_change_more_than_elsewhere_has_a_ratio_of_one(before: int, factor: int) -> None:
    told = difference_in_differences(before * factor, before, factor, 1)
    assert math.isclose(told.value, 1) and told.low < 1 < told.high


def test_lift_of_what_has_nothing_to_do_with_each_other_is_one() -> None:
    assert lift(6, 12, 50, 100) == 1.0


def test_a_deviation_is_counted_from_the_rate_of_the_groups_there_were() -> None:
    assert deviation(20, 10, [10, 10], 10) == 0.0
    assert deviation(40, 10, [10, 10, 10, 10], 20) == pytest.approx(20 / math.sqrt(20))


def test_what_nothing_tells_apart_is_judged_as_one() -> None:
    """Two questions over the same events are one: the second costs nothing and is never refused."""
    memory = Memory({at: f"g{at % 6}" for at in range(12)})
    events = np.arange(12, dtype=np.int64)

    first = memory.ask({("", "a", ""): events})
    again = memory.ask({("", "b", ""): events})

    assert list(first.values()) == list(again.values()) == [disclose([2] * 6)]
    assert len(memory.sums) == 1
