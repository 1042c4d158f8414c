"""How near intake comes to what it can't do without: `intake_share_of_bound`.

The bound is the checks of 100 padded reports with six real keys (member's signature, claims,
shares) and a COPY of the rows that filing them writes. Measured is the whole route from the
batch's bytes to the answer's, on a real database, one core for each. Rounds of both alternate,
so that a busy machine disturbs both.

    python -m benchmarks.intake [--rounds 12]

Prints JSON lines {"bench", "figure", "value", "unit"}. HTTP and the request's own signature, one for
the whole batch, are left out on both sides.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.group import decode_element, decode_scalar
from cairn_protocol.kinds import Kind
from cairn_protocol.match_lock import GroupIndex, check_share
from cairn_protocol.messages.report import Batch, BatchAnswer, Report
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.tags import check_claim
from hub.members.calling import Caller
from hub.reports.routes import file_batch
from hub.reports.tables import ReportRow, ReportSecrets, ReportTag
from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.embedded import EmbeddedPostgres
from hub.storage.envelopes import Envelopes
from hub.storage.key_file import FileKeys
from hub.storage.migrate import upgrade
from tests.support.reports import Firm, firm
from tests.support.seated import SeatedHub, seated

BATCH = 100
FIRM = firm("alder", 1)


def a_batch(number: int) -> tuple[Report, ...]:
    """A hundred reports with six real keys each: four that lock, a name, a shipment."""
    return tuple(
        FIRM.report(
            (Kind.REGISTRATION, f"R{at % 40}"),
            (Kind.EMAIL, f"buy@{at % 50}.example"),
            (Kind.PHONE, f"+90555{at % 60:07d}"),
            (Kind.DOMAIN, f"{at % 50}.example"),
            (Kind.NAME, f"name {at % 70}"),
            (Kind.TRANSACTION, f"HAWB {at % 80}"),
            inquiry=f"{number}/{at}",
        )
        for at in range(BATCH)
    )


def checks(reports: Sequence[Report], of: Firm) -> None:
    """What can't be left out: the member's signature, every claim, every share."""
    key, at = of.entry.signing_key, GroupIndex(of.index)
    for report in reports:
        report.signed.check(key)
        digest = report.signed.header.digest()
        for locked, share, claim in zip(
            report.signed.header.lockable(), report.shares, report.signed.claims, strict=True
        ):
            assert locked.line is not None and locked.claim_key is not None
            check_share(decode_scalar(share), at, [decode_element(one) for one in locked.line])
            check_claim(claim, locked.claim_key, digest)


class Rows:
    """The rows that filing wrote, copied again into tables of the same form."""

    TABLES = (ReportRow.__tablename__, ReportTag.__tablename__, ReportSecrets.__tablename__)

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url)
        for table in self.TABLES:
            self._run("CREATE TABLE {0} (LIKE {1} INCLUDING ALL)", self._copy(table), table)
        self._connection.commit()

    def take(self) -> dict[str, bytes]:
        """All rows that are there, as COPY writes them."""
        return {table: self._out(table) for table in self.TABLES}

    def copy(self, rows: dict[str, bytes]) -> float:
        """Seconds to copy them and commit."""
        begun = time.perf_counter()
        for table, data in rows.items():
            with self._connection.cursor().copy(
                self._statement("COPY {0} FROM STDIN (FORMAT BINARY)", table)
            ) as to:
                to.write(data)
        self._connection.commit()
        took = time.perf_counter() - begun
        for table in self.TABLES:
            self._run("TRUNCATE {0}", self._copy(table))
        self._connection.commit()
        return took

    def _out(self, table: str) -> bytes:
        statement = sql.SQL("COPY {} TO STDOUT (FORMAT BINARY)").format(sql.Identifier(table))
        with self._connection.cursor().copy(statement) as source:
            data = b"".join(source)
        self._connection.commit()
        return data

    def _statement(self, statement: str, table: str) -> sql.Composed:
        return sql.SQL(statement).format(sql.Identifier(self._copy(table)))  # type: ignore[arg-type]

    def _run(self, statement: str, *names: str) -> None:
        self._connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]

    @staticmethod
    def _copy(table: str) -> str:
        return f"bound_{table}"


@asynccontextmanager
async def a_hub(*firms: Firm) -> AsyncIterator[SeatedHub]:
    """A hub of these firms on a private database, as it is installed: rows go to the disk before the answer."""
    folder = Path(tempfile.mkdtemp(prefix="cairn-bench-"))
    server = EmbeddedPostgres(folder / "postgres")
    try:
        url = await asyncio.to_thread(server.start)
        await asyncio.to_thread(upgrade, url)
        settings = Settings(data=folder)
        async with Store.connect(url, settings) as store:
            hub = seated(settings, url, store, Envelopes(FileKeys.load_or_create(folder / "keys.json")))
            await hub.seat(firms)
            yield hub
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def clear(hub: SeatedHub) -> None:
    """Have the tables empty again, so that every round meets the same."""

    async def body(db: AsyncSession) -> None:
        tables = "reports, report_tags, report_secrets, translog_promised, procrastinate_jobs"
        await db.execute(text(f"TRUNCATE {tables} CASCADE"))

    await hub.services.store.transact("clear", body)


async def measure(rounds: int) -> tuple[float, float]:
    """Median share of the bound, round by round, and median seconds of filing one batch."""
    shares, filings = [], []
    async with a_hub(FIRM) as hub:
        rows = Rows(hub.services.database_url)
        for number in range(rounds + 1):
            body = encode(Batch(reports=a_batch(number)))
            begun = time.perf_counter()
            answer = await file_batch(Caller(FIRM.entry, body), hub.services)
            filed = time.perf_counter() - begun
            results = decode(bytes(answer.body), BatchAnswer).results
            assert all(result.promise for result in results)

            reports = decode(body, Batch).reports
            begun = time.perf_counter()
            checks(reports, FIRM)
            checked = time.perf_counter() - begun
            bound = checked + rows.copy(rows.take())
            if number:  # the first round warms caches up
                shares.append(bound / filed)
                filings.append(filed)
            await clear(hub)
    return statistics.median(shares), statistics.median(filings)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=12)
    rounds = parser.parse_args().rounds
    if len(cores := os.sched_getaffinity(0)) > 1:
        # Begun again on one core: how many there are is asked once, when the curve is loaded.
        os.sched_setaffinity(0, {min(cores)})
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
    share, filing = asyncio.run(measure(rounds))
    for figure, value, unit in (
        ("intake_share_of_bound", share, "ratio"),
        ("intake_reports_per_second_and_core", BATCH / filing, "1/s"),
        ("intake_ms_per_report", filing / BATCH * 1e3, "ms"),
    ):
        print(json.dumps({"bench": "intake", "figure": figure, "value": round(value, 3), "unit": unit}))


if __name__ == "__main__":
    main()
