"""Who may act follows from the log alone, and neither the hub nor too few trustees can bend it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.errors import BadMessage, BadRoster, BadSignature, RevokedSigner, UnknownSigner
from cairn_protocol.messages.log import LeafKind
from cairn_protocol.messages.parties import (
    Act,
    Allowance,
    Approval,
    ApprovedAct,
    Entry,
    Genesis,
    Revocation,
    Role,
    Sector,
    SignedGenesis,
    approve,
    prove_possession,
)
from cairn_protocol.messages.wire import digest_of, encode
from cairn_protocol.roster import Roster, act_id, check_genesis, kind_of, leaf_content
from tests.support.keys import genesis, public, sealing_key, seed, signed, signing_key

FOUNDED = genesis(3, 2)


def entry(party: str = "m00", key: Ed25519PrivateKey | None = None, **changed: Any) -> Entry:
    """A member's entry under a key of its own, but for what is changed."""
    told: dict[str, Any] = {
        "party": party,
        "role": Role.MEMBER,
        "group": "g00",
        "group_index": 1,
        "sector": Sector.EXPORTER,
        "families": ("FAM-VAC",),
        "signing_key": public(key or signing_key(party)),
        "sealing_key": None,
        "not_before": 1_000,
    }
    return Entry(**(told | changed))


def analyst(party: str = "a00", **changed: Any) -> Entry:
    return entry(
        party, **({"role": Role.ANALYST, "group": None, "group_index": None, "sector": None} | changed)
    )


@dataclass
class Log:
    """A roster that grows leaf by leaf, as anyone computes it."""

    roster: Roster = field(default_factory=lambda: Roster(FOUNDED))
    leaves: int = 0

    def add(
        self,
        act: Act,
        by: tuple[str, ...] = ("t1", "t2"),
        key: Ed25519PrivateKey | None = None,
        possession: bytes | None = None,
    ) -> bytes:
        """One more leaf, whose content is returned. `key` proves possession; an entry's own party's unless told."""
        if isinstance(act, Entry) and possession is None:
            possession = prove_possession(act, key or signing_key(act.party))
        content = leaf_content(ApprovedAct(act=act, possession=possession, approvals=approved(act, by)))
        self.replay(content)
        return content

    def replay(self, content: bytes) -> None:
        self.leaves += 1
        self.roster.apply(self.leaves, content)


def approved(act: Act, by: tuple[str, ...]) -> tuple[Approval, ...]:
    return tuple(Approval(trustee=name, signature=approve(act, signing_key(name))) for name in by)


def refused(log: Log, act: Act, **how: Any) -> BadRoster:
    """Why the act can't stand; the roster is as it was."""
    parties = list(log.roster.parties())
    with pytest.raises(BadRoster) as error:
        log.add(act, **how)
    assert list(log.roster.parties()) == parties
    return error.value


def in_force(log: Log, party: str, now: int = 2_000) -> bytes:
    return log.roster.entry(party, now).signing_key


# Entering


def test_an_entry_with_t_approvals_is_in_force_from_its_time_on() -> None:
    log = Log()
    log.add(entry())
    with pytest.raises(UnknownSigner):
        log.roster.entry("m00", 999)
    assert log.roster.entry("m00", 1_000) == entry()
    assert log.roster.in_force(Role.MEMBER, 1_000) == [entry()]
    assert log.roster.in_force(Role.MEMBER, 999) == log.roster.in_force(Role.ANALYST, 1_000) == []
    assert log.roster.group_index("g00") == 1 and log.roster.next_group_index() == 2
    with pytest.raises(UnknownSigner) as unknown:
        log.roster.entry("m01", 1_000, culprit="member:m01")
    assert unknown.value.culprit == "member:m01"


@pytest.mark.parametrize(
    "by",
    [(), ("t1",), ("t1", "t1"), ("t1", "t4"), ("t4", "t5"), ("t1", "hub"), ("t1", "t2", "t2")],
    ids=lambda by: "+".join(by) or "nobody",
)
def test_fewer_than_t_distinct_trustees_of_the_genesis_change_nothing(by: tuple[str, ...]) -> None:
    refused(Log(), entry(), by=by)


@given(by=st.lists(st.sampled_from(["t1", "t2", "t3", "t4", "t5", "t6"]), max_size=6))
def test_an_act_stands_exactly_if_t_distinct_trustees_and_nobody_else_approved(by: list[str]) -> None:
    log = Log(Roster(genesis(5, 3)))
    stands = len(set(by)) == len(by) >= 3 and "t6" not in by
    try:
        log.add(entry(), by=tuple(by))
    except BadRoster:
        assert not stands
    else:
        assert stands


def test_a_false_approval_names_its_trustee() -> None:
    act = entry()
    right, other = approved(act, ("t1",))[0], approved(entry("m01"), ("t2",))[0]
    by_the_hub = Approval(trustee="t2", signature=approve(act, signing_key("hub")))
    for false in (other, by_the_hub, Approval(trustee="t2", signature=right.signature)):
        possession = prove_possession(act, signing_key("m00"))
        content = leaf_content(ApprovedAct(act=act, possession=possession, approvals=(right, false)))
        with pytest.raises(BadSignature) as error:
            Roster(FOUNDED).apply(1, content)
        assert error.value.culprit == "trustee:t2"


def test_nobody_enters_under_a_key_it_does_not_hold() -> None:
    act = entry()
    for possession in (
        prove_possession(act, signing_key("m01")),
        prove_possession(entry(not_before=5), signing_key("m00")),
        signing_key("m00").sign(encode(act)),
        bytes(64),
    ):
        with pytest.raises(BadSignature) as error:
            Log().add(act, possession=possession)
        assert error.value.culprit == "member:m00"
    content = leaf_content(ApprovedAct(act=act, possession=None, approvals=approved(act, ("t1", "t2"))))
    with pytest.raises(BadRoster):
        Roster(FOUNDED).apply(1, content)


WEAK_KEYS = [bytes([1]) + bytes(31), bytes([1]) + bytes(30) + b"\x80", b"\xee" + b"\xff" * 30 + b"\x7f"]


@pytest.mark.parametrize("weak", WEAK_KEYS, ids=lambda key: key.hex()[:4] + key.hex()[-2:])
def test_nobody_enters_under_a_key_that_anybody_can_sign_for(weak: bytes) -> None:
    """The curve's neutral element: one signature holds for every text, so nothing it signs could be held to it."""
    with pytest.raises(BadSignature):
        Log().add(entry(signing_key=weak), possession=bytes([1]) + bytes(63))


@pytest.mark.parametrize("missing", ["group", "group_index", "sector"])
def test_members_have_group_place_and_sector(missing: str) -> None:
    absent: dict[str, Any] = {missing: None}
    refused(Log(), entry(**absent))


@pytest.mark.parametrize("role", [Role.ANALYST, Role.REVIEWER, Role.LIAISON])
def test_nobody_but_members_has_a_group_a_place_or_a_sector(role: Role) -> None:
    """Else an analyst's entry could take a group's place, or be counted among the groups."""
    log = Log()
    log.add(analyst(role=role))
    for told in ({"group": "g00"}, {"group_index": 1}, {"sector": Sector.INSURER}):
        refused(Log(), analyst(role=role, **told))
    refused(Log(), analyst(role=role, group="g00", group_index=1))
    refused(Log(), analyst(role=role, group="g00", group_index=1, sector=Sector.INSURER))
    assert log.roster.group_index("g00") is None


@pytest.mark.parametrize("name", ["hub", "t1", "t3"])
def test_nobody_is_called_as_the_hub_or_a_trustee_is(name: str) -> None:
    """Requests and errors name who signed by these."""
    refused(Log(), entry(name))


@pytest.mark.parametrize("owner", ["hub", "t1"])
def test_the_hubs_and_trustees_keys_are_no_partys(owner: str) -> None:
    refused(Log(), entry(key=signing_key(owner)), key=signing_key(owner))


def test_a_key_is_one_partys_for_ever() -> None:
    log = Log()
    log.add(entry("m00"))
    stolen = entry("m01", signing_key("m00"), group="g01", group_index=2)
    refused(log, stolen, key=signing_key("m00"))
    log.add(Revocation(party="m00", signing_key=public(signing_key("m00"))))
    refused(log, stolen, key=signing_key("m00"))


# Groups


def test_a_group_has_one_place_for_ever_and_no_two_share_one() -> None:
    log = Log()
    log.add(entry("m00"))
    log.add(entry("m01"))  # a second firm of the group
    refused(log, entry("m02", group_index=2))
    refused(log, entry("m02", group="g01", group_index=1))
    log.add(entry("m02", group="g01", group_index=2))
    assert log.roster.next_group_index() == 3
    log.add(Revocation(party="m02", signing_key=public(signing_key("m02"))))
    refused(log, entry("m03", group="g02", group_index=2))


def test_a_party_changes_neither_role_nor_group() -> None:
    log = Log()
    log.add(entry())
    log.add(analyst())
    new = signing_key("new")
    refused(log, entry("m00", new, group="g01", group_index=2), key=new)
    refused(log, analyst("m00", signing_key=public(new)), key=new)
    refused(log, entry("a00", new, group="g01", group_index=2), key=new)
    refused(log, analyst("a00", role=Role.LIAISON, signing_key=public(new)), key=new)


# Changing a key


def test_a_new_key_counts_from_its_time_and_the_old_one_until_then() -> None:
    log, new = Log(), signing_key("m00", "new")
    log.add(entry())
    log.add(entry("m00", new, not_before=5_000), key=new)
    assert in_force(log, "m00", 4_999) == public(signing_key("m00"))
    assert in_force(log, "m00", 5_000) == public(new)
    assert [standing.leaf_index for standing in log.roster.standings("m00")] == [1, 2]


def test_a_new_key_is_proven_by_itself_and_not_by_the_old_one() -> None:
    log, new = Log(), signing_key("m00", "new")
    log.add(entry())
    with pytest.raises(BadSignature):
        log.add(entry("m00", new), key=signing_key("m00"))


def test_an_old_entry_shown_again_does_not_bring_its_key_back() -> None:
    """The hub holds its approvals for ever; a second leaf of it would undo the change."""
    log, new = Log(), signing_key("m00", "new")
    old = log.add(entry())
    log.add(entry("m00", new), key=new)
    with pytest.raises(BadRoster):
        log.replay(old)
    refused(log, entry(), by=("t2", "t3"))  # nor with other approvals
    assert in_force(log, "m00") == public(new)


# Revocation


def test_a_revocation_is_at_once_and_for_that_key_alone() -> None:
    log = Log()
    log.add(entry("m00"))
    log.add(entry("m01"))
    log.add(Revocation(party="m00", signing_key=public(signing_key("m00"))))
    for now in (1_000, 2_000, 2**40):
        with pytest.raises(RevokedSigner) as error:
            log.roster.entry("m00", now, culprit="member:m00")
        assert error.value.culprit == "member:m00"
        assert log.roster.in_force(Role.MEMBER, now) == [entry("m01")]
    assert log.roster.standings("m00")[0].revoked_at == 3


def test_a_revoked_key_does_not_come_back_but_its_party_does() -> None:
    log, new = Log(), signing_key("m00", "new")
    log.add(entry())
    log.add(Revocation(party="m00", signing_key=public(signing_key("m00"))))
    refused(log, entry(not_before=3_000))
    log.add(entry("m00", new, not_before=3_000), key=new)
    assert in_force(log, "m00", 3_000) == public(new)
    with pytest.raises(RevokedSigner):
        log.roster.entry("m00", 2_999)


def test_a_key_that_entered_twice_is_revoked_whole() -> None:
    log = Log()
    log.add(entry())
    log.add(entry(families=("ALL",), not_before=1_500))
    log.add(Revocation(party="m00", signing_key=public(signing_key("m00"))))
    for now in (1_200, 1_600):
        with pytest.raises(RevokedSigner):
            log.roster.entry("m00", now)


def test_an_old_key_does_not_come_back_by_revoking_the_new_one() -> None:
    log, new = Log(), signing_key("m00", "new")
    log.add(entry())
    log.add(entry("m00", new), key=new)
    log.add(Revocation(party="m00", signing_key=public(new)))
    with pytest.raises(RevokedSigner):
        log.roster.entry("m00", 2_000)


def test_a_key_can_be_revoked_before_its_time_comes() -> None:
    log, new = Log(), signing_key("m00", "new")
    log.add(entry())
    log.add(entry("m00", new, not_before=5_000), key=new)
    log.add(Revocation(party="m00", signing_key=public(new)))
    assert in_force(log, "m00", 4_999) == public(signing_key("m00"))
    with pytest.raises(RevokedSigner):
        log.roster.entry("m00", 5_000)


def test_only_a_key_in_force_is_revoked_and_once() -> None:
    log = Log()
    log.add(entry())
    for party, key in (("m00", signing_key("m01")), ("m01", signing_key("m00"))):
        refused(log, Revocation(party=party, signing_key=public(key)))
    revocation = Revocation(party="m00", signing_key=public(signing_key("m00")))
    content = log.add(revocation)
    with pytest.raises(BadRoster):
        log.replay(content)
    refused(log, revocation, by=("t1", "t3"))


# Allowances


def allowance(subjects: int = 100, day: str = "2026-10-01", group: str = "g00") -> Allowance:
    return Allowance(group=group, day=day, subjects=subjects)


def test_allowances_of_one_group_and_day_add_up() -> None:
    log = Log()
    log.add(entry())
    assert log.roster.allowance("g00", "2026-10-01") == 0
    log.add(allowance(100))
    log.add(allowance(50))
    log.add(allowance(7, day="2026-10-02"))
    assert log.roster.allowance("g00", "2026-10-01") == 150
    assert log.roster.allowance("g00", "2026-10-02") == 7
    assert log.roster.allowance("g01", "2026-10-01") == 0


def test_an_allowance_shown_again_does_not_count_twice() -> None:
    """Else the hub alone could lift a group's meter, which is what holds guessing down (G2)."""
    log = Log()
    log.add(entry())
    content = log.add(allowance())
    with pytest.raises(BadRoster):
        log.replay(content)
    refused(log, allowance(), by=("t2", "t3"))
    assert log.roster.allowance("g00", "2026-10-01") == 100


def test_an_allowance_needs_a_group_and_t_trustees_and_proves_no_key() -> None:
    log = Log()
    refused(log, allowance())
    log.add(entry())
    refused(log, allowance(), by=("t1",))
    refused(log, allowance(), possession=bytes(64))
    refused(log, Revocation(party="m00", signing_key=public(signing_key("m00"))), possession=bytes(64))


# Leaves


def test_an_approval_of_one_act_approves_no_other() -> None:
    log = Log()
    log.add(entry())
    act, bigger = allowance(1), allowance(1_000_000)
    content = leaf_content(ApprovedAct(act=bigger, possession=None, approvals=approved(act, ("t1", "t2"))))
    with pytest.raises(BadSignature):
        log.replay(content)


@pytest.mark.parametrize("content", [b"", b"{}", encode(entry()), encode(signed(FOUNDED))], ids=len)
def test_a_leaf_that_is_no_approved_act_is_refused(content: bytes) -> None:
    with pytest.raises(BadMessage):
        Roster(FOUNDED).apply(1, content)


def test_everyone_who_reads_the_same_leaves_has_the_same_roster() -> None:
    log, new = Log(), signing_key("m00", "new")
    contents = [
        log.add(entry()),
        log.add(analyst()),
        log.add(entry("m00", new, not_before=5_000), key=new),
        log.add(allowance()),
        log.add(Revocation(party="a00", signing_key=public(signing_key("a00")))),
    ]
    other = Roster(FOUNDED)
    for at, content in enumerate(contents, start=1):
        other.apply(at, content)
    for now in (0, 1_000, 5_000):
        assert other.in_force(Role.MEMBER, now) == log.roster.in_force(Role.MEMBER, now)
    assert other.standings("a00") == log.roster.standings("a00")
    assert sorted(other.parties()) == ["a00", "m00"]


def test_an_act_is_called_by_its_digest_and_has_a_leaf_of_its_kind() -> None:
    revocation = Revocation(party="m00", signing_key=seed("key"))
    assert act_id(entry()) == digest_of(entry()).hex()[:16]
    assert [kind_of(act) for act in (entry(), revocation, allowance())] == [
        LeafKind.ROSTER,
        LeafKind.REVOCATION,
        LeafKind.ALLOWANCE,
    ]


# The genesis


def test_the_genesis_opens_for_who_pinned_it() -> None:
    for n, t in ((1, 1), (3, 2), (5, 3), (7, 4), (4, 4)):
        founded = genesis(n, t)
        assert check_genesis(encode(signed(founded)), digest_of(founded)) == founded
        assert check_genesis(encode(signed(founded))) == founded


def test_another_genesis_than_the_pinned_one_is_the_hubs_lie() -> None:
    with pytest.raises(BadRoster) as error:
        check_genesis(encode(signed(genesis(5, 3))), digest_of(FOUNDED))
    assert error.value.culprit == "hub"


def trustee(at: int, **changed: Any) -> Genesis:
    """The genesis with one trustee changed."""
    trustees = list(FOUNDED.trustees)
    trustees[at] = msgspec.structs.replace(trustees[at], **changed)
    return founded(trustees=tuple(trustees))


def founded(**changed: Any) -> Genesis:
    return msgspec.structs.replace(FOUNDED, **changed)


def keys(change: Callable[[list[Any]], None]) -> Genesis:
    joint = list(FOUNDED.keys)
    change(joint)
    return founded(keys=tuple(joint))


def with_fewer_shares(joint: list[Any]) -> None:
    joint[1] = msgspec.structs.replace(joint[1], shares=joint[1].shares[:2])


MISSHAPEN = {
    "half is a quorum": founded(t=1),
    "more than there are": founded(t=4),
    "a place twice": trustee(1, index=1),
    "a place too far": trustee(2, index=4),
    "out of order": founded(trustees=FOUNDED.trustees[::-1]),
    "one name twice": trustee(1, id="t1"),
    "a trustee called hub": trustee(1, id="hub"),
    "one signing key twice": trustee(1, signing_key=FOUNDED.trustees[0].signing_key),
    "a trustee with the hub's key": trustee(1, signing_key=FOUNDED.hub_key),
    "one sealing key twice": trustee(1, sealing_key=sealing_key("t1")),
    "a key twice": keys(lambda joint: joint.__setitem__(2, joint[1])),
    "keys out of order": keys(lambda joint: joint.reverse()),
    "a share missing": keys(with_fewer_shares),
}


@pytest.mark.parametrize("shape", MISSHAPEN.values(), ids=MISSHAPEN.keys())
def test_a_genesis_whose_parts_do_not_fit_is_refused(shape: Genesis) -> None:
    """Also by who pinned it: the operator may have been given a bad one to begin with."""
    by_name = {trustee.signing_key: signing_key(trustee.id) for trustee in FOUNDED.trustees}
    by_name[FOUNDED.hub_key] = signing_key("hub")
    signatures = tuple(
        by_name[one.signing_key].sign(b"cairn/v1/genesis\0" + encode(shape)) for one in shape.trustees
    )
    raw = encode(SignedGenesis(genesis=shape, signatures=signatures))
    with pytest.raises(BadRoster) as error:
        check_genesis(raw, digest_of(shape))
    assert error.value.culprit == "hub"


def test_a_genesis_needs_every_trustees_signature_over_this_one() -> None:
    """t of them would do for anything later; the first leaf takes all."""
    whole = signed(FOUNDED).signatures
    with pytest.raises(BadRoster):
        check_genesis(encode(SignedGenesis(genesis=FOUNDED, signatures=whole[:2])))
    for at, false in (
        (0, whole[1]),
        (2, bytes(64)),
        (1, signed(genesis(5, 3)).signatures[1]),
        (1, signing_key("t2").sign(encode(FOUNDED))),
    ):
        signatures = list(whole)
        signatures[at] = false
        with pytest.raises(BadSignature) as error:
            check_genesis(encode(SignedGenesis(genesis=FOUNDED, signatures=tuple(signatures))))
        assert error.value.culprit == f"trustee:t{at + 1}"


@pytest.mark.parametrize("raw", [b"", b"{}", encode(FOUNDED)], ids=len)
def test_bytes_that_are_no_signed_genesis_are_refused(raw: bytes) -> None:
    with pytest.raises(BadMessage):
        check_genesis(raw)
