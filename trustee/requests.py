"""Acts that wait for this trustee: fetched from the hub, checked against its own roster, signed or refused.

Nothing the hub says is taken on trust: the ticks are what this trustee's own mirror bears out.
"""

import datetime as dt
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from cairn_protocol.errors import BadRoster, ProtocolError
from cairn_protocol.messages.parties import (
    Act,
    Approval,
    Entry,
    Proposal,
    Proposals,
    Revocation,
    approve,
)
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.roster import Roster, act_id
from trustee.hub_link import HubLink
from trustee.storage.tables import RefusalRow


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal as staff see it: what it is, and whether this trustee's own roster bears it out."""

    id: str
    proposal: Proposal
    objection: str | None

    def words(self) -> str:
        """One line."""
        ticks = (
            f"NOT BORNE OUT: {self.objection}" if self.objection else "fits the roster, key held by the party"
        )
        approved = ", ".join(self.proposal.approved_by) or "nobody yet"
        return f"{self.id}  {describe(self.proposal.act)}  [{ticks}; approved by {approved}]"

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "id": self.id,
            "act": describe(self.proposal.act),
            "approved_by": list(self.proposal.approved_by),
            "verified": self.objection is None,
            "objection": self.objection,
        }


def describe(act: Act) -> str:
    """An act in words."""
    if isinstance(act, Entry):
        begins = dt.datetime.fromtimestamp(act.not_before, dt.UTC).isoformat(timespec="minutes")
        what = f"{act.role.value} {act.party}"
        if act.group is not None and act.sector is not None:
            what += f" of group {act.group} ({act.sector.value}, {len(act.families)} item families)"
        return f"enter {what} from {begins}"
    if isinstance(act, Revocation):
        return f"revoke the key of {act.party} at once"
    return f"allow group {act.group} {act.subjects} more subjects on {act.day}"


def waiting(hub: HubLink, roster: Roster, refused: set[str]) -> list[Waiting]:
    """What waits at the hub, without what staff refused. Raises HomeError if the hub does not answer."""
    answer = hub.get("/v1/roster/proposals")
    proposals = decode(answer.content, Proposals, culprit="hub").proposals
    return [
        Waiting(act_id(proposal.act), proposal, _objection(roster, proposal))
        for proposal in proposals
        if act_id(proposal.act) not in refused
    ]


def _objection(roster: Roster, proposal: Proposal) -> str | None:
    try:
        roster.check_act(proposal.act, proposal.possession)
    except ProtocolError as error:
        return error.detail
    return None


def sign(hub: HubLink, found: Waiting, trustee: str, key: Ed25519PrivateKey) -> None:
    """Approve a proposal and tell the hub. Raises BadRoster if our own roster does not bear it out."""
    if found.objection is not None:
        raise BadRoster(f"{found.id} does not fit the roster: {found.objection}")
    approval = Approval(trustee=trustee, signature=approve(found.proposal.act, key))
    hub.post(f"/v1/roster/proposals/{found.id}", encode(approval))


def refused(db: Session) -> set[str]:
    """The ids that staff refused."""
    return set(db.scalars(select(RefusalRow.act_id)))


def refuse(db: Session, identity: str) -> None:
    """Remember a refusal."""
    if db.get(RefusalRow, identity) is None:
        db.add(RefusalRow(act_id=identity))
