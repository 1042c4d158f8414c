"""Invitations: the operator names a party and its place; the party comes back once, with its own keys.

The word in an invitation is kept as a digest and good for one entry. Sending that entry
again gives the same answer, so a lost answer costs nothing. Whether the party then enters is
for t trustees to say.
"""

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.codes import UNLISTED_FAMILY, items
from cairn_protocol.errors import BadMessage, BadRoster
from cairn_protocol.match_lock import MAX_GROUP_INDEX
from cairn_protocol.messages.parties import (
    Enrolment,
    Invitation,
    Proposal,
    Role,
    Sector,
    TrusteeAddress,
)
from cairn_protocol.messages.wire import decode, digest_of, encode
from cairn_protocol.roster import Roster, act_id
from hub.errors import HubError
from hub.members.acts import propose, take_turn
from hub.members.roster import RosterHolder
from hub.members.tables import InvitationRow
from hub.services import Services


class InvitationUnusable(HubError):
    """The word is wrong, used for another entry, or too old; or the entry is not the invited one."""

    slug = "invitation-unusable"


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom the operator wants in. Group and sector for members, and only for them."""

    party: str
    role: Role
    group: str | None
    sector: Sector | None

    def __post_init__(self) -> None:
        of_a_member = self.role is Role.MEMBER
        if (self.group is not None) != of_a_member or (self.sector is not None) != of_a_member:
            raise BadRoster("members have a group and a sector, and only members")


async def invite(db: AsyncSession, services: Services, invited: Invited) -> Invitation:
    """Make an invitation and reserve its group's place. It replaces the party's earlier one.

    Raises BadRoster if the party stands on the roster in another role or group; BadMessage if a name or
    an address in the settings is not in form.
    """
    settings, genesis = services.settings, services.genesis
    await take_turn(db)
    roster = await services.roster.foreseen(db)
    earlier = [standing.entry for standing in roster.standings(invited.party)]
    if any((entry.role, entry.group) != (invited.role, invited.group) for entry in earlier):
        raise BadRoster("the party is on the roster in another role or group: it needs a new name")
    word = secrets.token_bytes(32)
    row = await db.get(InvitationRow, invited.party) or InvitationRow(party=invited.party)
    row.word_hash = _hash(word)
    row.role, row.group, row.sector = invited.role, invited.group, invited.sector
    row.group_index = None if invited.group is None else await _place_of(db, roster, invited.group)
    row.not_before = int(time.time()) + settings.roster_delay_seconds
    row.expires_at = datetime.now(UTC) + timedelta(days=settings.invitation_days)
    row.act_id = None
    db.add(row)
    await db.flush()
    invitation = Invitation(
        hub=settings.url,
        genesis_digest=digest_of(genesis),
        trustees=tuple(
            TrusteeAddress(id=one.id, url=settings.trustees[one.id])
            for one in genesis.trustees
            if one.id in settings.trustees
        ),
        party=invited.party,
        role=invited.role,
        group=invited.group,
        group_index=row.group_index,
        sector=invited.sector,
        not_before=row.not_before,
        word=word,
    )
    return decode(encode(invitation), Invitation)


async def enrol(db: AsyncSession, roster: RosterHolder, enrolment: Enrolment) -> Proposal:
    """Propose the entry of a party that holds an invitation's word.

    Raises InvitationUnusable; BadMessage for unknown item families; BadRoster or BadSignature as `propose`.
    """
    await take_turn(db)
    entry = enrolment.entry
    row = await db.scalar(select(InvitationRow).where(InvitationRow.word_hash == _hash(enrolment.word)))
    if row is None or row.expires_at < datetime.now(UTC):
        raise InvitationUnusable("no invitation with this word is open")
    if row.act_id not in (None, act_id(entry)):
        raise InvitationUnusable("the word was used for an entry with other keys or families")
    said = (entry.party, entry.role, entry.group, entry.group_index, entry.sector, entry.not_before)
    if said != (row.party, row.role, row.group, row.group_index, row.sector, row.not_before):
        raise InvitationUnusable("the entry says something else than the invitation")
    if list(entry.families) != sorted(set(entry.families) & _families()):
        raise BadMessage("item families that are in no list, out of order, or twice")
    row.act_id = act_id(entry)
    return await propose(db, roster, entry, enrolment.possession)


async def _place_of(db: AsyncSession, roster: Roster, group: str) -> int:
    """The group's place: the one it has or was promised, else the next free one. Raises BadRoster if none is left."""
    if (known := roster.group_index(group)) is not None:
        return known
    reserved = await db.scalar(select(InvitationRow.group_index).where(InvitationRow.group == group).limit(1))
    if reserved is not None:
        return reserved
    highest = await db.scalar(select(func.max(InvitationRow.group_index))) or 0
    place = max(roster.next_group_index(), highest + 1)
    if place > MAX_GROUP_INDEX:
        raise BadRoster(f"there are places for {MAX_GROUP_INDEX} groups")
    return place


def _families() -> frozenset[str]:
    return items().family_codes | {UNLISTED_FAMILY}


def _hash(word: bytes) -> bytes:
    return sha256(word).digest()
