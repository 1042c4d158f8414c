"""Proof that one secret relates two lists of elements: D[i] = k * C[i] with K = k * B.

One proof of 64 bytes covers the whole batch: a random combination, its weights fixed by
a hash, is proven instead of each pair. `verify` names the party whose proof fails.
Source: RFC 9497 2.2 (GenerateProof, VerifyProof, ComputeComposites).
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

from cairn_protocol.errors import BadProof, PartyId
from cairn_protocol.group import (
    SCALAR_BYTES,
    Element,
    Scalar,
    add,
    decode_scalar,
    encode_scalar,
    hash_to_scalar,
    multiply,
    multiply_base,
    random_scalar,
    weighted_sum,
)

PROOF_BYTES: Final = 2 * SCALAR_BYTES
MAX_BATCH: Final = 65_535  # the index of an element is two bytes


def _sized(part: bytes) -> bytes:
    return len(part).to_bytes(2, "big") + part


def _weights(
    context: bytes, public: Element, inputs: Sequence[bytes], outputs: Sequence[bytes]
) -> list[Scalar]:
    seed = hashlib.sha512(_sized(public) + _sized(b"Seed-" + context)).digest()
    domain = b"HashToScalar-" + context
    return [
        hash_to_scalar(_sized(seed) + at.to_bytes(2, "big") + _sized(c) + _sized(d) + b"Composite", domain)
        for at, (c, d) in enumerate(zip(inputs, outputs, strict=True))
    ]


def _challenge(context: bytes, *elements: Element) -> Scalar:
    transcript = b"".join(_sized(element) for element in elements)
    return hash_to_scalar(transcript + b"Challenge", b"HashToScalar-" + context)


def prove(
    secret: Scalar,
    public: Element,
    inputs: Sequence[Element | bytes],
    outputs: Sequence[Element],
    context: bytes,
    *,
    nonce: Scalar | None = None,
) -> bytes:
    """64 bytes that prove outputs[i] = secret * inputs[i] and public = secret * B.

    context  the suite's context string; proofs of two contexts never fit each other
    nonce    for the standard's vectors only; a fresh one otherwise

    Cost: one multiplication an element, three more a batch.
    Source: RFC 9497 2.2.1; composites by the fast way of its holder of the secret.
    """
    combined = weighted_sum(_weights(context, public, inputs, outputs), inputs)
    scaled = multiply(secret, combined)
    r = random_scalar() if nonce is None else nonce
    c = _challenge(context, public, combined, scaled, multiply_base(r), multiply(r, combined))
    return encode_scalar(c) + encode_scalar(r - c * secret)


def verify(
    public: Element,
    inputs: Sequence[Element],
    outputs: Sequence[Element | bytes],
    proof: bytes,
    context: bytes,
    *,
    culprit: PartyId | None = None,
) -> None:
    """Raise BadProof, naming `culprit`, unless `proof` is `prove`'s for these lists.

    outputs  as they came: they need no decoding before

    Raises BadElement and BadScalar, naming `culprit`, for what is no canonical encoding.
    Cost: two multiplications an element, four more a batch.
    Source: RFC 9497 2.2.2.
    """
    if len(proof) != PROOF_BYTES or len(inputs) != len(outputs) or not 0 < len(inputs) <= MAX_BATCH:
        raise BadProof("a proof of another length, or for another batch", culprit=culprit)
    c = decode_scalar(proof[:SCALAR_BYTES], culprit=culprit)
    s = decode_scalar(proof[SCALAR_BYTES:], culprit=culprit)
    if not c or not s:  # an honest prover hits either with probability 2^-252
        raise BadProof("a proof with a zero scalar", culprit=culprit)
    weights = _weights(context, public, inputs, outputs)
    combined = weighted_sum(weights, inputs)
    scaled = weighted_sum(weights, outputs, culprit=culprit)
    expected = _challenge(
        context,
        public,
        combined,
        scaled,
        add(multiply_base(s), multiply(c, public)),
        add(multiply(s, combined), multiply(c, scaled)),
    )
    if not hmac.compare_digest(encode_scalar(expected), proof[:SCALAR_BYTES]):
        raise BadProof("the evaluation was not made with the key that was published", culprit=culprit)
