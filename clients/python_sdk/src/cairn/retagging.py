"""Bring a register up to date: reports whose keys would be others today are filed anew, as their next revision.

Keys change when the normaliser or the epoch does, or when a policy pack withholds other kinds. What is stale is
found here, by what the register holds; nobody is asked. Only values that were never evaluated cost the
meter, so a large register takes some days: a run stops where the meter does and the next goes on.
"""

from collections.abc import Iterator

from cairn.correcting import next_revision
from cairn.filing import BATCH, Receipt, ReceiptStatus, go_on
from cairn.looking_up import keys_of
from cairn.raw.register import Filed, State
from cairn.raw.stored import from_bytes
from cairn.session import Session
from cairn_protocol.kinds import FUZZY_COUNT, Kind
from cairn_protocol.messages.report import Report
from cairn_protocol.messages.wire import decode

_MOST = 1_000_000


async def retag(session: Session) -> list[Receipt]:
    """File every stale report anew, the oldest first, until all are done or the meter or the hub says stop."""
    stale = [
        filed
        for filed in session.register.in_state(State.PROMISED, State.PROVEN, limit=_MOST)
        if _is_stale(session, filed)
    ]
    receipts: list[Receipt] = []
    for portion in _portions(stale):
        receipts += await go_on(session, [next_revision(session, filed, filed.inquiry) for filed in portion])
        if any(receipt.status in (ReceiptStatus.REFUSED, ReceiptStatus.QUEUED) for receipt in receipts):
            break
    return receipts


def _is_stale(session: Session, filed: Filed) -> bool:
    """Whether a report lacks a tag that it would have today, or tells one that it would not."""
    assert filed.report is not None
    header = decode(filed.report, Report).signed.header
    if (header.epoch, header.normaliser) != (session.genesis.epoch, session.genesis.normaliser):
        return True
    keys = set(keys_of(session, from_bytes(filed.inquiry)))
    known = session.register.values.known(list(keys), session.genesis.epoch)
    told = dict(zip(header.tags(), (key.kind for key in header.keys), strict=True))
    if any(key not in known or known[key].tag not in told for key in keys):
        return True
    now = {derived.tag for derived in known.values()}
    # Fuzzy kinds are padded with filler, and so is a name that is not there.
    return any(
        tag not in now for tag, kind in told.items() if kind not in FUZZY_COUNT and kind is not Kind.NAME
    )


def _portions(filed: list[Filed]) -> Iterator[list[Filed]]:
    return (filed[at : at + BATCH] for at in range(0, len(filed), BATCH))
