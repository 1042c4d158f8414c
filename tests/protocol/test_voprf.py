"""Any t trustees reach the standard's output, and one that cheats is named."""

import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol import dleq
from cairn_protocol.errors import BadElement, BadProof, BadScalar, ProtocolError, TooFewShares
from cairn_protocol.group import (
    IDENTITY,
    Element,
    Scalar,
    decode_scalar,
    encode_scalar,
    hash_to_group,
    multiply,
    multiply_base,
    random_scalar,
)
from cairn_protocol.sharing import Index, KeyShare, split
from cairn_protocol.voprf import (
    CONTEXT,
    Blinded,
    Evaluation,
    Output,
    PublicShare,
    blind,
    derive_key,
    evaluate,
    finalize,
    verify,
)
from tests.support.keys import scalar

SUITE = json.loads((Path(__file__).parent.parent / "vectors" / "rfc9497_voprf.json").read_text())
SPLITS = [(1, 1), (1, 3), (2, 2), (2, 3), (3, 5), (5, 7)]


@dataclass(frozen=True)
class Vector:
    """One of the standard's vectors, decoded."""

    blinded: Blinded
    evaluated: tuple[Element, ...]
    proof: bytes
    nonce: Scalar
    outputs: list[Output]


def listed(text: str) -> list[bytes]:
    return [bytes.fromhex(part) for part in text.split(",")]


def vector(told: dict[str, Any]) -> Vector:
    return Vector(
        Blinded(
            tuple(listed(told["Input"])),
            tuple(decode_scalar(part) for part in listed(told["Blind"])),
            tuple(Element(part) for part in listed(told["BlindedElement"])),
        ),
        tuple(Element(part) for part in listed(told["EvaluationElement"])),
        bytes.fromhex(told["Proof"]["proof"]),
        decode_scalar(bytes.fromhex(told["Proof"]["r"])),
        [Output(part) for part in listed(told["Output"])],
    )


VECTORS = [vector(told) for told in SUITE["vectors"]]
SECRET = decode_scalar(bytes.fromhex(SUITE["skSm"]))
PUBLIC = Element(bytes.fromhex(SUITE["pkSm"]))


def shared(secret: Scalar, t: int, n: int) -> tuple[list[KeyShare], dict[Index, PublicShare]]:
    """The secret split among n trustees, and what the genesis would say of it."""
    shares = split(secret, n, t)
    publics = {
        share.index: PublicShare(share.index, multiply_base(share.scalar), f"trustee:t{share.index}")
        for share in shares
    }
    return shares, publics


def asked(
    blinded: Blinded, shares: Sequence[KeyShare], publics: dict[Index, PublicShare]
) -> dict[Index, Evaluation]:
    """The answers of these trustees, all honest."""
    return {share.index: evaluate(share, publics[share.index].element, blinded.elements) for share in shares}


def standard_output(secret: Scalar, value: bytes) -> Output:
    """RFC 9497 3.3.1, Evaluate: what who has the whole key computes, by the text."""
    element = multiply(secret, hash_to_group(value, b"HashToGroup-" + CONTEXT))
    sized = b"".join(len(part).to_bytes(2, "big") + part for part in (value, element))
    return Output(hashlib.sha512(sized + b"Finalize").digest())


def test_the_standards_key_follows_from_its_seed() -> None:
    derived = derive_key(bytes.fromhex(SUITE["seed"]), bytes.fromhex(SUITE["keyInfo"]))
    assert encode_scalar(derived).hex() == SUITE["skSm"]
    assert multiply_base(derived).hex() == SUITE["pkSm"]


@pytest.mark.parametrize("of", VECTORS, ids=range(len(VECTORS)))
def test_blinding_evaluation_proof_and_output_are_the_standards(of: Vector) -> None:
    for value, factor, element in zip(of.blinded.inputs, of.blinded.blinds, of.blinded.elements, strict=True):
        assert value is not None and factor is not None
        assert multiply(factor, hash_to_group(value, b"HashToGroup-" + CONTEXT)) == element
    whole = KeyShare(Index(1), SECRET)
    answer = evaluate(whole, PUBLIC, of.blinded.elements)
    assert answer.elements == of.evaluated
    proof = dleq.prove(SECRET, PUBLIC, of.blinded.elements, of.evaluated, CONTEXT, nonce=of.nonce)
    assert proof == of.proof
    public = PublicShare(Index(1), PUBLIC, "trustee:t1")
    verify(public, of.blinded, Evaluation(of.evaluated, of.proof))
    assert finalize(of.blinded, {Index(1): answer}, {Index(1): public}, 1) == of.outputs
    assert [standard_output(SECRET, value) for value in of.blinded.inputs if value] == of.outputs


@pytest.mark.parametrize(("t", "n"), SPLITS)
def test_every_quorum_of_every_split_reaches_the_standards_output(t: int, n: int) -> None:
    shares, publics = shared(SECRET, t, n)
    answers = [asked(of.blinded, shares, publics) for of in VECTORS]
    for quorum in itertools.combinations(publics, t):
        for of, answered in zip(VECTORS, answers, strict=True):
            assert finalize(of.blinded, {at: answered[at] for at in quorum}, publics, t) == of.outputs


@st.composite
def quorums(draw: st.DrawFn) -> tuple[int, int, list[int]]:
    """t, n up to 7, and t distinct places in any order."""
    n = draw(st.integers(1, 7))
    t = draw(st.integers(1, min(n, 5)))
    return t, n, draw(st.permutations(range(n)))[:t]


@given(quorum=quorums(), inputs=st.lists(st.none() | st.binary(max_size=40), min_size=1, max_size=5))
def test_any_t_of_n_reach_the_output_under_the_whole_key(
    quorum: tuple[int, int, list[int]], inputs: list[bytes | None]
) -> None:
    t, n, places = quorum
    secret = random_scalar()
    shares, publics = shared(secret, t, n)
    blinded = blind(inputs)
    outputs = finalize(blinded, asked(blinded, [shares[at] for at in places], publics), publics, t)
    assert outputs == [None if value is None else standard_output(secret, value) for value in inputs]


def test_a_value_never_looks_the_same_twice_and_a_filler_looks_like_a_value() -> None:
    seen = {element for _ in range(3) for element in blind([b"same", b"same", None, None]).elements}
    assert len(seen) == 12
    assert blind([b"a", None]).blinds[1] is None


def test_a_batch_of_nothing_but_fillers_is_answered_with_nothing() -> None:
    shares, publics = shared(SECRET, 2, 3)
    blinded = blind([None] * 3)
    assert finalize(blinded, asked(blinded, shares, publics), publics, 2) == [None] * 3


def test_the_longest_input_of_the_standard_is_taken() -> None:
    shares, publics = shared(SECRET, 2, 3)
    value = b"v" * 65_535
    blinded = blind([value])
    assert finalize(blinded, asked(blinded, shares, publics), publics, 2) == [standard_output(SECRET, value)]


SHARES, PUBLICS = shared(scalar("whole key"), 2, 3)
BATCH = blind([b"one", b"two", None])
HONEST = asked(BATCH, SHARES, PUBLICS)


def blamed(lie: Evaluation, of: int = 2) -> ProtocolError:
    """What `finalize` says when trustee `of` answers with `lie`; it must be blamed, not its neighbour."""
    with pytest.raises((BadProof, BadElement, BadScalar)) as refused:
        finalize(BATCH, {Index(1): HONEST[Index(1)], Index(of): lie}, PUBLICS, 2)
    assert refused.value.culprit == f"trustee:t{of}"
    return refused.value


def test_a_trustee_that_answers_with_another_key_is_named() -> None:
    other = KeyShare(Index(2), scalar("another key"))
    assert isinstance(blamed(evaluate(other, multiply_base(other.scalar), BATCH.elements)), BadProof)
    # It may as well pretend that the other key is the published one.
    assert isinstance(blamed(evaluate(other, PUBLICS[Index(2)].element, BATCH.elements)), BadProof)


def test_a_trustee_that_answers_with_its_neighbours_answer_is_named() -> None:
    assert isinstance(blamed(HONEST[Index(1)]), BadProof)
    assert isinstance(blamed(HONEST[Index(1)], 3), BadProof)


def test_a_trustee_that_swaps_two_elements_is_named() -> None:
    one, two, rest = HONEST[Index(2)].elements
    assert isinstance(blamed(replace(HONEST[Index(2)], elements=(two, one, rest))), BadProof)


def test_a_trustee_that_answers_too_little_or_too_much_is_named() -> None:
    elements = HONEST[Index(2)].elements
    for changed in ((), elements[:-1], (*elements, elements[0])):
        assert isinstance(blamed(replace(HONEST[Index(2)], elements=changed)), BadProof)


@given(at=st.integers(0, 63), bit=st.integers(0, 7))
def test_a_trustee_that_mauls_its_proof_is_named(at: int, bit: int) -> None:
    mauled = bytearray(HONEST[Index(2)].proof)
    mauled[at] ^= 1 << bit
    blamed(replace(HONEST[Index(2)], proof=bytes(mauled)))


@pytest.mark.parametrize("element", [IDENTITY, b"\xff" * 32, b"", multiply_base(5)[:31]], ids=len)
def test_a_trustee_that_answers_with_no_element_is_named(element: bytes) -> None:
    changed = (Element(element), *HONEST[Index(2)].elements[1:])
    assert isinstance(blamed(replace(HONEST[Index(2)], elements=changed)), BadElement)


def test_one_answer_with_its_top_bit_set_is_refused() -> None:
    """libsodium 1.0.18 takes it for the element without, so a batch would have two valid answers."""
    first, *others = HONEST[Index(2)].elements
    twin = Element(first[:31] + bytes([first[31] | 0x80]))
    answered = (twin, *others)
    proof = dleq.prove(SHARES[1].scalar, PUBLICS[Index(2)].element, BATCH.elements, answered, CONTEXT)
    assert isinstance(blamed(Evaluation(answered, proof)), BadElement)


@pytest.mark.parametrize("element", [IDENTITY, b"\xff" * 32, b"", multiply_base(5)[:31]], ids=len)
def test_a_client_that_sends_no_element_is_named(element: bytes) -> None:
    with pytest.raises(BadElement) as refused:
        evaluate(
            SHARES[0],
            PUBLICS[Index(1)].element,
            [*BATCH.elements, Element(element)],
            culprit="member:m00",
        )
    assert refused.value.culprit == "member:m00"


def test_fewer_than_t_answers_or_answers_of_strangers_give_nothing() -> None:
    for answers in (
        {},
        {Index(1): HONEST[Index(1)]},
        {Index(1): HONEST[Index(1)], Index(9): HONEST[Index(2)]},
    ):
        with pytest.raises(TooFewShares):
            finalize(BATCH, answers, PUBLICS, 2)


def test_t_minus_1_shares_give_another_output() -> None:
    """What one trustee of two alone could make of its share is not the output."""
    alone = finalize(BATCH, {Index(1): HONEST[Index(1)]}, PUBLICS, 1)
    assert alone[0] != standard_output(scalar("whole key"), b"one")


def test_secrets_are_in_no_repr() -> None:
    assert str(SHARES[0].scalar) not in repr(SHARES[0])
    assert "one" not in repr(BATCH) and str(BATCH.blinds[0]) not in repr(BATCH)
