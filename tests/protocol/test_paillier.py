"""Returns' encryption: what phe reads and adds, what only the sender can prove, what only t trustees can open.

Authority: phe, an independent Paillier, reads our ciphertexts and makes some that we open.
"""

import itertools
import json
from typing import Any

import gmpy2
import phe
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn_protocol.errors import (
    BadCiphertext,
    BadPaillierKey,
    BadPartial,
    BadPlaintextProof,
    BadShare,
    TooFewShares,
)
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.paillier import (
    Encrypted,
    PublicKey,
    add,
    check_contribution,
    encrypt,
    mask,
    public_key,
    trivial,
)
from cairn_protocol.paillier_shares import (
    CheckedPartial,
    Dealing,
    KeyShare,
    Partial,
    check_partial,
    combine,
    deal,
    decode_share,
    decrypt_partially,
    safe_prime,
)
from tests.support.sums import PRIMES, dealing

DEALT = dealing()
KEY = DEALT.key
COMB = KEY.comb()
STORED = json.loads(PRIMES.read_text())["1024"]
PHE_PUBLIC = phe.PaillierPublicKey(int(KEY.n))
PHE_PRIVATE = phe.PaillierPrivateKey(PHE_PUBLIC, int(STORED["p"], 16), int(STORED["q"], 16))
FEW = settings(max_examples=20, deadline=None)

below_n = st.integers(0, int(KEY.n) // 3 - 1)
plaintexts = st.lists(below_n, min_size=1, max_size=4)


def opened(dealt: Dealing, ciphertexts: list[Any], by: tuple[int, ...] = (1, 2)) -> list[int]:
    return combine(dealt.key, [checked(dealt, index, ciphertexts) for index in by])


def checked(dealt: Dealing, index: int, ciphertexts: list[Any], context: bytes = b"c") -> CheckedPartial:
    partial = decrypt_partially(dealt.key, dealt.shares[index - 1], ciphertexts, context)
    return check_partial(dealt.key, index, ciphertexts, partial, context)


def read_by_phe(ciphertext: Any) -> int:
    number = phe.EncryptedNumber(PHE_PUBLIC, int(ciphertext))
    return int(PHE_PRIVATE.decrypt(number))


@FEW
@given(plaintexts, st.booleans())
def test_phe_reads_what_we_encrypt(values: list[int], by_comb: bool) -> None:
    masked = mask(KEY, values, COMB if by_comb else None)

    assert [read_by_phe(ciphertext) for ciphertext in masked.ciphertexts] == values


@FEW
@given(st.lists(st.integers(0, 2**900), min_size=2, max_size=6), st.integers(0, 2**900))
def test_phe_adds_our_ciphertexts_and_we_open_sums_that_hold_its_own(values: list[int], foreign: int) -> None:
    ours = [mask(KEY, [value], COMB).ciphertexts[0] for value in values]
    total = sum((phe.EncryptedNumber(PHE_PUBLIC, int(c)) for c in ours), PHE_PUBLIC.encrypt(foreign))

    assert opened(DEALT, [gmpy2.mpz(total.ciphertext())]) == [sum(values) + foreign]


@FEW
@given(plaintexts, plaintexts)
def test_adding_is_what_phe_calls_adding(some: list[int], others: list[int]) -> None:
    count = min(len(some), len(others))
    a, b = (mask(KEY, values[:count], COMB).ciphertexts for values in (some, others))
    by_phe = [
        phe.EncryptedNumber(PHE_PUBLIC, int(x)) + phe.EncryptedNumber(PHE_PUBLIC, int(y))
        for x, y in zip(a, b, strict=True)
    ]

    assert add(KEY, [a, b], count) == [number.ciphertext(be_secure=False) for number in by_phe]


@pytest.mark.parametrize(("t", "holders"), [(1, 1), (2, 2), (2, 3), (3, 3), (3, 4), (3, 5), (4, 6)])
def test_every_t_trustees_open_the_same(t: int, holders: int) -> None:
    dealt = dealing(t=t, holders=holders)
    values = [0, 1, int(dealt.key.n) - 1]
    ciphertexts = list(encrypt(dealt.key, values, b"x").ciphertexts)
    partials = [checked(dealt, index, ciphertexts) for index in range(1, holders + 1)]

    for chosen in itertools.combinations(partials, t):
        assert combine(dealt.key, chosen) == values
    assert combine(dealt.key, partials[::-1]) == values


def test_one_trustee_fewer_opens_nothing() -> None:
    ciphertexts = list(mask(KEY, [42]).ciphertexts)
    partial = checked(DEALT, 1, ciphertexts)

    with pytest.raises(TooFewShares):
        combine(KEY, [partial, partial])


def test_a_constant_is_added_without_a_mask() -> None:
    masked = mask(KEY, [5, 6], COMB).ciphertexts

    assert opened(DEALT, add(KEY, [masked, trivial(KEY, [10, 20])], 2)) == [15, 26]


def test_noise_below_zero_takes_from_the_sum() -> None:
    masked = mask(KEY, [100], COMB).ciphertexts

    assert opened(DEALT, add(KEY, [masked, mask(KEY, [-30]).ciphertexts], 1)) == [70]


def test_two_encryptions_of_one_number_are_never_alike() -> None:
    assert len({int(mask(KEY, [7], COMB).ciphertexts[0]) for _ in range(20)}) == 20


# The sender knows what it sent


@FEW
@given(plaintexts, st.binary(max_size=40))
def test_a_sender_proves_what_it_encrypted(values: list[int], context: bytes) -> None:
    sent = encrypt(KEY, values, context, comb=COMB)

    check_contribution(KEY, sent.ciphertexts, sent.proof, context)


def refused(sent: Encrypted, context: bytes = b"group-01 2026-10") -> None:
    with pytest.raises(BadPlaintextProof) as raised:
        check_contribution(KEY, sent.ciphertexts, sent.proof, context, culprit="member:m01")
    assert raised.value.culprit == "member:m01"


SENT = encrypt(KEY, [3, 4, 5], b"group-01 2026-10", comb=COMB)


def test_a_proof_copied_into_another_name_or_period_is_refused() -> None:
    refused(SENT, b"group-02 2026-10")
    refused(SENT, b"group-01 2026-11")


def test_a_proof_replayed_for_other_ciphertexts_is_refused() -> None:
    other = mask(KEY, [3, 4, 5], COMB).ciphertexts

    refused(Encrypted(other, SENT.proof))
    refused(Encrypted(SENT.ciphertexts[:2], SENT.proof))
    refused(Encrypted(SENT.ciphertexts[::-1], SENT.proof))


def test_a_firms_ciphertext_negated_or_masked_anew_cant_be_sent_by_another() -> None:
    """To single a firm out: take its return from the sum, or add it twice."""
    negated = tuple(gmpy2.invert(c, KEY.n2) for c in SENT.ciphertexts)
    masked_anew = tuple(c * mask(KEY, [0], COMB).ciphertexts[0] % KEY.n2 for c in SENT.ciphertexts)

    refused(Encrypted(negated, SENT.proof))
    refused(Encrypted(masked_anew, SENT.proof))
    own = encrypt(KEY, [1, 2, 3], b"group-01 2026-10", comb=COMB)
    refused(Encrypted((SENT.ciphertexts[0], *own.ciphertexts[1:]), own.proof))


@FEW
@given(st.integers(0, 8 * len(SENT.proof) - 1))
def test_a_proof_with_any_bit_changed_is_refused(bit: int) -> None:
    changed = bytearray(SENT.proof)
    changed[bit // 8] ^= 1 << bit % 8

    refused(Encrypted(SENT.ciphertexts, bytes(changed)))


@pytest.mark.parametrize("cut", [SENT.proof[:-1], SENT.proof + b"\0", b"", bytes(len(SENT.proof))])
def test_a_proof_of_another_length_or_of_nothing_is_refused(cut: bytes) -> None:
    refused(Encrypted(SENT.ciphertexts, cut))
    refused(Encrypted((), SENT.proof))


def test_a_proof_has_one_form() -> None:
    """The same answer plus n would hold as well, and be another signed return."""
    answer = slice(32, 32 + KEY.modulus_bytes)
    while True:
        sent = encrypt(KEY, [3], b"group-01 2026-10", comb=COMB)
        longer = int.from_bytes(sent.proof[answer], "big") + int(KEY.n)
        if longer < 1 << 8 * KEY.modulus_bytes:
            break

    again = bytearray(sent.proof)
    again[answer] = longer.to_bytes(KEY.modulus_bytes, "big")
    refused(Encrypted(sent.ciphertexts, bytes(again)))


def test_a_proof_under_another_key_is_refused() -> None:
    other = dealing(t=3, holders=5).key  # the same n, other masks

    with pytest.raises(BadPlaintextProof):
        check_contribution(other, SENT.ciphertexts, SENT.proof, b"group-01 2026-10")


# Ciphertexts have one encoding


@FEW
@given(below_n)
def test_a_ciphertext_comes_back_from_its_bytes(value: int) -> None:
    ciphertext = mask(KEY, [value], COMB).ciphertexts[0]

    assert KEY.decode(KEY.encode(ciphertext)) == ciphertext


P = int(STORED["p"], 16)
WIDTH = 2 * KEY.modulus_bytes


@pytest.mark.parametrize(
    "raw",
    [
        bytes(WIDTH),
        int(KEY.n2).to_bytes(WIDTH, "big"),
        int(KEY.n2 + 1).to_bytes(WIDTH, "big"),
        int(KEY.n).to_bytes(WIDTH, "big"),
        P.to_bytes(WIDTH, "big"),
        (1).to_bytes(WIDTH - 1, "big"),
        (1).to_bytes(WIDTH + 1, "big"),
        b"",
    ],
    ids=["zero", "n2", "n2+1", "n", "a factor", "short", "long", "empty"],
)
def test_what_is_no_unit_or_another_encoding_is_refused(raw: bytes) -> None:
    with pytest.raises(BadCiphertext) as raised:
        KEY.decode(raw, culprit="member:m01")
    assert raised.value.culprit == "member:m01"


# The key


def test_a_key_comes_back_from_the_wire() -> None:
    again = public_key(decode(encode(KEY.message), type(KEY.message)), min_bits=1024)

    assert (again.n, again.mask_base, again.base, again.verification) == (
        KEY.n, KEY.mask_base, KEY.base, KEY.verification,
    )  # fmt: skip
    assert again.digest == KEY.digest


def changed(**fields: Any) -> Any:
    return type(KEY.message)(
        **{name: getattr(KEY.message, name) for name in KEY.message.__struct_fields__} | fields
    )


def as_modulus(number: int) -> bytes:
    return number.to_bytes(KEY.modulus_bytes, "big")


@pytest.mark.parametrize(
    "message",
    [
        changed(n=as_modulus(int(KEY.n) + 1)),
        changed(n=as_modulus(int(gmpy2.prev_prime(KEY.n)))),
        changed(n=as_modulus(int(gmpy2.isqrt(KEY.n)) ** 2 | 1)),
        changed(n=as_modulus(3 * (int(KEY.n) // 3 | 1))),
        changed(n=b"\0" + KEY.message.n),
        changed(mask_base=KEY.message.n.rjust(WIDTH, b"\0")),
        changed(base=(1).to_bytes(WIDTH, "big")),
        changed(verification=(KEY.message.base, KEY.message.n.rjust(WIDTH, b"\0"), KEY.message.base)),
        changed(t=1),
        changed(t=4),
    ],
    ids=[
        "even",
        "prime",
        "other",
        "small factor",
        "zeros",
        "mask",
        "base",
        "verification",
        "minority",
        "all",
    ],
)
def test_a_key_that_no_ceremony_makes_is_refused(message: Any) -> None:
    with pytest.raises(BadPaillierKey):
        public_key(message, min_bits=1000)


def test_a_short_modulus_is_for_tests_alone() -> None:
    with pytest.raises(BadPaillierKey):
        public_key(KEY.message)


def test_a_square_is_no_modulus() -> None:
    with pytest.raises(BadPaillierKey):
        public_key(changed(n=(P * P).to_bytes(KEY.modulus_bytes, "big")), min_bits=1000)


# Trustees


def test_a_share_comes_back_and_fits_its_verification_value() -> None:
    for share in DEALT.shares:
        assert decode_share(share.encode(KEY), KEY) == share


def test_a_share_that_the_dealer_bent_is_refused() -> None:
    bent = KeyShare(1, DEALT.shares[0].exponent + 1).encode(KEY)
    another = bytes([2]) + DEALT.shares[0].encode(KEY)[1:]

    for raw in (bent, another, b"\0" + bent[1:], b"\7" + bent[1:], bent[:-1], bytes(len(bent))):
        with pytest.raises(BadShare):
            decode_share(raw, KEY)


def test_a_share_shows_itself_in_no_repr() -> None:
    assert str(DEALT.shares[0].exponent) not in repr(DEALT)


CIPHERTEXTS = list(mask(KEY, [1, 2, 3], COMB).ciphertexts)
PART = decrypt_partially(KEY, DEALT.shares[0], CIPHERTEXTS, b"close")


def bad_partial(
    partial: Partial, *, index: int = 1, ciphertexts: list[Any] = CIPHERTEXTS, context: bytes = b"close"
) -> None:
    with pytest.raises(BadPartial) as raised:
        check_partial(KEY, index, ciphertexts, partial, context, culprit="trustee:t1")
    assert raised.value.culprit == "trustee:t1"


def test_a_partial_made_with_another_exponent_is_refused_and_its_trustee_named() -> None:
    bent = decrypt_partially(KEY, KeyShare(1, DEALT.shares[0].exponent + 2), CIPHERTEXTS, b"close")

    bad_partial(bent)
    bad_partial(Partial((PART.parts[0] ** 2 % KEY.n2, *PART.parts[1:]), PART.proof))
    bad_partial(Partial(PART.parts[:2], PART.proof))


def test_a_partial_that_shifts_one_counter_and_takes_it_off_another_is_refused() -> None:
    """What a proof over the plain product of all parts would let through."""
    shift = 1 + KEY.n
    shifted = (
        PART.parts[0] * shift % KEY.n2,
        PART.parts[1] * gmpy2.invert(shift, KEY.n2) % KEY.n2,
        PART.parts[2],
    )

    bad_partial(Partial(shifted, PART.proof))


def test_a_partial_of_another_trustee_sum_or_statement_is_refused() -> None:
    bad_partial(PART, index=2)
    bad_partial(PART, index=0)
    bad_partial(PART, index=4)
    bad_partial(PART, context=b"another")
    bad_partial(PART, ciphertexts=CIPHERTEXTS[::-1])
    bad_partial(PART, ciphertexts=CIPHERTEXTS[:2])
    bad_partial(PART, ciphertexts=[])


@FEW
@given(st.integers(0, 8 * len(PART.proof) - 1))
def test_a_partials_proof_with_any_bit_changed_is_refused(bit: int) -> None:
    proof = bytearray(PART.proof)
    proof[bit // 8] ^= 1 << bit % 8

    bad_partial(Partial(PART.parts, bytes(proof)))


def test_partials_of_different_sums_are_not_combined() -> None:
    other = list(mask(KEY, [1, 2, 3], COMB).ciphertexts)

    with pytest.raises(ValueError):
        combine(KEY, [checked(DEALT, 1, CIPHERTEXTS), checked(DEALT, 2, other)])


# The ceremony


def test_a_ceremony_makes_safe_primes_and_a_key_that_opens() -> None:
    p, q = safe_prime(256), safe_prime(256)

    for prime in (p, q):
        assert prime.bit_length() == 256
        assert gmpy2.is_prime(prime)
        assert gmpy2.is_prime((prime - 1) // 2)
    dealt = deal(p, q, t=2, holders=3)
    assert public_key(dealt.key.message, min_bits=512).n == p * q
    assert opened(dealt, list(encrypt(dealt.key, [17, 4], b"").ciphertexts), (1, 3)) == [17, 4]


@pytest.mark.parametrize(("t", "holders"), [(1, 2), (2, 4), (4, 3), (0, 0), (129, 256)])
def test_a_ceremony_for_a_minority_is_refused(t: int, holders: int) -> None:
    with pytest.raises(ValueError):
        deal(gmpy2.mpz(P), gmpy2.mpz(int(STORED["q"], 16)), t=t, holders=holders)
    with pytest.raises(ValueError):
        deal(gmpy2.mpz(P), gmpy2.mpz(P), t=2, holders=3)


@pytest.mark.long
def test_all_of_it_holds_at_3072_bits() -> None:
    dealt = dealing(3072)
    key: PublicKey = public_key(dealt.key.message)
    stored = json.loads(PRIMES.read_text())["3072"]
    public = phe.PaillierPublicKey(int(key.n))
    private = phe.PaillierPrivateKey(public, int(stored["p"], 16), int(stored["q"], 16))
    values = [0, 1, 2**3040 - 1, 12345]

    sent = encrypt(key, values, b"x", comb=key.comb())
    check_contribution(key, sent.ciphertexts, sent.proof, b"x")
    assert [private.decrypt(phe.EncryptedNumber(public, int(c))) for c in sent.ciphertexts] == values
    ciphertexts = list(sent.ciphertexts)
    partials = [checked(dealt, index, ciphertexts) for index in (1, 2, 3)]
    for chosen in itertools.combinations(partials, 2):
        assert combine(key, chosen) == values
