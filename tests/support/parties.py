"""The hub's and trustees' keys from a quick ceremony in one process: what a real one gives, without the waiting."""

import secrets
from dataclasses import dataclass, field
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from cairn_protocol import dkg
from cairn_protocol.dkg import Ceremony
from cairn_protocol.messages.parties import (
    Act,
    Approval,
    ApprovedAct,
    Entry,
    Genesis,
    JointKeyShares,
    Role,
    Sector,
    SignedGenesis,
    TrusteeKeys,
    approve,
    prove_possession,
    sign_genesis,
)
from cairn_protocol.messages.trustee import CeremonyPlan, CeremonyResult, CeremonyTrustee
from cairn_protocol.messages.wire import Signed, digest_of, sign
from cairn_protocol.sharing import Index, KeyShare

KEY_NAMES = ("names", "values", "assent")


@dataclass(frozen=True)
class Parties:
    """A genesis, and every key behind it.

    shares  each trustee's share of each joint key, by key name
    """

    plan: CeremonyPlan
    results: list[Signed]
    genesis: Genesis
    hub_key: Ed25519PrivateKey = field(repr=False)
    trustee_keys: dict[str, Ed25519PrivateKey] = field(repr=False)
    shares: dict[str, dict[str, KeyShare]] = field(repr=False)

    @property
    def signed(self) -> SignedGenesis:
        """What leaf 0 holds."""
        return SignedGenesis(genesis=self.genesis, signatures=tuple(self.signatures().values()))

    def signatures(self) -> dict[str, bytes]:
        """Each trustee's signature of the genesis."""
        return {name: sign_genesis(self.genesis, key) for name, key in self.trustee_keys.items()}

    def approval(self, act: Act, trustee: str = "t1") -> Approval:
        """One trustee's approval."""
        return Approval(trustee=trustee, signature=approve(act, self.trustee_keys[trustee]))

    def approved(
        self, act: Act, possession: bytes | None = None, *, by: tuple[str, ...] = ("t1", "t2")
    ) -> ApprovedAct:
        """The act with these trustees' approvals."""
        return ApprovedAct(
            act=act, possession=possession, approvals=tuple(self.approval(act, trustee) for trustee in by)
        )


@cache
def parties(n: int = 3, t: int = 2, origin: str = "cairn.example/log") -> Parties:
    """The same parties for a whole test session: nobody changes them."""
    names = [f"t{at}" for at in range(1, n + 1)]
    keys = {name: Ed25519PrivateKey.generate() for name in names}
    plan = CeremonyPlan(
        epoch=1,
        t=t,
        trustees=tuple(
            CeremonyTrustee(
                keys=TrusteeKeys(
                    id=name,
                    index=at,
                    signing_key=keys[name].public_key().public_bytes_raw(),
                    sealing_key=X25519PrivateKey.generate().public_key().public_bytes_raw(),
                ),
                url=f"http://{name}.example",
            )
            for at, name in enumerate(names, start=1)
        ),
    )
    shares: dict[str, dict[str, KeyShare]] = {name: {} for name in names}
    joint = tuple(_joint_key(Ceremony(digest_of(plan), key, n, t), names, shares) for key in KEY_NAMES)
    hub_key = Ed25519PrivateKey.generate()
    genesis = Genesis(
        origin=origin,
        epoch=1,
        t=t,
        hub_key=hub_key.public_key().public_bytes_raw(),
        normaliser=secrets.token_bytes(32),
        trustees=tuple(one.keys for one in plan.trustees),
        keys=joint,
    )
    results = [
        sign(CeremonyResult(plan=digest_of(plan), trustee=name, keys=joint), keys[name]) for name in names
    ]
    return Parties(plan, results, genesis, hub_key, keys, shares)


def _joint_key(
    ceremony: Ceremony, names: list[str], shares: dict[str, dict[str, KeyShare]]
) -> JointKeyShares:
    dealings = [dkg.deal(ceremony, Index(at)) for at in range(1, ceremony.n + 1)]
    reveals = [dealing.reveal for dealing in dealings]
    for at, name in enumerate(names, start=1):
        dealt = {dealing.dealer: dealing.share_for(Index(at)) for dealing in dealings}
        shares[name][ceremony.key], joint = dkg.combine(ceremony, Index(at), reveals, dealt)
    return JointKeyShares(
        name=ceremony.key,
        element=joint.element,
        shares=tuple(joint.shares[Index(at)] for at in range(1, ceremony.n + 1)),
    )


def member(
    party: str = "m00", group: str = "aldous", group_index: int = 1, **other: object
) -> tuple[Entry, Ed25519PrivateKey]:
    """An entry of a member with a fresh key."""
    key = Ed25519PrivateKey.generate()
    told: dict[str, object] = dict(
        party=party,
        role=Role.MEMBER,
        group=group,
        group_index=group_index,
        sector=Sector.EXPORTER,
        families=("ALL",),
        signing_key=key.public_key().public_bytes_raw(),
        sealing_key=None,
        not_before=0,
    )
    return Entry(**(told | other)), key  # type: ignore[arg-type]


def possession(entry: Entry, key: Ed25519PrivateKey) -> bytes:
    """The party's signature over its entry."""
    return prove_possession(entry, key)
