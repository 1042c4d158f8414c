"""Examples for the API's description: the right shape around made-up bytes, and only some of the keys."""

from uuid import UUID

from cairn_protocol.codes import TERMS_VERSION, items, red_flags
from cairn_protocol.codes.terms import Channel, EndUse, QuantityBand, Role, SentOutcome, Stage
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.corrections import ClearReason, Said, Statement
from cairn_protocol.messages.open_codes import OpenCodes
from cairn_protocol.messages.report import (
    Batch,
    BatchAnswer,
    BatchResult,
    Confidence,
    GovRelease,
    Handling,
    Header,
    HeaderKey,
    OpenPart,
    Promise,
    Report,
    Retraction,
    SignedHeader,
    Tlp,
)
from cairn_protocol.messages.wire import Message, Signed, encode

_32, _64 = bytes(range(32)), bytes(range(64))
_ID = UUID("5f0c2a4e-9d1b-8c3e-a7f6-0b1d2c3e4f50")


def _signed(message: Message) -> Signed:
    return Signed(body=encode(message), signature=_64)


REPORT = Report(
    signed=SignedHeader(
        header=Header(
            epoch=1,
            report_id=_ID,
            revision=1,
            supersedes=None,
            member="m04",
            normaliser=_32,
            week="2026-W40",
            confidence=Confidence.STATEMENT,
            handling=Handling(tlp=Tlp.AMBER_STRICT, caveats=(), embargo_until=None),
            consent=GovRelease.AGGREGATE_ONLY,
            open_digest=_32,
            sealed_digest=None,
            keys=(
                HeaderKey(kind=Kind.PHONE, key_digest=_32, line=(_32, _32), claim_key=_32),
                HeaderKey(kind=Kind.NAME, key_digest=_32, line=None, claim_key=None),
            ),
        ),
        claims=(_64,),
        signature=_64,
    ),
    open=OpenPart(
        codes=OpenCodes(
            stage=Stage.INQUIRY,
            channel=Channel.EMAIL,
            role=Role.PURCHASER,
            party_country="TR",
            eccn="2B230",
            hs6=None,
            family="FAM-VAC",
            quantity_band=QuantityBand.Q2,
            value_band=None,
            end_use_stated=EndUse.RESEARCH,
            export_country="DE",
            via=("AE",),
            stated_destination="TR",
            red_flags=("RF-ENU-01", "RF-LOG-01"),
            outcome=SentOutcome.DECLINED,
            terms_version=TERMS_VERSION,
            red_flags_version=red_flags().version,
            items_version=items().version,
        ),
        salt=_32[:16],
    ),
    card_keys=(_32, _32),
    shares=(_32,),
    sealed=None,
)
BATCH = Batch(reports=(REPORT,))
PROMISE = _signed(Promise(member="m04", report_id=_ID, revision=1, digest=_32, leaf_hash=_32))
BATCH_ANSWER = BatchAnswer(
    results=(
        BatchResult(promise=PROMISE, problem=None, detail=None),
        BatchResult(promise=None, problem="future-week", detail="the report's week has not begun"),
    )
)
RETRACTION = _signed(Retraction(member="m04", report_id=_ID, digest=_32))
STATEMENT = _signed(
    Statement(
        member="m04",
        report_id=_ID,
        digest=_32,
        said=Said.CLEARED,
        reason=ClearReason.SITE_VISIT,
        week="2026-W41",
    )
)
