"""A request, its confirmation, and the leaf that goes into the log before anybody answers."""

import time
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import BadOpening, WrongEpoch
from cairn_protocol.messages.log import LeafKind, content_digest
from cairn_protocol.messages.openings import (
    Confirmation,
    Opening,
    OpeningRequest,
    check_request,
    opening_id,
)
from cairn_protocol.messages.parties import Entry, Genesis
from cairn_protocol.messages.wire import Signed, decode, digest_of, encode, open_signed
from cairn_protocol.roster import Roster
from hub.openings.bearing_out import bear_out
from hub.openings.refusals import OpeningClosed, UnknownOpening
from hub.openings.tables import OpeningAnswer, OpeningRow
from hub.translog.promise import promise


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an opening stands: requested, confirmed, open, refused or expired."""

    id: str
    status: str
    assents: int
    reason: str


async def ask(db: AsyncSession, roster: Roster, genesis: Genesis, analyst: Entry, signed: Signed) -> Standing:
    """Take a request whose reports are borne out. The same again gets the same answer.

    Raises BadSignature, BadMessage, BadOpening, WrongEpoch, UnknownReport, NoSealedPart, TooFewGroups.
    """
    culprit = f"analyst:{analyst.party}"
    request = open_signed(signed, OpeningRequest, analyst.signing_key, culprit=culprit)
    check_request(request, culprit=culprit)
    if request.analyst != analyst.party:
        raise BadOpening("a request of one analyst, sent by another", culprit=culprit)
    if request.epoch != genesis.epoch:
        raise WrongEpoch("made for another epoch's keys", culprit=culprit)
    if request.expires_at <= time.time():
        raise OpeningClosed("the request has expired before it came")
    identity = opening_id(request)
    if await db.get(OpeningRow, identity) is None:
        for report_id in request.reports:
            await bear_out(db, roster, report_id)
        db.add(
            OpeningRow(
                id=identity,
                analyst=analyst.party,
                request=encode(signed),
                content=None,
                digest=None,
                expires_at=request.expires_at,
            )
        )
        await db.flush()
    return await standing(db, genesis, await row_of(db, identity))


async def confirm(
    db: AsyncSession, roster: Roster, genesis: Genesis, analyst: Entry, identity: str, signed: Signed
) -> Standing:
    """A second analyst agrees: the opening's leaf is promised in the same commit.

    Raises UnknownOpening, OpeningClosed, BadOpening, BadSignature; TooFewGroups if reports went meanwhile.
    """
    row = await row_of(db, identity)
    culprit = f"analyst:{analyst.party}"
    confirmation = open_signed(signed, Confirmation, analyst.signing_key, culprit=culprit)
    request = decode(decode(row.request, Signed).body, OpeningRequest)
    if confirmation.analyst != analyst.party or confirmation.request != digest_of(request):
        raise BadOpening("a confirmation of another request, or sent by another", culprit=culprit)
    if analyst.party == request.analyst:
        raise BadOpening("who asked can't confirm: a second analyst must", culprit=culprit)
    asked = roster.entry(request.analyst, int(time.time()))
    if asked.signing_key == analyst.signing_key:
        raise BadOpening("two names with one key are one analyst", culprit=culprit)
    if row.content is None:
        if row.expires_at <= time.time():
            raise OpeningClosed("the request has expired")
        for report_id in request.reports:
            await bear_out(db, roster, report_id)
        content = encode(Opening(request=decode(row.request, Signed), confirmation=signed))
        row.content, row.digest = content, content_digest(content)
        await promise(db, LeafKind.OPENING, row.digest, content)
    return await standing(db, genesis, row)


async def standing(db: AsyncSession, genesis: Genesis, row: OpeningRow) -> Standing:
    """Where an opening stands now."""
    answers = list(await db.scalars(select(OpeningAnswer).where(OpeningAnswer.opening == row.id)))
    assents = sum(answer.assents for answer in answers)
    if assents >= genesis.t:
        return Standing(row.id, "open", assents, "enough trustees agreed")
    if len(answers) - assents > len(genesis.trustees) - genesis.t:
        return Standing(row.id, "refused", assents, "too many trustees refused")
    if row.expires_at <= time.time():
        return Standing(row.id, "expired", assents, "the request has expired")
    if row.content is None:
        return Standing(row.id, "requested", 0, "a second analyst must confirm")
    return Standing(row.id, "confirmed", assents, f"{assents} of {genesis.t} trustees agreed")


async def row_of(db: AsyncSession, identity: str) -> OpeningRow:
    """The opening's row. Raises UnknownOpening."""
    row = await db.get(OpeningRow, identity)
    if row is None:
        raise UnknownOpening("no opening of that id")
    return row
