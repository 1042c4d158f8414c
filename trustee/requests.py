"""Acts that wait for this trustee: fetched from the hub, checked against its own roster, signed or refused.

Nothing the hub says is taken on trust: the ticks are what this trustee's own mirror bears out.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from cairn_protocol.errors import BadRoster, BadSignature, ProtocolError
from cairn_protocol.messages.parties import (
    Act,
    Allowance,
    Approval,
    Entry,
    Proposal,
    Proposals,
    Revocation,
    approve,
    check_possession,
)
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.roster import Roster, act_id, kind_of
from trustee.hub_link import HubLink
from trustee.storage.tables import RefusalRow


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal as staff see it.

    possession  whether the party proved that it holds its key; None where there is no key to hold
    objection   why the act does not fit this trustee's roster; None if it fits
    """

    id: str
    proposal: Proposal
    possession: bool | None
    objection: str | None

    def require(self) -> None:
        """Raise BadRoster unless this trustee's own roster bears it out."""
        if self.objection is not None:
            raise BadRoster(f"{self.id} does not fit this trustee's roster: {self.objection}")

    def words(self) -> str:
        """One line."""
        ticks = [f"DOES NOT FIT: {self.objection}" if self.objection else "fits this trustee's roster"]
        if self.possession is not None:
            ticks.append("key held by the party" if self.possession else "KEY NOT PROVEN")
        ticks.append(f"approved by {', '.join(self.proposal.approved_by) or 'nobody yet'}")
        return f"{self.id}  {describe(self.proposal.act)}  [{'; '.join(ticks)}]"

    def as_json(self) -> dict[str, Any]:
        """The same for programs: what the act says, who approved, and what this trustee verified."""
        return {
            "id": self.id,
            "act": describe(self.proposal.act),
            **_facts_of(self.proposal.act),
            "approved_by": list(self.proposal.approved_by),
            "possession": self.possession,
            "verified": self.objection is None,
            "objection": self.objection,
        }


def describe(act: Act) -> str:
    """An act in words."""
    if isinstance(act, Entry):
        begins = _moment(act.not_before)
        what = f"{act.role} {act.party}"
        if act.group is not None:
            families = ", ".join(act.families) or "none"
            what += f" of group {act.group} (place {act.group_index}), {act.sector}, item families {families}"
        return f"enter {what}, from {begins}"
    if isinstance(act, Revocation):
        return f"revoke the key of {act.party} at once"
    return f"allow group {act.group} {act.subjects} more subjects on {act.day}"


def _moment(at: int) -> str:
    try:
        return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError):  # the wire allows years that a calendar here does not
        return f"second {at}"


def _facts_of(act: Act) -> dict[str, Any]:
    kind = kind_of(act).value
    if isinstance(act, Entry):
        return {
            "kind": kind,
            "party": act.party,
            "role": act.role.value,
            "group": act.group,
            "group_index": act.group_index,
            "sector": act.sector and act.sector.value,
            "families": list(act.families),
            "not_before": act.not_before,
            "signing_key": act.signing_key.hex(),
        }
    if isinstance(act, Allowance):
        return {"kind": kind, "group": act.group, "day": act.day, "subjects": act.subjects}
    return {"kind": kind, "party": act.party, "signing_key": act.signing_key.hex()}


def waiting(hub: HubLink, roster: Roster, refused: set[str]) -> list[Waiting]:
    """What waits at the hub, without what staff refused. Raises HubUnreachable, HubRefuses, BadMessage."""
    proposals = decode(hub.get("/v1/roster/proposals").content, Proposals, culprit="hub").proposals
    return [
        Waiting(identity, proposal, _possession(proposal), _objection(roster, proposal))
        for proposal in proposals
        if (identity := act_id(proposal.act)) not in refused
    ]


def _possession(proposal: Proposal) -> bool | None:
    if not isinstance(proposal.act, Entry):
        return None
    try:
        check_possession(proposal.act, proposal.possession or b"")
    except BadSignature:
        return False
    return True


def _objection(roster: Roster, proposal: Proposal) -> str | None:
    try:
        roster.check_act(proposal.act, proposal.possession)
    except ProtocolError as error:
        return error.detail
    return None


def sign(hub: HubLink, found: Waiting, key: Ed25519PrivateKey) -> None:
    """Approve a proposal and tell the hub. Raises BadRoster if it is not borne out, HubUnreachable, HubRefuses."""
    found.require()
    approval = Approval(trustee=hub.trustee, signature=approve(found.proposal.act, key))
    hub.post(f"/v1/roster/proposals/{found.id}", encode(approval))


def refused(db: Session) -> set[str]:
    """The ids that staff refused."""
    return set(db.scalars(select(RefusalRow.act_id)))


def refuse(db: Session, identity: str) -> None:
    """Remember a refusal."""
    db.execute(insert(RefusalRow).values(act_id=identity).on_conflict_do_nothing())
