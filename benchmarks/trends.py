"""What encryption and disclosure control cost the trend tables, over a million made-up events.

    python -m benchmarks.trends [--events 1000000] [--rounds 5]

Prints JSON lines {"bench", "figure", "value", "unit"}. `duckdb_encrypted_over_plain` is the same question by the same
engine, once from the encrypted snapshot (opened anew each time: pyarrow decrypts, DuckDB counts), once by DuckDB
from the same columns in plain parquet; `first` reads every column, as the first question of a snapshot does.
`disclosure_10000_cells_s` judges a table of 10,000 cells with its totals. `question_10000_events_s` is the slowest of
some questions over so many random events, each judged with all that was told before; `first_question_s`
finds all the cells that may not be told besides.
"""

import argparse
import datetime as dt
import os
import random
import tempfile
from functools import partial
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measuring import in_turn, ratio, seconds, tell
from cairn_protocol.messages.trends import Axis, Query, Step, TrendQuestion
from hub.disclosure.margins import protect
from hub.trends import expressions
from hub.trends.answering import work
from hub.trends.blanks import Blanks
from hub.trends.expressions import Engine
from hub.trends.remembering import Memory
from hub.trends.rows import SCHEMA
from hub.trends.snapshots import Snapshot, read, write

BENCH = "trends"
# What the question is about.
NEEDED = ("counted", "event", "group", "month", "origin", "via", "destination")
MONTHS = [f"{year}-{month:02d}" for year in (2025, 2026) for month in range(1, 13)]


def made_up(events: int, seed: int = 7) -> pa.Table:
    """A snapshot's table: 300 groups, 150 destinations, two years."""
    rng = np.random.default_rng(seed)

    def pick(values: list[str]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(rng.integers(0, len(values), events), values).cast(pa.string())

    numbers = pa.array(np.arange(events))
    flags = pa.ListArray.from_arrays(np.arange(events + 1), pick([f"RF-ENU-{at:02d}" for at in range(40)]))
    columns = {
        "event": numbers,
        "cluster": numbers,
        "group": pick([f"group-{at}" for at in range(300)]),
        "sector": pick(["exporter", "logistics", "insurer"]),
        "counted": pa.array(np.ones(events, dtype=bool)),
        "public": pa.array(np.ones(events, dtype=bool)),
        "week": pick([f"2026-W{week:02d}" for week in range(1, 53)]),
        "month": pick(MONTHS),
        "quarter": pick([f"2026-Q{at}" for at in range(1, 5)]),
        "stage": pick(["inquiry", "order", "shipment"]),
        "channel": pick(["EMAIL", "PHONE", "WEBFORM"]),
        "item": pick([f"8542{at}" for at in range(10, 90)]),
        "family": pick([f"FAM-{at}" for at in range(23)]),
        "tier": pick(["1", "2", "3.A", "none"]),
        "regime": pick(["WA", "NSG", "none"]),
        "origin": pick(["DE", "US", "NL", "GB", "JP"]),
        "via": pick(["TR", "AE", "HK", "none"]),
        "destination": pick([f"{a}{b}" for a in "ABCDEFGHIJ" for b in "ABCDEFGHIJKLMNO"]),
        "region": pick([f"{at:03d}" for at in range(22)]),
        "flags": flags,
        "outcome": pick(["DECLINED", "CLEARED", "LOST_CONTACT"]),
    }
    return pa.table([columns[field.name].cast(field.type) for field in SCHEMA], SCHEMA)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="there is no other form")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _engines(Path(folder), told.events, told.rounds)
    _disclosure()
    _questions()


def _engines(folder: Path, events: int, rounds: int) -> None:
    table, key = made_up(events), os.urandom(32)
    plain, encrypted = folder / "plain.parquet", folder / "encrypted.parquet"
    pq.write_table(table, plain)
    write(encrypted, table, key)
    months = MONTHS[-12:]

    def from_plain() -> int:
        backend = ibis.duckdb.connect()
        view = f"CREATE VIEW events AS SELECT * FROM read_parquet('{plain}')"  # noqa: S608  (a path of our own)
        backend.raw_sql(view)
        events = backend.table("events")
        cells = expressions.corridors(events.filter(events.counted), (), months)
        counted = cells.group_by(["strip", "row", "column", "group"]).agg(events=cells.event.nunique())
        found: int = backend.to_pyarrow(counted).num_rows
        backend.disconnect()
        return found

    def from_encrypted(columns: tuple[str, ...] | None) -> int:
        read.cache_clear()
        with Engine() as engine:
            cells = expressions.corridors(expressions.events_in(read(encrypted, key, columns)), (), months)
            return engine.counted(cells).num_rows

    works = {
        "plain": from_plain,
        "encrypted": lambda: from_encrypted(NEEDED),
        "first": lambda: from_encrypted(None),
    }
    taken = in_turn(works, rounds)
    tell(BENCH, "duckdb_encrypted_over_plain", ratio(taken["encrypted"], taken["plain"]), "times")
    tell(BENCH, "duckdb_encrypted_over_plain_first", ratio(taken["first"], taken["plain"]), "times")
    tell(BENCH, "encrypted_s", min(taken["encrypted"]), "s")


def _disclosure() -> None:
    rng = random.Random(7)
    table = {
        (f"r{row}", f"c{column}"): {
            f"g{group}": rng.randint(1, 6) for group in rng.sample(range(40), rng.choice((0, 3, 6, 9)))
        }
        for row in range(100)
        for column in range(100)
    }
    tell(BENCH, "disclosure_10000_cells_s", min(seconds(lambda: protect(table)) for _ in range(3)), "s")


def _questions() -> None:
    now = Snapshot(1, dt.date(2026, 11, 1), dt.date(2026, 11, 2), b"made up", made_up(10_000))
    groups = now.group_by_event()
    asked = [
        TrendQuestion(query=Query.CORRIDORS, period="year"),
        TrendQuestion(query=Query.CLEARANCE, by=(Axis.FLAG,), period="year"),
        *(
            TrendQuestion(query=Query.TRENDS, by=by, step=step)
            for by, step in (
                ((Axis.FAMILY,), Step.QUARTER),
                ((Axis.TIER, Axis.REGION), Step.MONTH),
                ((Axis.SECTOR,), Step.WEEK),
                ((Axis.FAMILY, Axis.REGION), Step.MONTH),
            )
        ),
    ]
    found: list[Memory] = []
    first = seconds(lambda: found.append(Memory(groups, Blanks(now, groups))))
    taken = [seconds(partial(work, now, None, question, None, found[0])) for question in asked]
    tell(BENCH, "question_10000_events_s", max(taken), "s")
    tell(BENCH, "first_question_s", first + taken[0], "s")
    tell(BENCH, "question_figures_told", len(found[0].sums), "figures")


if __name__ == "__main__":
    main()
