"""What trustees get and give, and what the two analysts get of it: evidence in, sealed parts through."""

import time

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import BadMessage, BadOpening
from cairn_protocol.messages.log import LeafKind, hash_of
from cairn_protocol.messages.openings import (
    Assent,
    Confirmation,
    Evidence,
    LineShare,
    Material,
    Opening,
    OpeningRequest,
    Pending,
    PendingOpenings,
    Refusal,
    ReportEvidence,
    ReportMaterial,
    Shown,
)
from cairn_protocol.messages.parties import Entry, Genesis, TrusteeKeys
from cairn_protocol.messages.report import SignedHeader
from cairn_protocol.messages.wire import Signed, decode, encode, open_signed
from cairn_protocol.roster import Roster
from cairn_protocol.tags import Tag
from hub.openings.asking import Standing, standing
from hub.openings.bearing_out import BorneOut, OnFile, bear_out
from hub.openings.refusals import OpeningClosed, TooFewAssents, UnknownOpening
from hub.openings.tables import OpeningAnswer, OpeningRow
from hub.reports.secrets import open_shares
from hub.reports.tables import ReportSecrets
from hub.storage.envelopes import Envelopes
from hub.translog.nodes import prove_inclusion

MOST_PENDING = 100


async def pending(db: AsyncSession, trustee: str) -> PendingOpenings:
    """The confirmed openings that this trustee has not answered and that have not expired."""
    answered = select(OpeningAnswer.opening).where(OpeningAnswer.trustee == trustee)
    rows = await db.scalars(
        select(OpeningRow)
        .where(
            OpeningRow.content.is_not(None),
            OpeningRow.expires_at > int(time.time()),
            OpeningRow.id.not_in(answered),
        )
        .order_by(OpeningRow.id)
        .limit(MOST_PENDING)
    )
    return PendingOpenings(
        openings=tuple(Pending(id=row.id, opening=decode(row.content or b"", Opening)) for row in rows)
    )


async def evidence(db: AsyncSession, roster: Roster, identity: str, size: int) -> Evidence:
    """What bears an opening out, for a trustee whose checkpoint has `size` leaves.

    Raises UnknownOpening, NotInLog if the tree of that size lacks a leaf, TooFewGroups.
    """
    row = await _confirmed(db, identity)
    assert row.content is not None and row.digest is not None
    opening = await prove_inclusion(db, hash_of(LeafKind.OPENING, row.digest), size)
    reports = [await bear_out(db, roster, report_id) for report_id in _request(row).reports]
    return Evidence(
        opening=row.digest,
        leaf_index=opening.index,
        path=opening.path,
        size=size,
        reports=tuple([await _shown_with_neighbours(db, one, size) for one in reports]),
    )


async def _shown_with_neighbours(db: AsyncSession, borne_out: BorneOut, size: int) -> ReportEvidence:
    return ReportEvidence(
        report=await _shown(db, borne_out.report.signed, size),
        capsule=borne_out.sealed.capsule,
        body_digest=borne_out.sealed.body_digest(),
        neighbours=tuple([await _shown(db, one.signed, size) for one in borne_out.neighbours]),
    )


async def _shown(db: AsyncSession, signed: SignedHeader, size: int) -> Shown:
    proof = await prove_inclusion(db, hash_of(LeafKind.REPORT, signed.digest()), size)
    return Shown(signed=signed, leaf_index=proof.index, path=proof.path)


async def answer(
    db: AsyncSession, genesis: Genesis, trustee: TrusteeKeys, identity: str, signed: Signed
) -> Standing:
    """Take a trustee's Assent or Refusal. Its first answer stands; the same again changes nothing.

    Raises UnknownOpening, OpeningClosed, BadOpening, BadSignature, BadMessage.
    """
    row = await _confirmed(db, identity)
    culprit = f"trustee:{trustee.id}"
    if row.expires_at <= time.time():
        raise OpeningClosed("the request has expired")
    said: Assent | Refusal
    try:
        said = open_signed(signed, Assent, trustee.signing_key, culprit=culprit)
    except BadMessage:
        said = open_signed(signed, Refusal, trustee.signing_key, culprit=culprit)
    if said.opening != row.digest or said.trustee != trustee.id:
        raise BadOpening("an answer to another opening", culprit=culprit)
    if await db.get(OpeningAnswer, (identity, trustee.id)) is None:
        db.add(
            OpeningAnswer(
                opening=identity, trustee=trustee.id, assents=isinstance(said, Assent), signed=encode(signed)
            )
        )
        await db.flush()
    return await standing(db, genesis, row)


async def material(
    db: AsyncSession, envelopes: Envelopes, roster: Roster, genesis: Genesis, analyst: Entry, identity: str
) -> Material:
    """What one of the two analysts opens the reports with, once t trustees agreed.

    Raises UnknownOpening for anybody else, TooFewAssents, TooFewGroups if reports went meanwhile.
    """
    row = await _confirmed(db, identity)
    opening = decode(row.content or b"", Opening)
    confirmed = decode(opening.confirmation.body, Confirmation)
    if analyst.party not in (_request(row).analyst, confirmed.analyst):
        raise UnknownOpening("no opening of that id is yours")
    answers = select(OpeningAnswer).where(OpeningAnswer.opening == identity, OpeningAnswer.assents)
    assents = [
        decode(one.signed, Signed) for one in await db.scalars(answers.order_by(OpeningAnswer.trustee))
    ]
    if len(assents) < genesis.t:
        raise TooFewAssents(f"{len(assents)} of {genesis.t} trustees have agreed so far")
    reports = [await bear_out(db, roster, report_id) for report_id in _request(row).reports]
    assert row.digest is not None
    return Material(
        opening=row.digest,
        reports=tuple([await _material_of(db, envelopes, roster, one) for one in reports]),
        assents=tuple(assents),
    )


async def _material_of(
    db: AsyncSession, envelopes: Envelopes, roster: Roster, borne_out: BorneOut
) -> ReportMaterial:
    """The sealed part, and the shares of the report and of one beside it on a line they share."""
    report, neighbour = borne_out.report, borne_out.neighbours[0]
    header = report.signed.header
    lockable = [key.tag(header.epoch) for key in header.lockable()]
    at = next(place for place, tag in enumerate(lockable) if tag in neighbour.sighting.lockable)
    shares = [await _share(db, envelopes, roster, one, lockable[at]) for one in (report, neighbour)]
    return ReportMaterial(signed=report.signed, sealed=borne_out.sealed, at=at, shares=(shares[0], shares[1]))


async def _share(db: AsyncSession, envelopes: Envelopes, roster: Roster, one: OnFile, tag: Tag) -> LineShare:
    header = one.signed.header
    place = [key.tag(header.epoch) for key in header.lockable()].index(tag)
    envelope = await db.scalar(select(ReportSecrets.secrets).where(ReportSecrets.report == one.number))
    index = roster.group_index(one.sighting.group)
    assert envelope is not None and index is not None
    return LineShare(group_index=index, share=open_shares(envelopes, one.number, envelope)[place])


def _request(row: OpeningRow) -> OpeningRequest:
    return decode(decode(row.request, Signed).body, OpeningRequest)


async def _confirmed(db: AsyncSession, identity: str) -> OpeningRow:
    row = await db.get(OpeningRow, identity)
    if row is None or row.content is None:
        raise UnknownOpening("no confirmed opening of that id")
    return row
