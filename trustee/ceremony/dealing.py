"""What a trustee says in each round of a key generation, and the checks of what the others said. No sockets.

Every message is signed with the trustee's identity key and bound to the plan's digest; shares travel
sealed to their holder. Whoever says something false is named, and the ceremony ends there.
Source: `cairn_protocol.dkg`; HPKE (RFC 9180) with X25519, HKDF-SHA-256 and AES-256-GCM.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from cairn_protocol import dkg
from cairn_protocol.dkg import Ceremony, Dealing, JointKey, Reveal
from cairn_protocol.errors import BadDealing
from cairn_protocol.group import Scalar, decode_element, decode_scalar, encode_scalar
from cairn_protocol.messages.parties import JointKeyShares
from cairn_protocol.messages.trustee import (
    CeremonyKept,
    CeremonyPlan,
    CeremonyResult,
    CeremonyTrustee,
    Commitments,
    RevealPart,
    Reveals,
)
from cairn_protocol.messages.wire import Signed, decode, digest_of, open_signed, sign
from cairn_protocol.sharing import Index, KeyShare
from trustee.errors import HomeError
from trustee.keys import ServingKeys

KEYS = ("names", "values", "assent")
SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class Made:
    """The outcome: this trustee's three shares and its signed word on the joint keys."""

    shares: tuple[KeyShare, KeyShare, KeyShare] = field(repr=False)
    keys: tuple[JointKeyShares, JointKeyShares, JointKeyShares]
    result: Signed


@dataclass(frozen=True, slots=True)
class Dealt:
    """One dealer's part of the three keys, checked: for this holder alone."""

    reveals: tuple[Reveal, ...]
    shares: tuple[Scalar, ...] = field(repr=False)


class Part:
    """One trustee's part in one ceremony."""

    def __init__(self, plan: CeremonyPlan, me: CeremonyTrustee, keys: ServingKeys) -> None:
        """Raises HomeError unless the plan names this trustee as it is, and TooFewShares for no quorum."""
        n = len(plan.trustees)
        if me not in plan.trustees or [trustee.keys.index for trustee in plan.trustees] != list(
            range(1, n + 1)
        ):
            raise HomeError("the plan does not name this trustee with its own keys and address, in order")
        if len({trustee.keys.id for trustee in plan.trustees}) != n:
            raise HomeError("the plan gives two trustees one name")
        self.plan = plan
        self.me = me
        self._keys = keys
        self._digest = digest_of(plan)
        self._ceremonies = [Ceremony(self._digest, key, n, plan.t) for key in KEYS]
        self._dealings = [dkg.deal(ceremony, Index(me.keys.index)) for ceremony in self._ceremonies]

    def commitments(self) -> Signed:
        """Round 1."""
        digests = tuple(dealing.commitment() for dealing in self._dealings)
        said = Commitments(plan=self._digest, dealer=self.me.keys.id, digests=digests)
        return sign(said, self._keys.signing)

    def open_commitments(self, dealer: CeremonyTrustee, signed: Signed, *, teller: str) -> Commitments:
        """A dealer's round 1, as `teller` shows it. Raises BadSignature or BadDealing, naming the teller."""
        culprit = f"trustee:{teller}"
        said = open_signed(signed, Commitments, dealer.keys.signing_key, culprit=culprit)
        if said.plan != self._digest or said.dealer != dealer.keys.id:
            raise BadDealing("commitments for another ceremony", culprit=culprit)
        return said

    def reveals_for(self, holder: CeremonyTrustee) -> Signed:
        """Round 2, to one holder: only once every round-1 message is in."""
        index = Index(holder.keys.index)
        shares = b"".join(encode_scalar(dealing.share_for(index)) for dealing in self._dealings)
        public = X25519PublicKey.from_public_bytes(holder.keys.sealing_key)
        said = Reveals(
            plan=self._digest,
            dealer=self.me.keys.id,
            holder=holder.keys.id,
            reveals=tuple(_part(dealing) for dealing in self._dealings),
            sealed_shares=SUITE.encrypt(
                shares, public, sealed_for(self._digest, self.me.keys.id, holder.keys.id)
            ),
        )
        return sign(said, self._keys.signing)

    def open_reveals(self, dealer: CeremonyTrustee, signed: Signed, committed: Commitments) -> Dealt:
        """A dealer's round 2, checked against its round 1. Raises BadDealing, BadShare, ..., naming it."""
        culprit = f"trustee:{dealer.keys.id}"
        said = open_signed(signed, Reveals, dealer.keys.signing_key, culprit=culprit)
        if (said.plan, said.dealer, said.holder) != (self._digest, dealer.keys.id, self.me.keys.id):
            raise BadDealing("a dealing for another ceremony or another holder", culprit=culprit)
        shares = self._opened(said, dealer)
        reveals = [
            Reveal(
                Index(dealer.keys.index),
                tuple(decode_element(one, culprit=culprit) for one in part.commitments),
                part.proof,
            )
            for part in said.reveals
        ]
        for ceremony, reveal, digest, share in zip(
            self._ceremonies, reveals, committed.digests, shares, strict=True
        ):
            dkg.check_reveal(ceremony, reveal, digest, culprit=culprit)
            dkg.check_dealt(reveal, Index(self.me.keys.index), share, culprit=culprit)
        return Dealt(tuple(reveals), shares)

    def combine(self, dealt: Mapping[int, Dealt]) -> Made:
        """Round 3: from every dealer's checked part, by index. Raises as `dkg.combine`."""
        names, values, assent = (
            dkg.combine(
                ceremony,
                Index(self.me.keys.index),
                [dealt[index].reveals[at] for index in sorted(dealt)],
                {Index(index): one.shares[at] for index, one in dealt.items()},
            )
            for at, ceremony in enumerate(self._ceremonies)
        )
        keys = (_message("names", names[1]), _message("values", values[1]), _message("assent", assent[1]))
        said = self._result(keys)
        return Made((names[0], values[0], assent[0]), keys, sign(said, self._keys.signing))

    def check_result(self, peer: CeremonyTrustee, signed: Signed, made: Made) -> None:
        """Raise BadDealing, naming the peer, unless it computed the same joint keys.

        All had the same commitments, so whoever computes other keys from them lies.
        """
        culprit = f"trustee:{peer.keys.id}"
        said = open_signed(signed, CeremonyResult, peer.keys.signing_key, culprit=culprit)
        if (said.plan, said.trustee, said.keys) != (self._digest, peer.keys.id, made.keys):
            raise BadDealing("it computed other joint keys", culprit=culprit)

    def kept(self, made: Made) -> Signed:
        """This trustee's word that its shares are on disk."""
        said = CeremonyKept(
            plan=self._digest, trustee=self.me.keys.id, result=digest_of(self._result(made.keys))
        )
        return sign(said, self._keys.signing)

    def check_kept(self, signed: Signed, made: Made) -> str:
        """The trustee whose word this is that it has kept the same joint keys. Raises BadDealing, BadSignature."""
        claimed = decode(signed.body, CeremonyKept)
        peer = next((one for one in self.plan.trustees if one.keys.id == claimed.trustee), None)
        if peer is None:
            raise BadDealing("not a word of a trustee's of this plan")
        said = open_signed(signed, CeremonyKept, peer.keys.signing_key)
        result = CeremonyResult(plan=self._digest, trustee=said.trustee, keys=made.keys)
        if (said.plan, said.result) != (self._digest, digest_of(result)):
            raise BadDealing("a word about another key generation")
        return said.trustee

    def _result(self, keys: tuple[JointKeyShares, JointKeyShares, JointKeyShares]) -> CeremonyResult:
        return CeremonyResult(plan=self._digest, trustee=self.me.keys.id, keys=keys)

    def _opened(self, said: Reveals, dealer: CeremonyTrustee) -> tuple[Scalar, ...]:
        culprit = f"trustee:{dealer.keys.id}"
        info = sealed_for(self._digest, dealer.keys.id, self.me.keys.id)
        try:
            opened = SUITE.decrypt(said.sealed_shares, self._keys.sealing, info)
        except (InvalidTag, ValueError) as cause:
            raise BadDealing("shares that do not open", culprit=culprit) from cause
        if len(opened) != 32 * len(KEYS):
            raise BadDealing("another number of shares", culprit=culprit)
        return tuple(decode_scalar(opened[at : at + 32], culprit=culprit) for at in range(0, len(opened), 32))


def sealed_for(plan: bytes, dealer: str, holder: str) -> bytes:
    """What binds sealed shares to their ceremony (the plan's digest), dealer and holder: HPKE's info."""
    return b"cairn/v1/dealt\0" + plan + dealer.encode() + b"\0" + holder.encode()


def _part(dealing: Dealing) -> RevealPart:
    return RevealPart(commitments=tuple(dealing.reveal.commitments), proof=dealing.reveal.proof)


def _message(name: str, joint: JointKey) -> JointKeyShares:
    shares = tuple(joint.shares[Index(index)] for index in sorted(joint.shares))
    return JointKeyShares(name=name, element=joint.element, shares=shares)
