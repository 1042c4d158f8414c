"""Verifiable oblivious PRF with a shared key: the standard's output, no machine with the whole key.

A client blinds a batch once and sends it to t or more trustees. Each evaluates with its
share and proves it, in one proof for the batch, against its published share of the key.
The client checks every proof, then interpolates and unblinds by one scalar an answer. The
output equals RFC 9497's (ristretto255-SHA512, mode VOPRF) under the whole key, for any
t of the trustees.

`finalize` names the trustee that cheated. Not here: what the outputs are for (`tags`).
Source: RFC 9497 3.3.2; Jarecki, Kiayias, Krawczyk, Xu (TOPPSS, ACNS 2017) for the split.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NewType

from cairn_protocol import dleq
from cairn_protocol.errors import PartyId, TooFewShares
from cairn_protocol.group import (
    ORDER,
    Element,
    Scalar,
    hash_to_group,
    hash_to_scalar,
    invert_all,
    map_on_every_core,
    multiply,
    multiply_each,
    random_element,
    random_scalar,
    weighted_sum,
)
from cairn_protocol.sharing import Index, KeyShare, lagrange_at_zero

CONTEXT: Final = b"OPRFV1-\x01-ristretto255-SHA512"
OUTPUT_BYTES: Final = 64

Output = NewType("Output", bytes)


@dataclass(frozen=True, slots=True)
class Blinded:
    """A batch on its way: the client's secret blinds, and the elements that trustees see.

    A filler stands for no input: its blind is None and nothing is finalized for it.
    """

    inputs: tuple[bytes | None, ...] = field(repr=False)
    blinds: tuple[Scalar | None, ...] = field(repr=False)
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A trustee's answer to a batch: one element each, one proof of 64 bytes for all."""

    elements: tuple[Element, ...]
    proof: bytes


@dataclass(frozen=True, slots=True)
class PublicShare:
    """The published share of a key: whose, and share * B."""

    index: Index
    element: Element
    holder: PartyId


def blind(inputs: Sequence[bytes | None]) -> Blinded:
    """Blind a batch of at most 65,535 inputs; None asks for a filler, a random element.

    Cost: one multiplication and one hash to the group an input, on every core.
    Source: RFC 9497 3.3.2, Blind.
    """
    blinds = [None if value is None else random_scalar() for value in inputs]
    elements = map_on_every_core(_blind_one, list(zip(inputs, blinds, strict=True)))
    return Blinded(tuple(inputs), tuple(blinds), tuple(elements))


def _blind_one(pair: tuple[bytes | None, Scalar | None]) -> Element:
    value, scalar = pair
    if value is None or scalar is None:
        return random_element()
    return multiply(scalar, hash_to_group(value, b"HashToGroup-" + CONTEXT))


def evaluate(
    share: KeyShare,
    public: Element,
    elements: Sequence[Element | bytes],
    *,
    culprit: PartyId | None = None,
) -> Evaluation:
    """Evaluate a batch with one share, with its proof.

    elements  as they came (32 bytes each), 1 to 65,535 of them: they need no decoding before
    public    share * B, as published
    culprit   who sent them

    Raises BadElement, naming `culprit`, for anything but a canonical element that is not the identity.
    Cost: two multiplications an element, four more a batch, on every core.
    Source: RFC 9497 3.3.2, BlindEvaluate.
    """
    evaluated = multiply_each([share.scalar] * len(elements), elements, culprit=culprit)
    return Evaluation(tuple(evaluated), dleq.prove(share.scalar, public, elements, evaluated, CONTEXT))


def verify(public: PublicShare, blinded: Blinded, answer: Evaluation) -> None:
    """Raise, naming the trustee, unless the answer was made with its published share.

    Raises BadProof, BadElement or BadScalar.
    """
    dleq.verify(
        public.element, blinded.elements, answer.elements, answer.proof, CONTEXT, culprit=public.holder
    )


def finalize(
    blinded: Blinded, answers: Mapping[Index, Evaluation], publics: Mapping[Index, PublicShare], t: int
) -> list[Output | None]:
    """The PRF outputs (64 bytes each, None for a filler), after checking t answers.

    answers  by the trustee's index; the first t are used
    publics  the trustees' published shares, from the genesis

    Raises BadProof or BadElement (culprit: the trustee) and TooFewShares.
    Cost: for each answer two multiplications an element for the proof and one to combine.
    Source: RFC 9497 3.3.2, Finalize; Lagrange in the exponent.
    """
    used = [index for index in answers if index in publics][:t]
    if len(used) < t:
        raise TooFewShares(f"{len(used)} trustees answered, {t} are needed")
    for index in used:
        verify(publics[index], blinded, answers[index])
    return combine(blinded, {index: answers[index] for index in used})


def combine(blinded: Blinded, answers: Mapping[Index, Evaluation]) -> list[Output | None]:
    """The outputs from exactly t verified answers (see `finalize`, which verifies)."""
    coefficients = lagrange_at_zero(list(answers))
    real = [at for at, scalar in enumerate(blinded.blinds) if scalar is not None]
    inverses = invert_all([scalar for scalar in blinded.blinds if scalar is not None])

    def finish(pair: tuple[int, Scalar]) -> Output:
        at, inverse = pair
        value = blinded.inputs[at]
        assert value is not None
        factors = [coefficient * inverse % ORDER for coefficient in coefficients]
        unblinded = weighted_sum(factors, [answer.elements[at] for answer in answers.values()])
        return _hash_output(value, unblinded)

    outputs: list[Output | None] = [None] * len(blinded.inputs)
    for at, output in zip(
        real, map_on_every_core(finish, list(zip(real, inverses, strict=True))), strict=True
    ):
        outputs[at] = output
    return outputs


def _hash_output(value: bytes, element: Element) -> Output:
    sized = len(value).to_bytes(2, "big") + value + len(element).to_bytes(2, "big") + element
    return Output(hashlib.sha512(sized + b"Finalize").digest())


def derive_key(seed: bytes, info: bytes) -> Scalar:
    """The standard's deterministic key, for its vectors. Source: RFC 9497 3.2.1, DeriveKeyPair."""
    for counter in range(256):
        scalar = hash_to_scalar(
            seed + len(info).to_bytes(2, "big") + info + bytes([counter]), b"DeriveKeyPair" + CONTEXT
        )
        if scalar:
            return scalar
    raise TooFewShares("no key for this seed")
