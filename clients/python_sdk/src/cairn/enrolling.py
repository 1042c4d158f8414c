"""Becoming a party: own keys, an entry signed with them, and the trustees' decision.

The keys are kept before anything is sent, so an enrolment that was cut off can be sent
again and is the same.
"""

import asyncio
from pathlib import Path

from cairn.client.connection import Connection
from cairn.client.enrolment import enrol
from cairn.client.genesis import pinned_genesis
from cairn.home import Home, HomeError, Profile
from cairn.raw import keys as key_file
from cairn.raw.keys import MemberKeys
from cairn_protocol.codes import UNLISTED_FAMILY, items
from cairn_protocol.errors import BadMessage
from cairn_protocol.messages.parties import Invitation
from cairn_protocol.messages.wire import decode
from cairn_protocol.roster import act_id


def read_invitation(path: Path) -> Invitation:
    """The invitation in a file. Raises HomeError if it is none."""
    try:
        return decode(path.read_bytes().strip(), Invitation)
    except (OSError, BadMessage) as cause:
        raise HomeError(
            "that file is no invitation: ask the operator for it again, and save it as it came"
        ) from cause


def family_codes(typed: str) -> tuple[str, ...]:
    """Family codes from "FAM-VAC,FAM-ENR" or "all", sorted. Raises HomeError for an unknown one."""
    known = {code for code in items().family_codes if code != UNLISTED_FAMILY}
    if typed.strip().lower() == "all":
        return tuple(sorted(known))
    chosen = {part.strip().upper() for part in typed.split(",") if part.strip()}
    if not chosen <= known:
        raise HomeError("there is no such item family; the codes are " + ", ".join(sorted(known)))
    return tuple(sorted(chosen))


def enrol_with(home: Home, invitation: Invitation, families: tuple[str, ...], word: str) -> str:
    """Make keys, send the entry, keep the profile. Returns the id by which trustees know the request.

    Raises HomeError, WrongPassphrase (keys of an earlier try are used again), and what the hub refuses.
    """
    home.create()
    keys = key_file.load(home, word) if home.keys.exists() else MemberKeys.fresh()
    key_file.save(home, keys, word)
    act = asyncio.run(_send(home, invitation, families, keys))
    home.save_profile(
        Profile(
            hub=invitation.hub,
            genesis_digest=invitation.genesis_digest,
            trustees=invitation.trustees,
            party=invitation.party,
            role=invitation.role,
            group=invitation.group,
            group_index=invitation.group_index,
            sector=invitation.sector,
            families=families,
        )
    )
    return act


def change_keys(home: Home, invitation: Invitation, word: str) -> str:
    """Ask the trustees to take new keys for this party. Returns the id by which they know the request.

    The old keys stay in force, and in use, until the log has the new entry (`adopt_keys`). The register
    key stays, so report ids do. Raises HomeError for an invitation of another party, and as `enrol_with`.
    """
    profile = home.profile()
    if (invitation.party, invitation.genesis_digest) != (profile.party, profile.genesis_digest):
        raise HomeError(f"that invitation is not for {profile.party} of this network")
    if home.next_keys.exists():
        keys = key_file.load(home, word, for_later=True)
    else:
        keys = key_file.load(home, word).renewed()
        key_file.save(home, keys, word, for_later=True)
    return asyncio.run(_send(home, invitation, profile.families, keys))


def adopt_keys(home: Home, word: str, signing_key: bytes) -> bool:
    """Take the waiting keys into use if `signing_key`, by the roster, is theirs. Whether they were."""
    if not home.next_keys.exists():
        return False
    waiting = key_file.load(home, word, for_later=True)
    if waiting.signing.public_key().public_bytes_raw() != signing_key:
        return False
    home.next_keys.replace(home.keys)
    return True


async def _send(home: Home, invitation: Invitation, families: tuple[str, ...], keys: MemberKeys) -> str:
    urls = {trustee.id: trustee.url for trustee in invitation.trustees}
    async with Connection(invitation.hub, urls, invitation.genesis_digest, home.state) as connection:
        await pinned_genesis(connection)
        sealing = keys.sealing.public_key().public_bytes_raw()
        proposal = await enrol(connection, invitation, keys.signing, sealing, families)
    return act_id(proposal.act)
