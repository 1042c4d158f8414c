"""One example of every message of corrections, made of fixed keys, for tests.support.messages."""

from uuid import UUID

from cairn_protocol.messages.corrections import (
    ClearReason,
    Cut,
    CutConfirmation,
    CutOrder,
    RecallAcknowledgement,
    Said,
    Statement,
    cut_id,
)
from cairn_protocol.messages.index import RecallReason
from cairn_protocol.messages.wire import Message, digest_of, sign
from tests.support.keys import EPOCH, seed, signing_key

AT = 1_790_000_000
PARTS = (
    (UUID("0a1b2c3d-4e5f-8a6b-8c7d-9e0f1a2b3c4d"), UUID("1a1b2c3d-4e5f-8a6b-8c7d-9e0f1a2b3c4d")),
    (UUID("2a1b2c3d-4e5f-8a6b-8c7d-9e0f1a2b3c4d"),),
)


def correction_examples() -> list[Message]:
    """Each once."""
    order = CutOrder(
        epoch=EPOCH,
        reason=RecallReason.WRONG_JOIN,
        parts=PARTS,
        common=(seed("a switchboard"),),
        reviewer="rita",
        ordered_at=AT,
    )
    confirmation = CutConfirmation(order=digest_of(order), analyst="ana", confirmed_at=AT + 60)
    return [
        Statement(
            member="m00",
            report_id=PARTS[0][0],
            digest=seed("a report"),
            said=Said.CLEARED,
            reason=ClearReason.SITE_VISIT,
            week="2026-W40",
        ),
        order,
        confirmation,
        Cut(
            order=sign(order, signing_key("rita")),
            confirmation=sign(confirmation, signing_key("ana")),
        ),
        RecallAcknowledgement(cut=cut_id(order), member="m00"),
    ]
