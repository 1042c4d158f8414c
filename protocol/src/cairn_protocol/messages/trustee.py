"""What passes between a client and a trustee, and among trustees in a key generation.

A request for evaluation says how many subjects it is about and nothing else: every
subject is `NAME_EVALUATIONS` and `VALUE_EVALUATIONS` elements, real or random.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from cairn_protocol.errors import BadMessage, PartyId
from cairn_protocol.kinds import NAME_EVALUATIONS, VALUE_EVALUATIONS
from cairn_protocol.messages.parties import JointKeyShares, TrusteeKeys, Url
from cairn_protocol.messages.wire import Bytes32, Bytes64, Epoch, Message, Name, Part

MAX_SUBJECTS = 100


class Evaluate(Message, frozen=True, tag="cairn/evaluate/1"):
    """Blinded elements of a number of padded subjects, for both OPRF keys."""

    MAX_BYTES: ClassVar[int] = 512 * 1024
    epoch: Epoch
    subjects: Annotated[int, Meta(ge=1, le=MAX_SUBJECTS)]
    names: Annotated[tuple[Bytes32, ...], Meta(max_length=MAX_SUBJECTS * NAME_EVALUATIONS)]
    values: Annotated[tuple[Bytes32, ...], Meta(max_length=MAX_SUBJECTS * VALUE_EVALUATIONS)]


class Evaluated(Part, frozen=True):
    """The evaluations under one key, with one batched proof."""

    elements: Annotated[tuple[Bytes32, ...], Meta(max_length=MAX_SUBJECTS * NAME_EVALUATIONS)]
    proof: Bytes64


class Evaluations(Message, frozen=True, tag="cairn/evaluations/1"):
    """A trustee's answer."""

    MAX_BYTES: ClassVar[int] = 512 * 1024
    names: Evaluated
    values: Evaluated


def check_padding(request: Evaluate, *, culprit: PartyId | None = None) -> None:
    """Raise BadMessage unless the batch has exactly the elements that its subjects cost."""
    if (
        len(request.names) != request.subjects * NAME_EVALUATIONS
        or len(request.values) != request.subjects * VALUE_EVALUATIONS
    ):
        raise BadMessage("a batch that is not padded to its number of subjects", culprit=culprit)


class CeremonyTrustee(Part, frozen=True):
    """A trustee as the plan of a key generation names it."""

    keys: TrusteeKeys
    url: Url


class CeremonyPlan(Message, frozen=True, tag="cairn/ceremony-plan/1"):
    """Who makes the joint keys, agreed on beforehand out of band; its digest binds every round."""

    epoch: Epoch
    t: Annotated[int, Meta(ge=1, le=255)]
    trustees: Annotated[tuple[CeremonyTrustee, ...], Meta(min_length=1, max_length=255)]


class Commitments(Message, frozen=True, tag="cairn/ceremony-commitments/1"):
    """Round 1: a dealer's digest for each key: names, values, assent."""

    plan: Bytes32
    dealer: Name
    digests: Annotated[tuple[Bytes32, ...], Meta(min_length=3, max_length=3)]


class RevealPart(Part, frozen=True):
    """One key's polynomial commitments and proof of knowledge."""

    commitments: Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=255)]
    proof: Bytes64


class Reveals(Message, frozen=True, tag="cairn/ceremony-reveals/1"):
    """Round 2: what was committed to, and for one holder the three shares, sealed to it by HPKE."""

    plan: Bytes32
    dealer: Name
    holder: Name
    reveals: Annotated[tuple[RevealPart, ...], Meta(min_length=3, max_length=3)]
    sealed_shares: Annotated[bytes, Meta(max_length=512)]


class CeremonyResult(Message, frozen=True, tag="cairn/ceremony-result/1"):
    """Round 3: the joint keys as this trustee computed them."""

    plan: Bytes32
    trustee: Name
    keys: Annotated[tuple[JointKeyShares, ...], Meta(min_length=3, max_length=3)]


class CeremonyKept(Message, frozen=True, tag="cairn/ceremony-kept/1"):
    """The end: this trustee has its shares on disk. result: the digest of its round 3, so of this run alone."""

    plan: Bytes32
    trustee: Name
    result: Bytes32
