"""S3: exporter, forwarder and insurer of one shipment, and the exporter's affiliate, are one group and no card.

The story is the demo's (`local.stories`), on real processes.
"""

import time
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn import Inquiry
from cairn.filing import ReceiptStatus
from hub.cards.subjects import Subject, subjects_of
from hub.linkage.events import events_of, groups_of
from hub.linkage.tables import LinkedReport
from hub.reports.tables import ReportRow
from hub.services import Services
from local.stories import S3_LATER, SCOPE
from tests.support.town import RunningTown

pytestmark = pytest.mark.anyio

Told = tuple[str, dict[str, Any]]


async def _file(town: RunningTown, told: Told) -> str:
    firm, inquiry = told
    async with town.hub(firm) as hub:
        receipt = await hub.report(Inquiry.from_mapping(inquiry))
    assert receipt.status is ReceiptStatus.PROMISED
    return str(receipt.report_id)


async def _groups_shown(town: RunningTown, told: Told) -> str | None:
    firm, inquiry = told
    async with town.hub(firm) as hub:
        await hub.sync()
        groups: str | None = (await hub.check(Inquiry.from_mapping(inquiry))).groups
        return groups


def _counted(town: RunningTown, report_id: str) -> tuple[int, int]:
    """How many events and groups the hub counts for the subject that this report is about."""

    async def work(services: Services) -> Subject:
        async def body(db: AsyncSession) -> Subject:
            found = select(LinkedReport.cluster).join(ReportRow, ReportRow.number == LinkedReport.report)
            cluster = await db.scalar(found.where(ReportRow.report_id == report_id))
            assert cluster is not None
            return (await subjects_of(db, services.envelopes, [cluster], int(time.time())))[cluster]

        return await services.store.read("subject", body)

    events = events_of([told.seen for told in town.operate(work).reports])
    return len(events), len(groups_of(events))


async def test_one_shipment_and_an_affiliate_are_one_group_until_another_reports(town: RunningTown) -> None:
    fir, ibis, juniper, asia = SCOPE

    first = await _file(town, fir)
    for told in (ibis, juniper):
        await _file(town, told)
    town.publish()
    assert _counted(town, first) == (1, 1), "three firms saw one shipment"
    assert await _groups_shown(town, asia) is None

    await _file(town, asia)
    town.publish()
    assert _counted(town, first) == (2, 1), "its affiliate is the same group"
    for told in (*SCOPE, S3_LATER):
        assert await _groups_shown(town, told) is None

    await _file(town, S3_LATER)
    town.publish()
    assert _counted(town, first) == (3, 2)
    for told in (*SCOPE, S3_LATER):
        assert await _groups_shown(town, told) == "2-4"
