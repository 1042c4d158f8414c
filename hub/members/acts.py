"""Acts on the roster: proposed, approved by trustees one by one, and at t approvals promised to the log.

The t-th approval and the promise are one commit, so an act is in the log exactly if enough
trustees agreed to it. Whoever promises an act first takes its turn: two acts that contradict
each other are never both promised, for a log with an act that can't stand would be refused
by everyone.
"""

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import BadRoster
from cairn_protocol.messages.log import content_digest
from cairn_protocol.messages.parties import (
    Act,
    Approval,
    ApprovedAct,
    Entry,
    Genesis,
    Proposal,
    Proposals,
    check_approval,
)
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.roster import act_id, kind_of, leaf_content
from hub.errors import HubError
from hub.members.roster import RosterHolder
from hub.members.tables import ApprovalRow, ProposalRow
from hub.translog.promise import promise

# Any number will do, as long as no other lock of ours has it.
ACTS_LOCK = 0x6163_7473

MOST_PROPOSALS = 1_000


class UnknownProposal(HubError):
    """No act of that id was proposed, or another enrolment of the party replaced it."""

    slug = "unknown-proposal"


async def take_turn(db: AsyncSession) -> None:
    """Until this transaction ends, no other proposes, reserves or promises anything on the roster."""
    await db.execute(select(func.pg_advisory_xact_lock(ACTS_LOCK)))


async def propose(db: AsyncSession, roster: RosterHolder, act: Act, possession: bytes | None) -> Proposal:
    """Put an act up for approval. The same act again is the same proposal.

    possession  for an entry, the party's signature over it

    Raises BadRoster or BadSignature if the act can't stand, however many approve it; BadMessage for an
    act that is not in form.
    """
    await take_turn(db)
    name = act_id(act)
    if (row := await db.get(ProposalRow, name)) is not None:
        return await _as_it_stands(db, row)
    (await roster.foreseen(db)).check_act(act, possession)
    party = act.party if isinstance(act, Entry) else None
    if party is not None:  # it has new keys, so approving its earlier entry would help nobody
        await db.execute(
            delete(ProposalRow).where(ProposalRow.party == party, ProposalRow.leaf_hash.is_(None))
        )
    proposal = decode(encode(Proposal(act=act, possession=possession, approved_by=())), Proposal)
    db.add(ProposalRow(act_id=name, party=party, proposal=encode(proposal), leaf_hash=None))
    await db.flush()
    return proposal


async def approve(
    db: AsyncSession, genesis: Genesis, roster: RosterHolder, name: str, approval: Approval
) -> Proposal:
    """Keep a trustee's approval of the act `name`; with the t-th, promise the act's leaf.

    Raises UnknownProposal; BadRoster for a trustee the genesis doesn't name, or for an act that no longer
    fits; BadSignature, naming the trustee.
    """
    await take_turn(db)
    row = await db.get(ProposalRow, name)
    if row is None:
        raise UnknownProposal("no act of that id waits for approval")
    proposed = decode(row.proposal, Proposal)
    trustee = next((one for one in genesis.trustees if one.id == approval.trustee), None)
    if trustee is None:
        raise BadRoster("an approval by nobody the genesis names")
    check_approval(proposed.act, trustee, approval.signature)
    kept = {"act_id": name, "trustee": approval.trustee, "signature": approval.signature}
    await db.execute(insert(ApprovalRow).values(kept).on_conflict_do_nothing())

    approvals = await _approvals(db, name)
    if row.leaf_hash is None and len(approvals) >= genesis.t:
        in_order = tuple(approvals[one.id] for one in genesis.trustees if one.id in approvals)
        approved = ApprovedAct(act=proposed.act, possession=proposed.possession, approvals=in_order)
        (await roster.foreseen(db)).check(approved)
        content = leaf_content(approved)
        row.leaf_hash = await promise(db, kind_of(proposed.act), content_digest(content), content)
        await db.flush()
    return await _as_it_stands(db, row)


async def waiting(db: AsyncSession) -> Proposals:
    """The acts that wait for approvals."""
    rows = select(ProposalRow).where(ProposalRow.leaf_hash.is_(None)).order_by(ProposalRow.act_id)
    found = (await db.scalars(rows.limit(MOST_PROPOSALS))).all()
    return Proposals(proposals=tuple([await _as_it_stands(db, row) for row in found]))


async def _as_it_stands(db: AsyncSession, row: ProposalRow) -> Proposal:
    proposed = decode(row.proposal, Proposal)
    approved_by = tuple(sorted(await _approvals(db, row.act_id)))
    return Proposal(act=proposed.act, possession=proposed.possession, approved_by=approved_by)


async def _approvals(db: AsyncSession, name: str) -> dict[str, Approval]:
    rows = (await db.scalars(select(ApprovalRow).where(ApprovalRow.act_id == name))).all()
    return {row.trustee: Approval(trustee=row.trustee, signature=row.signature) for row in rows}
