"""A cut: ordered by a reviewer, confirmed by an analyst, carried out in the commit that promises its leaf.

No one person hides a subject: the order alone changes nothing. With the confirmation the reports are kept apart or
set aside, what they shared by mistake is common from then on, everything touched is linked anew, and the cards get
their tombstones. Members learn it with the next index, whose leaf stands behind the cut's (G8, G10).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import BadMessage, WrongEpoch
from cairn_protocol.messages.corrections import (
    Cut,
    CutConfirmation,
    CutOrder,
    RecallAcknowledgement,
    check_order,
    cut_id,
)
from cairn_protocol.messages.log import LeafKind, content_digest
from cairn_protocol.messages.parties import Entry, Genesis
from cairn_protocol.messages.wire import Signed, decode, digest_of, encode, open_signed
from cairn_protocol.roster import Roster
from cairn_protocol.tags import Tag
from hub.cards.making import recall
from hub.corrections.refusals import NothingToCut, UnknownCut
from hub.corrections.tables import CutAcknowledgement, CutRow
from hub.linkage import cuts, loading
from hub.linkage.linking import relink, take_turn
from hub.linkage.tables import LinkedReport
from hub.reports.bulk import among
from hub.reports.filing import forget_tags
from hub.reports.stating import settle_disputes
from hub.reports.tables import AsideRow, ReportRow
from hub.storage.envelopes import Envelopes
from hub.translog.promise import promise


@dataclass(frozen=True, slots=True)
class CutStanding:
    """Where a cut stands: ordered, or cut, and how many of its contributors have taken notice."""

    id: str
    reason: str
    status: str
    parts: tuple[int, ...]
    common: int
    contributors: int
    acknowledged: int

    def as_json(self) -> dict[str, object]:
        """The object that the verbs print."""
        return {
            "cut": self.id,
            "status": self.status,
            "reason": self.reason,
            "parts": list(self.parts),
            "common": self.common,
            "contributors": self.contributors,
            "acknowledged": self.acknowledged,
        }


async def order(db: AsyncSession, genesis: Genesis, reviewer: Entry, signed: Signed) -> CutStanding:
    """Take a reviewer's order. The same again gets the same answer.

    Raises BadSignature, BadMessage, WrongEpoch, NothingToCut.
    """
    culprit = f"reviewer:{reviewer.party}"
    ordered = open_signed(signed, CutOrder, reviewer.signing_key, culprit=culprit)
    check_order(ordered, culprit=culprit)
    if ordered.reviewer != reviewer.party:
        raise BadMessage("an order of one reviewer, sent by another", culprit=culprit)
    if ordered.epoch != genesis.epoch:
        raise WrongEpoch("made for another epoch's keys", culprit=culprit)
    identity = cut_id(ordered)
    if await db.get(CutRow, identity) is None:
        await _linked(db, ordered)
        db.add(CutRow(id=identity, reviewer=reviewer.party, order=encode(signed), content=None))
        await db.flush()
    return await standing(db, await row_of(db, identity))


async def confirm(
    db: AsyncSession,
    envelopes: Envelopes,
    roster: Roster,
    analyst: Entry,
    identity: str,
    signed: Signed,
) -> CutStanding:
    """An analyst agrees: the leaf is promised and the cut carried out. The same again changes nothing.

    Raises UnknownCut, BadMessage, BadSignature; NothingToCut if the reports went meanwhile.
    """
    row = await row_of(db, identity)
    culprit = f"analyst:{analyst.party}"
    said = open_signed(signed, CutConfirmation, analyst.signing_key, culprit=culprit)
    ordered = order_in(row)
    if said.analyst != analyst.party or said.order != digest_of(ordered):
        raise BadMessage("a confirmation of another order, or sent by another", culprit=culprit)
    if row.content is None:
        content = encode(Cut(order=decode(row.order, Signed), confirmation=signed))
        row.content = content
        await promise(db, LeafKind.CUT, content_digest(content), content)
        await _carry_out(db, envelopes, roster, identity, ordered)
    return await standing(db, row)


async def _carry_out(
    db: AsyncSession, envelopes: Envelopes, roster: Roster, identity: str, ordered: CutOrder
) -> None:
    await take_turn(db)
    linked = await _linked(db, ordered)
    touched = set(linked.values())
    gone: Sequence[int] = ()
    if len(ordered.parts) == 1:
        gone = list(linked)
        db.add_all(AsideRow(report_id=report, cut=identity) for report in ordered.parts[0])
        await forget_tags(db, gone)
    else:
        await cuts.keep_apart(db, identity, ordered.parts)
    await settle_disputes(db, _reports(ordered))
    common = [Tag(tag) for tag in ordered.common]
    await cuts.learn_common(db, identity, common)
    await recall(db, touched, ordered.reason)
    anew = touched | await loading.clusters_with(db, common)
    await relink(db, envelopes, roster, [], gone, anew=anew)


async def acknowledge(db: AsyncSession, member: Entry, identity: str, signed: Signed) -> CutStanding:
    """A contributor took notice. Raises UnknownCut for everybody else, BadSignature, BadMessage."""
    row = await row_of(db, identity)
    culprit = f"member:{member.party}"
    said = open_signed(signed, RecallAcknowledgement, member.signing_key, culprit=culprit)
    if said.member != member.party or said.cut != identity:
        raise BadMessage("an acknowledgement of another cut, or sent by another", culprit=culprit)
    mine = select(ReportRow.number).where(
        ReportRow.member_id == member.party, among(ReportRow.report_id, _reports(order_in(row)))
    )
    if row.content is None or await db.scalar(mine.limit(1)) is None:
        raise UnknownCut("no cut of that id touches your reports")
    if await db.get(CutAcknowledgement, (identity, member.party)) is None:
        db.add(CutAcknowledgement(cut=identity, member=member.party, signed=encode(signed)))
        await db.flush()
    return await standing(db, row)


async def standing(db: AsyncSession, row: CutRow) -> CutStanding:
    """Where a cut stands now."""
    ordered = order_in(row)
    contributors = select(func.count(distinct(ReportRow.member_id))).where(
        among(ReportRow.report_id, _reports(ordered))
    )
    acknowledged = select(func.count()).where(CutAcknowledgement.cut == row.id)
    return CutStanding(
        row.id,
        ordered.reason.value,
        "ordered" if row.content is None else "cut",
        tuple(len(part) for part in ordered.parts),
        len(ordered.common),
        await db.scalar(contributors) or 0,
        await db.scalar(acknowledged) or 0,
    )


async def every_cut(db: AsyncSession) -> list[CutStanding]:
    """All cuts, ordered ones first."""
    rows = await db.scalars(select(CutRow).order_by(CutRow.content.is_not(None), CutRow.id).limit(500))
    return [await standing(db, row) for row in list(rows)]


async def row_of(db: AsyncSession, identity: str) -> CutRow:
    """The cut's row. Raises UnknownCut."""
    row = await db.get(CutRow, identity, with_for_update=True)
    if row is None:
        raise UnknownCut("no cut of that id")
    return row


def order_in(row: CutRow) -> CutOrder:
    """The order of a row; its signature was checked when it came."""
    return decode(decode(row.order, Signed).body, CutOrder)


async def _linked(db: AsyncSession, ordered: CutOrder) -> dict[int, int]:
    """The linked reports of an order by number, each with its cluster. Raises NothingToCut."""
    rows = await db.execute(
        select(ReportRow.number, ReportRow.report_id, LinkedReport.cluster)
        .join(LinkedReport, LinkedReport.report == ReportRow.number)
        .where(among(ReportRow.report_id, _reports(ordered)))
    )
    found = {number: (report_id, cluster) for number, report_id, cluster in rows}
    live = {report_id for report_id, _ in found.values()}
    parts = sum(not live.isdisjoint(part) for part in ordered.parts)
    if parts < min(2, len(ordered.parts)):
        raise NothingToCut("too few of these reports are on file and linked")
    return {number: cluster for number, (_, cluster) in found.items()}


def _reports(ordered: CutOrder) -> list[UUID]:
    return [report for part in ordered.parts for report in part]
