"""The roster: who may act, as everyone computes it from the log's leaves alone.

Hub, trustees and members apply the same leaves in the same order and get the same
roster. An act without t trustees' approvals is refused wherever it comes from, and so is one
that stands already: a second leaf would bring an old key back or double an allowance. A key
is one party's for ever, counts from its entry's `not_before`, and no longer once its
revocation is a leaf.
Source: design.md 4.8.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cairn_protocol.errors import BadRoster, PartyId, RevokedSigner, UnknownSigner
from cairn_protocol.match_lock import GroupIndex
from cairn_protocol.messages.log import LeafKind
from cairn_protocol.messages.parties import (
    Allowance,
    ApprovedAct,
    Entry,
    Genesis,
    Revocation,
    Role,
    SignedGenesis,
    check_approval,
    check_genesis_signature,
    check_possession,
)
from cairn_protocol.messages.wire import decode, digest_of, encode

HUB = "hub"  # how requests and errors name the hub, so nobody else may be called that
ACT_KINDS = (LeafKind.ROSTER, LeafKind.REVOCATION, LeafKind.ALLOWANCE)


def kind_of(act: Entry | Revocation | Allowance) -> LeafKind:
    """The kind of leaf an act becomes."""
    if isinstance(act, Entry):
        return LeafKind.ROSTER
    return LeafKind.REVOCATION if isinstance(act, Revocation) else LeafKind.ALLOWANCE


def check_genesis(raw: bytes, pinned: bytes | None = None) -> Genesis:
    """The genesis from leaf 0's content, once every trustee's signature holds.

    pinned  the digest (32 bytes) from the invitation, if the caller has one

    Raises BadRoster for another genesis than the pinned one, a wrong shape, or two parties with one key: one
    of them could then sign as both. BadSignature with culprit.
    """
    signed = decode(raw, SignedGenesis)
    genesis = signed.genesis
    if pinned is not None and digest_of(genesis) != pinned:
        raise BadRoster("the hub shows another genesis than the one in your invitation", culprit="hub")
    n = len(genesis.trustees)
    signing_keys = {genesis.hub_key, *(trustee.signing_key for trustee in genesis.trustees)}
    sealing_keys = {trustee.sealing_key for trustee in genesis.trustees}
    party_ids = {HUB, *(trustee.id for trustee in genesis.trustees)}
    indices = [trustee.index for trustee in genesis.trustees]
    whole = all(len(key.shares) == n for key in genesis.keys)
    names = [key.name for key in genesis.keys]
    if (
        indices != list(range(1, n + 1))
        or len(party_ids) != n + 1
        or len(signing_keys) != n + 1
        or len(sealing_keys) != n
        or not whole
        or names != ["names", "values", "assent"]
        or not n < 2 * genesis.t <= 2 * n
        or len(signed.signatures) != n
    ):
        raise BadRoster("a genesis whose trustees and keys don't fit together", culprit="hub")
    for trustee, signature in zip(genesis.trustees, signed.signatures, strict=True):
        check_genesis_signature(genesis, trustee, signature)
    return genesis


@dataclass(frozen=True, slots=True)
class Standing:
    """One entry of a party, and the leaf it stands in."""

    entry: Entry
    leaf_index: int
    revoked_at: int | None = None  # the leaf of its revocation


class Roster:
    """The roster after some leaves. `apply` is the only way it changes."""

    def __init__(self, genesis: Genesis) -> None:
        self.genesis = genesis
        self._trustees = {trustee.id: trustee for trustee in genesis.trustees}
        self._acts: set[bytes] = set()  # digests of all that stand
        self._owners = {genesis.hub_key: HUB} | {
            trustee.signing_key: trustee.id for trustee in genesis.trustees
        }
        self._standings: dict[str, list[Standing]] = {}
        self._groups: dict[str, GroupIndex] = {}
        self._allowances: dict[tuple[str, str], int] = {}

    def check(self, approved: ApprovedAct) -> None:
        """Raise unless the act carries t trustees' approvals and fits what stands.

        Raises BadRoster; BadSignature with the trustee or party as culprit.
        """
        approvers = [approval.trustee for approval in approved.approvals]
        if len(set(approvers)) != len(approvers) or not set(approvers) <= set(self._trustees):
            raise BadRoster("an approval by nobody the genesis names, or one twice")
        if len(approvers) < self.genesis.t:
            raise BadRoster(f"{len(approvers)} trustees approved, {self.genesis.t} must")
        for approval in approved.approvals:
            check_approval(approved.act, self._trustees[approval.trustee], approval.signature)
        self.check_act(approved.act, approved.possession)

    def check_act(self, act: Entry | Revocation | Allowance, possession: bytes | None) -> None:
        """Raise BadRoster unless the act fits what stands, whoever approves it.

        Raises BadSignature for an entry under a key that its party does not hold.
        """
        if digest_of(act) in self._acts:
            raise BadRoster("the act stands already")
        if isinstance(act, Entry):
            self._check_entry(act, possession)
        elif possession is not None:
            raise BadRoster("only an entry proves possession of a key")
        if isinstance(act, Revocation) and not any(
            standing.entry.signing_key == act.signing_key and standing.revoked_at is None
            for standing in self._standings.get(act.party, [])
        ):
            raise BadRoster("a revocation of a key that is not in force")
        if isinstance(act, Allowance) and act.group not in self._groups:
            raise BadRoster("an allowance for a group nobody belongs to")

    def _check_entry(self, entry: Entry, possession: bytes | None) -> None:
        if possession is None:
            raise BadRoster("an entry without proof that the party holds its key")
        check_possession(entry, possession)
        if entry.party == HUB or entry.party in self._trustees:
            raise BadRoster("a party named like the hub or a trustee")
        if self._owners.get(entry.signing_key, entry.party) != entry.party:
            raise BadRoster("a key is one party's for ever")
        told = [part is not None for part in (entry.group, entry.group_index, entry.sector)]
        if not (all(told) if entry.role is Role.MEMBER else not any(told)):
            raise BadRoster("members have group, place and sector, and only members")
        if entry.group is not None and entry.group_index is not None:
            known = self._groups.get(entry.group)
            taken = entry.group_index in self._groups.values()
            if known != entry.group_index and (known is not None or taken):
                raise BadRoster("a group has one place for ever, and no two share one")
        earlier = self._standings.get(entry.party, [])
        if any(s.entry.role is not entry.role or s.entry.group != entry.group for s in earlier):
            raise BadRoster("a party changes neither role nor group: it needs a new name")
        if any(s.entry.signing_key == entry.signing_key and s.revoked_at is not None for s in earlier):
            raise BadRoster("a revoked key does not come back")

    def apply(self, leaf_index: int, content: bytes) -> ApprovedAct:
        """Take in the content of a roster, revocation or allowance leaf.

        Raises BadMessage, and as `check`; then nothing changed.
        """
        approved = decode(content, ApprovedAct)
        self.check(approved)
        act = approved.act
        self._acts.add(digest_of(act))
        if isinstance(act, Entry):
            self._owners[act.signing_key] = act.party
            self._standings.setdefault(act.party, []).append(Standing(act, leaf_index))
            if act.group is not None and act.group_index is not None:
                self._groups[act.group] = GroupIndex(act.group_index)
        elif isinstance(act, Revocation):
            self._standings[act.party] = [
                Standing(s.entry, s.leaf_index, leaf_index)
                if s.entry.signing_key == act.signing_key and s.revoked_at is None
                else s
                for s in self._standings[act.party]
            ]
        else:
            key = (act.group, act.day)
            self._allowances[key] = self._allowances.get(key, 0) + act.subjects
        return approved

    def entry(self, party: str, now: int, *, culprit: PartyId | None = None) -> Entry:
        """The party's entry in force at `now` (Unix seconds).

        Raises UnknownSigner if there is none yet, RevokedSigner if its last one was revoked.
        """
        begun = [s for s in self._standings.get(party, []) if s.entry.not_before <= now]
        if not begun:
            raise UnknownSigner(
                "no such party is on the roster, or its entry is not yet in force", culprit=culprit
            )
        if begun[-1].revoked_at is not None:
            raise RevokedSigner("the party's key was revoked", culprit=culprit)
        return begun[-1].entry

    def standings(self, party: str) -> list[Standing]:
        """Every entry the party ever had, oldest first."""
        return list(self._standings.get(party, []))

    def parties(self) -> Iterable[str]:
        """Everybody who ever entered."""
        return self._standings.keys()

    def in_force(self, role: Role, now: int) -> list[Entry]:
        """The entries of a role in force at `now`."""
        entries = []
        for party in self._standings:
            try:
                entry = self.entry(party, now)
            except (UnknownSigner, RevokedSigner):
                continue
            if entry.role is role:
                entries.append(entry)
        return entries

    def group_index(self, group: str) -> GroupIndex | None:
        """The group's place on every line, if it has one yet."""
        return self._groups.get(group)

    def next_group_index(self) -> GroupIndex:
        """A place no group has."""
        return GroupIndex(max(self._groups.values(), default=0) + 1)

    def allowance(self, group: str, day: str) -> int:
        """Padded subjects that the group may have on that day beyond the meter's default."""
        return self._allowances.get((group, day), 0)


def act_id(act: Entry | Revocation | Allowance) -> str:
    """How people call a proposal: the first 16 hex digits of its digest."""
    return digest_of(act).hex()[:16]


def leaf_content(approved: ApprovedAct) -> bytes:
    """The content of the leaf that an approved act becomes."""
    return encode(approved)
