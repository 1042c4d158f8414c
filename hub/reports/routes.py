"""The routes that reports come in by: one, a batch, taking one back, saying something of one. The member signs."""

import time

from anyio import to_thread
from fastapi import APIRouter, Response

from cairn_protocol.errors import ProtocolError
from cairn_protocol.messages.report import Batch, BatchAnswer, BatchResult, Report
from cairn_protocol.messages.wire import Signed, decode
from hub.asked import Hub
from hub.describing import gives, message, takes
from hub.members.calling import REFUSALS, CallingMember
from hub.problems import documented
from hub.reports.examples import BATCH, BATCH_ANSWER, PROMISE, REPORT, RETRACTION, STATEMENT
from hub.reports.filing import Filed, accept
from hub.reports.retracting import open_retraction, take_back
from hub.reports.stating import open_statement, state
from hub.reports.verify import VerifiedReport, verify, verify_all

router = APIRouter(tags=["reports"])

BATCH_PATH = "/v1/reports/batch"

_BY_CONTENT = (
    "wrong-member",
    "wrong-epoch",
    "wrong-normaliser",
    "future-week",
    "unknown-code",
    "bad-tag",
    "bad-share",
    "bad-claim",
    "bad-element",
    "bad-scalar",
    "report-id-reused",
    "report-retracted",
)


@router.post(
    "/v1/reports",
    status_code=201,
    response_class=Response,
    responses=documented(*REFUSALS, *_BY_CONTENT)
    | gives(PROMISE, "It is on file already: the same promise")
    | gives(PROMISE, "The hub's signed promise that the report's leaf will be in the log", status=201),
    openapi_extra=takes(REPORT),
)
async def file_report(caller: CallingMember, hub: Hub) -> Response:
    """File one report. 201 with a signed promise; the same report again: 200 with the same promise."""
    report = decode(caller.body, Report, culprit=f"member:{caller.entry.party}")
    verified = await to_thread.run_sync(verify, report, caller.entry, hub.genesis, int(time.time()))
    (answer,) = await _accept(hub, [verified])
    if isinstance(answer, ProtocolError):
        raise answer
    return message(answer.report.receipt(hub.hub_key), status=201 if answer.new else 200)


@router.post(
    BATCH_PATH,
    response_class=Response,
    responses=documented(*REFUSALS, "batch-too-large")
    | gives(BATCH_ANSWER, "What became of each report, in the batch's order"),
    openapi_extra=takes(BATCH),
)
async def file_batch(caller: CallingMember, hub: Hub) -> Response:
    """File up to 100 reports, each accepted or refused on its own; results stand in the batch's order."""
    batch = decode(caller.body, Batch, culprit=f"member:{caller.entry.party}")
    verdicts = await to_thread.run_sync(
        verify_all, batch.reports, caller.entry, hub.genesis, int(time.time())
    )
    good = [verdict for verdict in verdicts if isinstance(verdict, VerifiedReport)]
    answers = iter(await _accept(hub, good) if good else [])
    filed = [next(answers) if isinstance(verdict, VerifiedReport) else verdict for verdict in verdicts]
    return message(BatchAnswer(results=tuple(_result(hub, answer) for answer in filed)))


@router.post(
    "/v1/retractions",
    status_code=201,
    response_class=Response,
    responses=documented(*REFUSALS, "wrong-member", "unknown-report")
    | gives(PROMISE, "The hub's signed promise that the retraction's leaf will be in the log", status=201),
    openapi_extra=takes(RETRACTION),
)
async def retract(caller: CallingMember, hub: Hub) -> Response:
    """Take back a report: it links, counts and shows nothing from then on. Its leaf stays in the log."""
    signed = decode(caller.body, Signed, culprit=f"member:{caller.entry.party}")
    verified = open_retraction(signed, caller.entry)
    receipt = await hub.store.transact("retract", lambda db: take_back(db, verified, hub.hub_key))
    return message(receipt, status=201)


@router.post(
    "/v1/statements",
    status_code=201,
    response_class=Response,
    responses=documented(*REFUSALS, "wrong-member", "unknown-report", "report-retracted", "future-week")
    | gives(PROMISE, "The hub's signed promise that the statement's leaf will be in the log", status=201),
    openapi_extra=takes(STATEMENT),
)
async def make_statement(caller: CallingMember, hub: Hub) -> Response:
    """Say of one's own report that it is cleared, or not about its subject. The next index takes it into account."""
    signed = decode(caller.body, Signed, culprit=f"member:{caller.entry.party}")
    verified = open_statement(signed, caller.entry, int(time.time()))
    receipt = await hub.store.transact("state", lambda db: state(db, verified, hub.hub_key))
    return message(receipt, status=201)


async def _accept(hub: Hub, reports: list[VerifiedReport]) -> list[Filed | ProtocolError]:
    await hub.envelopes.ready(hub.store)
    return await hub.store.transact("accept", lambda db: accept(db, hub.envelopes, reports))


def _result(hub: Hub, answer: Filed | ProtocolError) -> BatchResult:
    if isinstance(answer, Filed):
        return BatchResult(promise=answer.report.receipt(hub.hub_key), problem=None, detail=None)
    return BatchResult(promise=None, problem=answer.slug, detail=answer.detail)
