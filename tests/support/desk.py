"""Firms that file, and a hub that links and publishes, in one process: the ground of tests of linkage and cards."""

from collections.abc import Sequence

import psycopg

from cairn_protocol.kinds import Kind
from cairn_protocol.messages.report import Batch, BatchAnswer, Report
from cairn_protocol.messages.wire import decode, encode
from hub.index.publishing import make
from hub.linkage.linking import link_reports
from tests.support.index_reader import IndexReader
from tests.support.reports import NOW, Firm
from tests.support.seated import Member, SeatedHub


def phone(number: str) -> tuple[Kind, str]:
    return Kind.PHONE, number


def name(text: str) -> tuple[Kind, str]:
    return Kind.NAME, text


def registration(number: str) -> tuple[Kind, str]:
    return Kind.REGISTRATION, number


class Desk:
    """Files reports, links them, and tells which are together."""

    def __init__(self, hub: SeatedHub, firms: Sequence[Firm]) -> None:
        self.hub = hub
        self.url = hub.services.database_url
        self._members = {firm.id: Member(firm, hub.app()) for firm in firms}
        self._names: dict[str, str] = {}

    async def file(self, firm: Firm, label: str, *keys: tuple[Kind, str], **told: object) -> Report:
        report = firm.report(*keys, inquiry=label, **told)  # type: ignore[arg-type]
        self._names[str(report.signed.header.report_id)] = label
        answer = await self._members[firm.id].post("/v1/reports", encode(report))
        assert answer.status_code == 201, answer.content
        return report

    async def file_batch(self, firm: Firm, reports: Sequence[tuple[str, Sequence[tuple[Kind, str]]]]) -> None:
        made = [firm.report(*keys, inquiry=label) for label, keys in reports]
        for report, (label, _) in zip(made, reports, strict=True):
            self._names[str(report.signed.header.report_id)] = label
        answer = await self._members[firm.id].post("/v1/reports/batch", encode(Batch(reports=tuple(made))))
        assert all(result.promise for result in decode(answer.content, BatchAnswer).results)

    async def take_back(self, firm: Firm, report: Report) -> None:
        answer = await self._members[firm.id].post("/v1/retractions", encode(firm.retraction(report)))
        assert answer.status_code == 201, answer.content

    async def together(self, *, one_job: bool = False) -> list[set[str]]:
        """The labels of linked reports, by subject.

        one_job  link all that waits in a single job, instead of one for each filing
        """
        if one_job:
            await self.link_at_once()
        await self.hub.link()
        with psycopg.connect(self.url) as connection:
            rows = connection.execute(
                "SELECT cluster, report_id::text FROM linked_reports JOIN reports ON number = report"
            ).fetchall()
        subjects: dict[int, set[str]] = {}
        for cluster, report_id in rows:
            subjects.setdefault(cluster, set()).add(self._names[report_id])
        return sorted(subjects.values(), key=sorted)

    async def link_at_once(self) -> None:
        """Link every report that waits, in one job."""
        with psycopg.connect(self.url) as connection:
            numbers = [row[0] for row in connection.execute("SELECT number FROM reports ORDER BY number")]
        await link_reports(self.hub.services, numbers, [])

    def common(self) -> set[bytes]:
        with psycopg.connect(self.url) as connection:
            return {row[0] for row in connection.execute("SELECT tag FROM contact_tags WHERE common")}

    async def index(self, now: int = NOW) -> IndexReader:
        """The next version of the index, read as a member reads it. Its proof is left to the log."""
        await self.hub.link()
        services = self.hub.services
        manifest = await services.store.transact("publish", lambda db: make(db, services, now))
        with psycopg.connect(self.url) as connection:
            rows = dict(connection.execute("SELECT digest, content FROM index_segments").fetchall())
        return IndexReader(manifest, rows.__getitem__)
