"""Opening a sum by t of n trustees, each with a proof that it used its share.

The dealer's exponent d is 0 modulo m (so raising to it takes a mask away) and 1 modulo n; it is
shared by a polynomial over Z_nm. A trustee gives c^(2 D s_i) for every ciphertext of a sum,
D = n! of the trustees, and one proof for all of them: weights fixed by a hash join them into
one equality of logarithms. `combine` takes checked partials alone, of any t trustees.

Promises: a partial made with anything but the share is refused and its trustee named; a proof
holds for one sum and one context. Not here: that a sum may be opened at all (`closing`).
Source: Shoup, EUROCRYPT 2000; Fouque, Poupard, Stern, FC 2000; Damgard, Jurik, Nielsen 2010, 4.1.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import gmpy2
from gmpy2 import mpz

from cairn_protocol import kdf
from cairn_protocol.errors import BadPartial, BadShare, PartyId, TooFewShares, VoidSum
from cairn_protocol.kdf import Use
from cairn_protocol.messages.returns import PaillierKey
from cairn_protocol.paillier import WEIGHT_BYTES, Ciphertext, PublicKey, weighted_product

MAX_HOLDERS: Final = 255
_CHALLENGE_BITS: Final = 128
_HIDING_BITS: Final = 128
_SIEVED: Final = 1 << 17
_PRIMALITY_ROUNDS: Final = 40


@dataclass(frozen=True, slots=True)
class KeyShare:
    """One trustee's share. `index` is its place in the genesis, from 1."""

    index: int
    exponent: int = field(repr=False)

    def encode(self, key: PublicKey) -> bytes:
        """Secret: index in one byte, then the exponent, big-endian."""
        return bytes([self.index]) + self.exponent.to_bytes(2 * key.modulus_bytes, "big")


def decode_share(raw: bytes, key: PublicKey) -> KeyShare:
    """The share of `encode`. Raises BadShare unless it is the one that the key's verification values ask for."""
    if len(raw) != 1 + 2 * key.modulus_bytes or not 1 <= raw[0] <= key.holders:
        raise BadShare("not the encoding of a share of this key", culprit="dealer")
    share = KeyShare(raw[0], int.from_bytes(raw[1:], "big"))
    expected = gmpy2.powmod_sec(key.base, key.factorial * share.exponent, key.n2) if share.exponent else 1
    if share.exponent >= key.n2 or expected != key.verification[share.index - 1]:
        raise BadShare("the share is not the one that its verification value fixes", culprit="dealer")
    return share


@dataclass(frozen=True, slots=True)
class Dealing:
    """What a ceremony leaves: the public key, and a share for each trustee in order. No factor of n is kept."""

    key: PublicKey
    shares: tuple[KeyShare, ...] = field(repr=False)


def safe_prime(bits: int) -> mpz:
    """A random prime p of exactly `bits` bits, its two top bits set, with (p - 1) / 2 prime. Seconds at 1536 bits."""
    if bits < 64:
        raise ValueError("too short to sieve")
    sieve = [int(s) for s in range(3, 60_000, 2) if gmpy2.is_prime(s)]
    while True:
        start = gmpy2.mpz(secrets.randbits(bits - 1)) | 3 << bits - 3 | 1
        dead = bytearray(_SIEVED)  # place i stands for q = start + 2i
        for s in sieve:
            # s divides q, or s divides 2q + 1
            for first in (-start * pow(2, -1, s) % s, -(2 * start + 1) * pow(4, -1, s) % s):
                dead[int(first) :: s] = b"\x01" * len(range(int(first), _SIEVED, s))
        for place in range(_SIEVED):
            q = start + 2 * place
            if dead[place] or q.bit_length() >= bits:
                continue
            p = 2 * q + 1
            # Fermat first, as it turns nearly all away at half the cost.
            if gmpy2.powmod(2, q - 1, q) != 1 or gmpy2.powmod(2, p - 1, p) != 1:
                continue
            if gmpy2.is_prime(q, _PRIMALITY_ROUNDS) and gmpy2.is_prime(p, _PRIMALITY_ROUNDS):
                return p


def deal(p: mpz | int, q: mpz | int, *, t: int, holders: int) -> Dealing:
    """The dealer's ceremony: a key under n = p q, any t of `holders` open. p, q are distinct safe primes.

    Whoever runs it could keep p and q: it belongs on a machine that is wiped afterwards.
    Raises ValueError for a threshold that a minority reaches, or for equal primes.
    """
    if not holders < 2 * t <= 2 * holders or holders > MAX_HOLDERS:
        raise ValueError("a minority would reach the threshold, or all together would not")
    p, q = gmpy2.mpz(p), gmpy2.mpz(q)
    if p == q or p.bit_length() != q.bit_length():
        raise ValueError("two distinct primes of one length are needed")
    n = gmpy2.mpz(p * q)
    n2 = n * n
    m = (p - 1) // 2 * ((q - 1) // 2)
    d = m * gmpy2.invert(m, n) % (n * m)
    coefficients = [d, *(gmpy2.mpz(secrets.randbelow(int(n * m))) for _ in range(t - 1))]
    shares = tuple(
        KeyShare(at, int(sum(a * at**power for power, a in enumerate(coefficients)) % (n * m)))
        for at in range(1, holders + 1)
    )
    x = gmpy2.mpz(2 + secrets.randbelow(int(n) - 2))
    base = gmpy2.powmod(2 + secrets.randbelow(int(n2) - 2), 2, n2)
    factorial = gmpy2.fac(holders)
    verification = tuple(gmpy2.powmod(base, factorial * share.exponent, n2) for share in shares)
    mask_base = gmpy2.powmod(-x * x % n, n, n2)
    length = -(-int(n.bit_length()) // 8)
    message = PaillierKey(
        n=int(n).to_bytes(length, "big"),
        mask_base=int(mask_base).to_bytes(2 * length, "big"),
        t=t,
        base=int(base).to_bytes(2 * length, "big"),
        verification=tuple(int(value).to_bytes(2 * length, "big") for value in verification),
    )
    return Dealing(PublicKey(message, n, mask_base, base, verification), shares)


@dataclass(frozen=True, slots=True)
class Partial:
    """One trustee's part: c^(2 D s_i) for every ciphertext of a sum, and the proof."""

    parts: tuple[mpz, ...]
    proof: bytes


def decrypt_partially(
    key: PublicKey, share: KeyShare, ciphertexts: Sequence[Ciphertext], context: bytes
) -> Partial:
    """A trustee's part of opening `ciphertexts`, proven for `context`.

    Cost at 3072 bits: .1 s a ciphertext, .25 s for the proof. Constant in time for shares of one length.
    """
    exponent = key.factorial * share.exponent
    parts = tuple(gmpy2.powmod_sec(c, 2 * exponent, key.n2) for c in ciphertexts)
    seed, inputs, outputs = _joined(key, share.index, ciphertexts, parts, context)
    r = secrets.randbits(_announced_bits(key)) | 1 << _announced_bits(key)
    challenge = _challenge(
        key, seed, inputs, outputs, gmpy2.powmod_sec(inputs, r, key.n2), gmpy2.powmod_sec(key.base, r, key.n2)
    )
    answer = r + _scalar(challenge) * exponent
    return Partial(parts, challenge + int(answer).to_bytes(_answer_bytes(key), "big"))


@dataclass(frozen=True, slots=True)
class CheckedPartial:
    """A partial whose proof held: made by `check_partial` alone."""

    index: int
    parts: tuple[mpz, ...]
    ciphertexts: tuple[Ciphertext, ...]


def check_partial(
    key: PublicKey,
    index: int,
    ciphertexts: Sequence[Ciphertext],
    partial: Partial,
    context: bytes,
    *,
    culprit: PartyId | None = None,
) -> CheckedPartial:
    """The partial, once its proof holds for the trustee of that index, these ciphertexts and this context.

    Squares on both sides: what a sign, or any element of order 2, could hide is taken away.
    Raises BadPartial, naming `culprit`. Cost at 3072 bits: .2 s, and 2 ms a ciphertext.
    """
    challenge, rest = partial.proof[:32], partial.proof[32:]
    answer = int.from_bytes(rest, "big")
    if not 1 <= index <= key.holders or len(partial.parts) != len(ciphertexts) or not ciphertexts:
        raise BadPartial("a partial by nobody who holds a share, or of another sum", culprit=culprit)
    if len(partial.proof) != 32 + _answer_bytes(key) or answer >= 1 << _answer_bits(key):
        raise BadPartial("a proof of another length", culprit=culprit)
    seed, inputs, outputs = _joined(key, index, ciphertexts, partial.parts, context)
    e = _scalar(challenge)
    of_inputs = _quotient(key, inputs, answer, outputs, e)
    of_base = _quotient(key, key.base, answer, key.verification[index - 1], e)
    expected = _challenge(key, seed, inputs, outputs, of_inputs, of_base)
    if not hmac.compare_digest(expected, challenge):
        raise BadPartial("the partial was not made with the share of this trustee", culprit=culprit)
    return CheckedPartial(index, partial.parts, tuple(ciphertexts))


def combine(key: PublicKey, partials: Sequence[CheckedPartial]) -> list[int]:
    """The plaintexts of a sum from t or more checked partials of it; any t give the same.

    Raises TooFewShares; ValueError for partials of different sums; VoidSum for a plaintext that does not
    open, which checked partials make impossible for a key that was dealt as it should be.
    """
    by_index = {partial.index: partial for partial in partials}
    chosen = [by_index[index] for index in sorted(by_index)][: key.t]
    if len(chosen) < key.t:
        raise TooFewShares(f"{len(chosen)} trustees answered, {key.t} must")
    if len({partial.ciphertexts for partial in chosen}) != 1:
        raise ValueError("partials of different sums")
    exponents = [2 * _lagrange(key, partial.index, [other.index for other in chosen]) for partial in chosen]
    scale = gmpy2.invert(4 * key.factorial**2, key.n)
    plaintexts = []
    for parts in zip(*(partial.parts for partial in chosen), strict=True):
        opened = gmpy2.mpz(1)
        for part, exponent in zip(parts, exponents, strict=True):
            opened = opened * gmpy2.powmod(part, exponent, key.n2) % key.n2
        quotient, remainder = divmod(opened - 1, key.n)
        if remainder:
            raise VoidSum("the partials don't open the sum")
        plaintexts.append(int(quotient * scale % key.n))
    return plaintexts


def _lagrange(key: PublicKey, index: int, indices: Sequence[int]) -> int:
    """D times the coefficient at 0 of the holder: whole, as D is a multiple of every denominator."""
    numerator, denominator = key.factorial, 1
    for other in indices:
        if other != index:
            numerator *= -other
            denominator *= index - other
    return numerator // denominator


def _joined(
    key: PublicKey, index: int, ciphertexts: Sequence[Ciphertext], parts: Sequence[mpz], context: bytes
) -> tuple[bytes, mpz, mpz]:
    """A seed over everything, and the two elements whose logarithm it is: products of c^4 and of parts squared."""
    told = [key.encode(value) for value in (*ciphertexts, *parts)]
    seed = kdf.digest(Use.PAILLIER_PROOF, b"partial", context, key.digest, bytes([index]), *told)
    weights = [
        int.from_bytes(kdf.digest(Use.PAILLIER_WEIGHTS, seed, at.to_bytes(2, "big"))[:WEIGHT_BYTES], "big")
        for at in range(len(ciphertexts))
    ]
    inputs = weighted_product(ciphertexts, [4 * weight for weight in weights], key.n2)
    outputs = weighted_product(parts, [2 * weight for weight in weights], key.n2)
    return seed, inputs, outputs


def _quotient(key: PublicKey, base: mpz, answer: int, power: mpz, e: int) -> mpz:
    return gmpy2.powmod(base, answer, key.n2) * gmpy2.invert(gmpy2.powmod(power, e, key.n2), key.n2) % key.n2


def _challenge(key: PublicKey, seed: bytes, *elements: mpz) -> bytes:
    return kdf.digest(Use.PAILLIER_PROOF, b"partial challenge", seed, *(key.encode(e) for e in elements))


def _scalar(challenge: bytes) -> int:
    return int.from_bytes(challenge[: _CHALLENGE_BITS // 8], "big")


def _announced_bits(key: PublicKey) -> int:
    """Of a mask that hides a challenge times D times a share, whatever it is."""
    return 2 * key.modulus_bits + key.factorial.bit_length() + _CHALLENGE_BITS + _HIDING_BITS


def _answer_bits(key: PublicKey) -> int:
    return _announced_bits(key) + 2


def _answer_bytes(key: PublicKey) -> int:
    return -(-_answer_bits(key) // 8)
