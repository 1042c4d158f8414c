"""Entering, leaving and allowances: proposed by the operator or a party, decided by t trustees, in force by the log."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import BadMessage, BadRoster, BadSignature
from cairn_protocol.messages.parties import (
    Allowance,
    Approval,
    Enrolment,
    Entry,
    Invitation,
    Proposal,
    Revocation,
    Role,
    Sector,
)
from cairn_protocol.roster import Roster, act_id
from hub.founding import begin
from hub.members.acts import UnknownProposal, approve, propose, waiting
from hub.members.invitations import InvitationUnusable, Invited, enrol, invite
from hub.members.roster import RosterDamaged, RosterHolder
from hub.services import Services
from hub.storage.database import Store
from hub.translog.sequence import sequence
from tests.support.hub import hub_settings
from tests.support.parties import member, parties, possession

pytestmark = pytest.mark.anyio

TRUSTEES = {name: f"http://{name}.example" for name in ("t1", "t2", "t3")}


class Office:
    """A hub without a server: what its operator, parties and trustees ask of it, each in a transaction."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.store = services.store

    async def invite(self, party: str, group: str | None = "aldous", role: Role = Role.MEMBER) -> Invitation:
        sector = Sector.EXPORTER if role is Role.MEMBER else None
        invited = Invited(party, role, group, sector)
        return await self.store.transact("invite", lambda db: invite(db, self.services, invited))

    async def enrol(self, sent: Enrolment) -> Proposal:
        return await self.store.transact("enrol", lambda db: enrol(db, self.services.roster, sent))

    async def propose(self, act: Entry | Revocation | Allowance, possession: bytes | None = None) -> Proposal:
        return await self.store.transact(
            "propose", lambda db: propose(db, self.services.roster, act, possession)
        )

    async def approve(self, name: str, approval: Approval) -> Proposal:
        genesis, roster = self.services.genesis, self.services.roster
        return await self.store.transact("approve", lambda db: approve(db, genesis, roster, name, approval))

    async def decide(self, act: Entry | Revocation | Allowance, by: tuple[str, ...] = ("t1", "t2")) -> None:
        for trustee in by:
            await self.approve(act_id(act), parties().approval(act, trustee))

    async def place(self) -> None:
        key, origin = parties().hub_key, parties().genesis.origin
        await self.store.transact("sequence", lambda db: sequence(db, origin, key))

    async def waiting(self) -> list[Proposal]:
        return list((await self.store.read("waiting", waiting)).proposals)

    async def in_force(self, party: str) -> Entry | None:
        roster = await self.store.read("roster", self.services.roster.current)
        standings = roster.standings(party)
        return standings[-1].entry if standings and standings[-1].revoked_at is None else None

    async def enter(self, party: str, group: str) -> Ed25519PrivateKey:
        """The whole way."""
        invitation = await self.invite(party, group)
        sent, key = enrolment(invitation)
        await self.enrol(sent)
        await self.decide(sent.entry)
        await self.place()
        return key


@pytest.fixture
async def office(database_url: str, tmp_path: Path, anyio_backend: str) -> AsyncIterator[Office]:
    settings = hub_settings(tmp_path, database_url, parties(), TRUSTEES)
    async with Store.connect(database_url, settings) as store:
        await store.transact("begin", lambda db: begin(db, parties().signed))
    async with Services.open(settings, database_url) as services:
        office = Office(services)
        await office.place()
        yield office


def enrolment(
    invitation: Invitation, key: Ed25519PrivateKey | None = None, families: tuple[str, ...] = ("ALL",)
) -> tuple[Enrolment, Ed25519PrivateKey]:
    """What a firm sends, under a fresh key unless told."""
    key = key or Ed25519PrivateKey.generate()
    entry = invitation.entry(key.public_key().public_bytes_raw(), None, families)
    return Enrolment(word=invitation.word, entry=entry, possession=possession(entry, key)), key


async def test_a_party_is_in_force_once_t_trustees_approved_and_the_log_has_it(office: Office) -> None:
    sent, _ = enrolment(await office.invite("m13"))
    await office.enrol(sent)
    await office.decide(sent.entry, by=("t2",))
    await office.place()
    assert await office.in_force("m13") is None
    assert [(one.act, one.approved_by) for one in await office.waiting()] == [(sent.entry, ("t2",))]

    await office.decide(sent.entry, by=("t3",))
    assert await office.waiting() == []
    assert await office.in_force("m13") is None  # promised, and not in the log yet
    await office.place()
    assert await office.in_force("m13") == sent.entry


async def test_one_trustee_that_approves_twice_counts_once(office: Office) -> None:
    sent, _ = enrolment(await office.invite("m13"))
    await office.enrol(sent)
    await office.decide(sent.entry, by=("t2", "t2", "t2"))

    assert len(await office.waiting()) == 1


async def test_the_same_enrolment_again_gets_the_same_answer(office: Office) -> None:
    """A lost answer costs nothing, before and after the trustees decided."""
    sent, _ = enrolment(await office.invite("m13"))
    first = await office.enrol(sent)
    assert await office.enrol(sent) == first

    await office.decide(sent.entry)
    await office.place()
    again = await office.enrol(sent)
    assert (again.act, again.approved_by) == (sent.entry, ("t1", "t2"))


async def test_a_word_is_good_for_one_entry(office: Office) -> None:
    invitation = await office.invite("m13")
    await office.enrol(enrolment(invitation)[0])

    with pytest.raises(InvitationUnusable):
        await office.enrol(enrolment(invitation)[0])


@pytest.mark.parametrize(
    "changed",
    [
        {"party": "m14"},
        {"group": "barlow"},
        {"group_index": 9},
        {"sector": Sector.INSURER},
        {"not_before": 0},
        {"role": Role.ANALYST, "group": None, "group_index": None, "sector": None},
    ],
)
async def test_a_party_enters_as_invited_and_not_otherwise(
    office: Office, changed: dict[str, object]
) -> None:
    sent, key = enrolment(await office.invite("m13"))
    entry = msgspec.structs.replace(sent.entry, **changed)

    with pytest.raises(InvitationUnusable):
        await office.enrol(Enrolment(word=sent.word, entry=entry, possession=possession(entry, key)))


@pytest.mark.parametrize("families", [("FAM-NONE",), ("FAM-VAC", "FAM-COM"), ("FAM-VAC", "FAM-VAC")])
async def test_a_party_declares_families_of_the_list(office: Office, families: tuple[str, ...]) -> None:
    """Coverage counts them, so a made-up one would count for nothing without anybody noticing."""
    with pytest.raises(BadMessage):
        await office.enrol(enrolment(await office.invite("m13"), families=families)[0])


async def test_nobody_enters_with_a_guessed_or_an_expired_word(office: Office, database_url: str) -> None:
    sent, _ = enrolment(await office.invite("m13"))
    with pytest.raises(InvitationUnusable):
        await office.enrol(msgspec.structs.replace(sent, word=bytes(32)))

    with psycopg.connect(database_url) as db:
        db.execute("UPDATE invitations SET expires_at = %s", (datetime.now(UTC) - timedelta(seconds=1),))
    with pytest.raises(InvitationUnusable):
        await office.enrol(sent)


async def test_the_word_is_not_in_the_database(office: Office, database_url: str) -> None:
    invitation = await office.invite("m13")

    with psycopg.connect(database_url) as db:
        (row,) = db.execute("SELECT i::text FROM invitations i").fetchall()
    assert invitation.word.hex() not in row[0]


async def test_nobody_enters_under_a_key_it_does_not_hold(office: Office) -> None:
    sent, _ = enrolment(await office.invite("m13"))
    forged = possession(sent.entry, Ed25519PrivateKey.generate())

    with pytest.raises(BadSignature):
        await office.enrol(msgspec.structs.replace(sent, possession=forged))
    assert await office.waiting() == []


async def test_an_approval_is_by_a_trustee_of_the_genesis_and_for_this_act(office: Office) -> None:
    sent, key = enrolment(await office.invite("m13"))
    await office.enrol(sent)
    name = act_id(sent.entry)
    other = Revocation(party="m13", signing_key=bytes(32))

    with pytest.raises(BadSignature, match="trustee:t1"):
        await office.approve(name, parties().approval(other, "t1"))
    with pytest.raises(BadSignature):
        await office.approve(
            name, msgspec.structs.replace(parties().approval(sent.entry, "t1"), trustee="t2")
        )
    with pytest.raises(BadRoster):
        await office.approve(name, Approval(trustee="t9", signature=key.sign(b"")))
    with pytest.raises(UnknownProposal):
        await office.approve("0" * 16, parties().approval(sent.entry, "t1"))


async def test_a_group_has_one_place_and_the_next_group_another(office: Office) -> None:
    first = await office.invite("m01", "aldous")
    second = await office.invite("m02", "barlow")
    third = await office.invite("m03", "aldous")
    assert (first.group_index, second.group_index, third.group_index) == (1, 2, 1)

    await office.enter("m04", "corvin")
    assert (await office.invite("m05", "corvin")).group_index == 3
    assert (await office.invite("m06", "dexter")).group_index == 4


async def test_invitations_at_once_reserve_different_places(office: Office) -> None:
    invitations = await asyncio.gather(*(office.invite(f"m{at:02}", f"group-{at}") for at in range(8)))

    assert sorted(one.group_index or 0 for one in invitations) == list(range(1, 9))


async def test_a_new_invitation_voids_the_earlier_one(office: Office) -> None:
    earlier, _ = enrolment(await office.invite("m13"))
    await office.invite("m13")

    with pytest.raises(InvitationUnusable):
        await office.enrol(earlier)


async def test_a_new_enrolment_replaces_the_proposal_that_waits(office: Office) -> None:
    """The party has lost the earlier keys: approving them would let nobody in."""
    lost, _ = enrolment(await office.invite("m13"))
    await office.enrol(lost)
    sent, _ = enrolment(await office.invite("m13"))
    await office.enrol(sent)

    assert [one.act for one in await office.waiting()] == [sent.entry]
    with pytest.raises(UnknownProposal):
        await office.decide(lost.entry)


async def test_a_party_changes_its_key_and_not_its_role(office: Office) -> None:
    await office.enter("m13", "aldous")
    with pytest.raises(BadRoster):
        await office.invite("m13", "barlow")
    with pytest.raises(BadRoster):
        await office.invite("m13", None, Role.ANALYST)

    key = await office.enter("m13", "aldous")
    entry = await office.in_force("m13")
    assert entry is not None
    assert entry.signing_key == key.public_key().public_bytes_raw()


async def test_a_revoked_key_is_out_of_force_and_does_not_come_back(office: Office) -> None:
    key = await office.enter("m13", "aldous")
    entry = await office.in_force("m13")
    assert entry is not None
    revocation = Revocation(party="m13", signing_key=entry.signing_key)
    await office.propose(revocation)
    await office.decide(revocation)
    await office.place()
    assert await office.in_force("m13") is None

    with pytest.raises(BadRoster):
        await office.enrol(enrolment(await office.invite("m13"), key, families=("FAM-VAC",))[0])


async def test_acts_that_contradict_each_other_are_never_both_promised(office: Office) -> None:
    """Both would fit alone; the second would make every reader refuse the log."""
    first, key = member("m01", "aldous", 1)
    second, other_key = member("m02", "barlow", 1)
    await office.propose(first, possession(first, key))
    await office.propose(second, possession(second, other_key))
    await office.decide(first, by=("t1", "t2"))  # promised, and not in the log yet
    await office.decide(second, by=("t1",))

    with pytest.raises(BadRoster):
        await office.decide(second, by=("t2",))
    await office.place()
    assert await office.in_force("m01") == first
    assert await office.in_force("m02") is None


async def test_an_allowance_counts_once_in_the_log(office: Office) -> None:
    await office.enter("m13", "aldous")
    allowance = Allowance(group="aldous", day="2026-11-24", subjects=20_000)
    assert await office.propose(allowance) == await office.propose(allowance)
    await office.decide(allowance, by=("t1", "t2", "t3"))
    await office.place()

    roster = await office.store.read("roster", office.services.roster.current)
    assert roster.allowance("aldous", "2026-11-24") == 20_000


async def test_an_act_that_was_edited_in_the_table_is_not_taken_in(office: Office, database_url: str) -> None:
    """G8: the hub's own database can't add a member."""
    await office.enter("m13", "aldous")
    with psycopg.connect(database_url) as db:
        (content,) = db.execute("SELECT content FROM translog_leaves WHERE leaf_index = 1").fetchone() or (
            b"",
        )
        edited = content.replace(b'"m13"', b'"m14"')
        db.execute("UPDATE translog_leaves SET content = %s WHERE leaf_index = 1", (edited,))

    with pytest.raises(RosterDamaged):
        await office.store.read("roster", RosterHolder(parties().genesis).current)


async def test_two_readers_at_once_apply_each_leaf_once(office: Office) -> None:
    for at in range(3):
        sent, _ = enrolment(await office.invite(f"m{at:02}", f"group-{at}"))
        await office.enrol(sent)
        await office.decide(sent.entry)
    await office.place()

    together = asyncio.Barrier(3)

    async def read(db: AsyncSession) -> Roster:
        await db.connection()
        await together.wait()
        return await office.services.roster.current(db)

    roster, *_ = await asyncio.gather(*(office.store.read("roster", read) for _ in range(3)))
    assert [len(roster.standings(f"m{at:02}")) for at in range(3)] == [1, 1, 1]
