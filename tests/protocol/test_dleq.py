"""A proof of equal logarithms holds for what it was made for, and for nothing else."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.dleq import PROOF_BYTES, prove, verify
from cairn_protocol.errors import BadElement, BadProof, BadScalar, ProtocolError
from cairn_protocol.group import (
    IDENTITY,
    ORDER,
    Element,
    Scalar,
    encode_scalar,
    multiply,
    multiply_base,
)
from tests.support.keys import scalar

CONTEXT = b"cairn/test"


@dataclass(frozen=True)
class Statement:
    """What a proof is about."""

    secret: Scalar
    public: Element
    inputs: list[Element]
    outputs: list[Element]
    proof: bytes


def statement(size: int) -> Statement:
    secret = scalar("secret")
    inputs = [multiply_base(scalar("input", at)) for at in range(size)]
    outputs = [multiply(secret, element) for element in inputs]
    public = multiply_base(secret)
    return Statement(secret, public, inputs, outputs, prove(secret, public, inputs, outputs, CONTEXT))


TRUE = statement(5)


def refused(of: Statement = TRUE, context: bytes = CONTEXT, **changed: object) -> ProtocolError:
    told = {"public": of.public, "inputs": of.inputs, "outputs": of.outputs, "proof": of.proof} | changed
    with pytest.raises((BadProof, BadScalar, BadElement)) as error:
        verify(told["public"], told["inputs"], told["outputs"], told["proof"], context, culprit="trustee:t1")  # type: ignore[arg-type]
    assert error.value.culprit == "trustee:t1"
    return error.value


@given(size=st.integers(1, 30))
def test_a_true_statement_is_proven(size: int) -> None:
    of = statement(size)
    verify(of.public, of.inputs, of.outputs, of.proof, CONTEXT)


def test_another_key_another_context_and_another_order_are_refused() -> None:
    assert isinstance(refused(public=multiply_base(7)), BadProof)
    assert isinstance(refused(context=b"cairn/other"), BadProof)
    assert isinstance(refused(outputs=TRUE.outputs[::-1]), BadProof)
    assert isinstance(refused(inputs=TRUE.inputs[::-1]), BadProof)
    assert isinstance(refused(outputs=[*TRUE.outputs[:4], TRUE.outputs[0]]), BadProof)


def test_pairs_swapped_alike_in_both_lists_need_a_proof_of_their_own() -> None:
    """The statement is as true; but the weights say which pair stands where."""
    assert isinstance(refused(inputs=TRUE.inputs[::-1], outputs=TRUE.outputs[::-1]), BadProof)


def test_two_errors_that_cancel_out_in_a_plain_sum_are_refused() -> None:
    extra = multiply_base(9)
    cancelled = [
        multiply_base(TRUE.secret * scalar("input", 0) + 9),
        multiply_base(TRUE.secret * scalar("input", 1) - 9),
        *TRUE.outputs[2:],
    ]
    assert extra not in TRUE.outputs
    forged = prove(TRUE.secret, TRUE.public, TRUE.inputs, cancelled, CONTEXT)
    assert isinstance(refused(outputs=cancelled, proof=forged), BadProof)


@given(at=st.integers(0, PROOF_BYTES - 1), bit=st.integers(0, 7))
def test_a_proof_with_one_bit_changed_is_refused(at: int, bit: int) -> None:
    mauled = bytearray(TRUE.proof)
    mauled[at] ^= 1 << bit
    refused(proof=bytes(mauled))


def test_a_proof_of_another_length_or_for_no_element_is_refused() -> None:
    for proof in (b"", TRUE.proof[:-1], TRUE.proof + b"\0", TRUE.proof[:32]):
        assert isinstance(refused(proof=proof), BadProof)
    assert isinstance(refused(inputs=[], outputs=[]), BadProof)
    assert isinstance(refused(inputs=TRUE.inputs[:4]), BadProof)


def test_a_second_form_of_a_scalar_is_refused() -> None:
    """Else one proof had many encodings."""
    c, s = (int.from_bytes(TRUE.proof[at : at + 32], "little") for at in (0, 32))
    for proof in (
        (c + ORDER).to_bytes(32, "little") + encode_scalar(s),
        encode_scalar(c) + (s + ORDER).to_bytes(32, "little"),
    ):
        assert isinstance(refused(proof=proof), BadScalar)


def test_a_zero_scalar_is_refused_and_named() -> None:
    """Multiplying by zero is an error of its own, which could name nobody."""
    for proof in (bytes(32) + TRUE.proof[32:], TRUE.proof[:32] + bytes(32), bytes(64)):
        assert isinstance(refused(proof=proof), BadProof)


def test_an_output_that_is_no_element_is_refused_and_named() -> None:
    for output in (IDENTITY, b"\xff" * 32, TRUE.outputs[0][:31]):
        assert isinstance(refused(outputs=[output, *TRUE.outputs[1:]]), BadElement)
