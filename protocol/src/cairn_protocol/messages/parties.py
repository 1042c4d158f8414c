"""Who takes part: the genesis, and the acts of t trustees that make and change the roster.

The genesis is leaf 0: trustees, joint keys, the hub's key. Its digest is in every invitation.
After it, everybody enters, changes or leaves by an act: an entry, a revocation or a bulk
allowance, each a leaf that carries t trustees' approvals. The hub alone can make none.
Not here: what the roster is at a leaf (`cairn_protocol.roster`).
"""

from enum import StrEnum
from typing import Annotated, ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from cairn_protocol.match_lock import MAX_GROUP_INDEX
from cairn_protocol.messages.wire import (
    Bytes32,
    Bytes64,
    Epoch,
    FamilyCode,
    Message,
    Name,
    Part,
    Seconds,
    check_signature,
    encode,
    whole,
)

_APPROVAL = b"cairn/v1/approval\0"
_POSSESSION = b"cairn/v1/possession\0"
_GENESIS = b"cairn/v1/genesis\0"

IsoDay = Annotated[str, whole(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]")]
Url = Annotated[str, whole(r"https?://[!-.0-~]+(/[!-~]*)?", max_length=200)]


class Role(StrEnum):
    """What a rostered party may do."""

    MEMBER = "member"
    ANALYST = "analyst"
    REVIEWER = "reviewer"
    LIAISON = "liaison"


class Sector(StrEnum):
    """A member firm's trade."""

    EXPORTER = "exporter"
    LOGISTICS = "logistics"
    INSURER = "insurer"


class TrusteeKeys(Part, frozen=True):
    """A trustee as the genesis names it. `index` is its place in every joint key, 1 to n."""

    id: Name
    index: Annotated[int, Meta(ge=1, le=255)]
    signing_key: Bytes32  # Ed25519
    sealing_key: Bytes32  # X25519


class JointKeyShares(Part, frozen=True):
    """A joint key: its element, and every trustee's share of it times B, by index."""

    name: Annotated[str, whole(r"names|values|assent")]
    element: Bytes32
    shares: Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=255)]


class Genesis(Message, frozen=True, tag="cairn/genesis/1"):
    """Leaf 0: what everyone pins."""

    origin: Annotated[str, whole(r"[a-z0-9.-]+(/[a-z0-9.-]+)*", max_length=100)]
    epoch: Epoch
    t: Annotated[int, Meta(ge=1, le=255)]
    hub_key: Bytes32
    normaliser: Bytes32
    trustees: Annotated[tuple[TrusteeKeys, ...], Meta(min_length=1, max_length=255)]
    keys: Annotated[tuple[JointKeyShares, ...], Meta(min_length=3, max_length=3)]  # names, values, assent

    def joint_key(self, name: str) -> JointKeyShares:
        """The joint key of that name."""
        return next(key for key in self.keys if key.name == name)


class SignedGenesis(Message, frozen=True, tag="cairn/signed-genesis/1"):
    """The genesis with every trustee's signature, in the order of their indices."""

    genesis: Genesis
    signatures: Annotated[tuple[Bytes64, ...], Meta(min_length=1, max_length=255)]


def sign_genesis(genesis: Genesis, key: Ed25519PrivateKey) -> bytes:
    """One trustee's signature (64 bytes) over the genesis."""
    return key.sign(_GENESIS + encode(genesis))


def check_genesis_signature(genesis: Genesis, trustee: TrusteeKeys, signature: bytes) -> None:
    """Raise BadSignature, naming the trustee, unless it signed this genesis."""
    check_signature(
        trustee.signing_key, _GENESIS + encode(genesis), signature, culprit=f"trustee:{trustee.id}"
    )


class Entry(Message, frozen=True, tag="cairn/roster-entry/1"):
    """A party enters the roster, or changes its key, from `not_before` on."""

    party: Name
    role: Role
    group: Name | None  # the ultimate parent; for members
    group_index: Annotated[int, Meta(ge=1, le=MAX_GROUP_INDEX)] | None
    sector: Sector | None
    families: Annotated[tuple[FamilyCode, ...], Meta(max_length=64)]  # the item families the member deals in
    signing_key: Bytes32
    sealing_key: Bytes32 | None
    not_before: Seconds


class Revocation(Message, frozen=True, tag="cairn/revocation/1"):
    """A party's key is void at once: whatever it signs after this leaf counts nothing."""

    party: Name
    signing_key: Bytes32


class Allowance(Message, frozen=True, tag="cairn/allowance/1"):
    """A group may have this many more padded subjects evaluated on one day."""

    group: Name
    day: IsoDay
    subjects: Annotated[int, Meta(ge=1, le=1_000_000)]


Act = Entry | Revocation | Allowance


class Approval(Part, frozen=True):
    """One trustee's signature over an act."""

    trustee: Name
    signature: Bytes64


class ApprovedAct(Message, frozen=True, tag="cairn/approved-act/1"):
    """An act as a leaf holds it: approvals in the trustees' order.

    `possession` is the party's own signature over its entry: nobody enters under a key it doesn't hold.
    """

    MAX_BYTES: ClassVar[int] = 128 * 1024
    act: Act
    possession: Bytes64 | None
    approvals: Annotated[tuple[Approval, ...], Meta(max_length=255)]


def approve(act: Act, key: Ed25519PrivateKey) -> bytes:
    """A trustee's signature (64 bytes) over an act."""
    return key.sign(_APPROVAL + encode(act))


def check_approval(act: Act, trustee: TrusteeKeys, signature: bytes) -> None:
    """Raise BadSignature, naming the trustee, unless it approved this act."""
    check_signature(trustee.signing_key, _APPROVAL + encode(act), signature, culprit=f"trustee:{trustee.id}")


def prove_possession(entry: Entry, key: Ed25519PrivateKey) -> bytes:
    """The party's signature (64 bytes) over its own entry."""
    return key.sign(_POSSESSION + encode(entry))


def check_possession(entry: Entry, signature: bytes) -> None:
    """Raise BadSignature unless whoever enters holds the key it enters with."""
    check_signature(
        entry.signing_key, _POSSESSION + encode(entry), signature, culprit=f"{entry.role}:{entry.party}"
    )


class Invitation(Message, frozen=True, tag="cairn/invitation/1"):
    """What a firm gets from the operator, out of band: where the hub is, what to pin, and a one-time word.

    Everything of the party's entry that is not the party's own to say is in it, so the party makes
    its entry itself (`entry`), and the same keys give the same entry when it has to send it again.
    """

    hub: Url
    genesis_digest: Bytes32
    trustees: Annotated[tuple["TrusteeAddress", ...], Meta(min_length=1, max_length=255)]
    party: Name
    role: Role
    group: Name | None
    group_index: Annotated[int, Meta(ge=1, le=MAX_GROUP_INDEX)] | None
    sector: Sector | None
    not_before: Seconds
    word: Bytes32

    def entry(self, signing_key: bytes, sealing_key: bytes | None, families: tuple[FamilyCode, ...]) -> Entry:
        """The entry of the party under its own keys, with the item families it deals in."""
        return Entry(
            party=self.party,
            role=self.role,
            group=self.group,
            group_index=self.group_index,
            sector=self.sector,
            families=families,
            signing_key=signing_key,
            sealing_key=sealing_key,
            not_before=self.not_before,
        )


class TrusteeAddress(Part, frozen=True):
    """Where a trustee of the genesis listens."""

    id: Name
    url: Url


class Enrolment(Message, frozen=True, tag="cairn/enrolment/1"):
    """From a firm to the hub: the invitation's word, its entry, and its own signature (`prove_possession`)."""

    word: Bytes32
    entry: Entry
    possession: Bytes64


class Proposal(Message, frozen=True, tag="cairn/proposal/1"):
    """An act that waits for approvals. Its id is the act's digest in hex."""

    MAX_BYTES: ClassVar[int] = 128 * 1024
    act: Act
    possession: Bytes64 | None
    approved_by: Annotated[tuple[Name, ...], Meta(max_length=255)]


class Proposals(Message, frozen=True, tag="cairn/proposals/1"):
    """All acts that wait."""

    MAX_BYTES: ClassVar[int] = 8 * 1024 * 1024
    proposals: Annotated[tuple[Proposal, ...], Meta(max_length=1_000)]
