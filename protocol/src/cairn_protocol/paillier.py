"""Paillier encryption of returns, and the proof that its sender knows what it encrypted.

A ciphertext is (1 + n)^m h_s^r modulo n squared, r of 400 bits: plain Paillier to whoever reads it
(`phe` does), but a fixed base to whoever writes it, so a comb makes it some 5,000 times
faster than one phe encryption for each counter. Ciphertexts can be added by anyone, so also
copied or negated to single a firm out: hence `check_contribution`, one proof for all
ciphertexts of a return, bound to a context, which nobody can make for what it can't read.

Promises: decoding takes only units, in their one encoding; errors name the sender.
Not here: shares and opening (`paillier_shares`), slots (`packing`), who may send (`closing`).
Source: Paillier, EUROCRYPT 1999; Damgard, Jurik, Nielsen, Int. J. Inf. Sec. 9 (2010), 4.2 (short
exponents); Cramer, Damgard, Nielsen, EUROCRYPT 2001 (the proof), batched by random weights.
"""

import hmac
import math
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import gmpy2
from gmpy2 import mpz

from cairn_protocol import kdf
from cairn_protocol.errors import BadCiphertext, BadPaillierKey, BadPlaintextProof, PartyId
from cairn_protocol.fixed_base import ROWS, TEETH, Comb
from cairn_protocol.kdf import Use
from cairn_protocol.messages.returns import PaillierKey
from cairn_protocol.messages.wire import digest_of

Ciphertext: TypeAlias = mpz

MIN_MODULUS_BITS: Final = 3072
RANDOM_BITS: Final = 400  # of a mask's exponent; 256 would be enough for 128 bits of security
_HIDING_BITS: Final = 128
WEIGHT_BYTES: Final = 16
MAX_CIPHERTEXTS: Final = 64
# The proof's own random exponent hides the sum of up to 64 masks' exponents times 128-bit weights.
_ANNOUNCED_BITS: Final = RANDOM_BITS + 8 * WEIGHT_BYTES + _HIDING_BITS + 7
_ANSWER_BITS: Final = _ANNOUNCED_BITS + 2
_ANSWER_BYTES: Final = -(-_ANSWER_BITS // 8)


@dataclass(frozen=True)
class PublicKey:
    """A checked public key: make it by `public_key`, or by dealing. Attributes as in `PaillierKey`."""

    message: PaillierKey
    n: mpz
    mask_base: mpz
    base: mpz
    verification: tuple[mpz, ...]

    @property
    def t(self) -> int:
        return self.message.t

    @property
    def holders(self) -> int:
        """How many trustees hold a share."""
        return len(self.verification)

    @cached_property
    def n2(self) -> mpz:
        """n squared."""
        return self.n * self.n

    @cached_property
    def digest(self) -> bytes:
        """32 bytes that stand for the key."""
        return digest_of(self.message)

    @cached_property
    def modulus_bits(self) -> int:
        return int(self.n.bit_length())

    @cached_property
    def modulus_bytes(self) -> int:
        return -(-self.modulus_bits // 8)

    @cached_property
    def factorial(self) -> int:
        """D, the factorial of the number of holders: it makes interpolation in the exponent whole."""
        return math.factorial(self.holders)

    def comb(self, *, teeth: int = TEETH, rows: int = ROWS) -> Comb:
        """A table for encrypting faster; for firms (see `fixed_base`). More teeth and rows pay for many returns."""
        return Comb(self.mask_base, self.n2, RANDOM_BITS, teeth=teeth, rows=rows)

    def decode(self, raw: bytes, *, culprit: PartyId | None = None) -> Ciphertext:
        """The ciphertext, or partial, that `raw` encodes.

        Raises BadCiphertext for another length, a number from n squared on, or no unit.
        """
        value = gmpy2.mpz(int.from_bytes(raw, "big"))
        if len(raw) != 2 * self.modulus_bytes or not 0 < value < self.n2 or gmpy2.gcd(value, self.n) != 1:
            raise BadCiphertext("not the encoding of a unit modulo n squared", culprit=culprit)
        return value

    def encode(self, ciphertext: Ciphertext) -> bytes:
        """Big-endian, twice as long as n."""
        return int(ciphertext).to_bytes(2 * self.modulus_bytes, "big")


def public_key(
    message: PaillierKey, *, min_bits: int = MIN_MODULUS_BITS, culprit: PartyId | None = None
) -> PublicKey:
    """The key of a message.

    min_bits  below 3072 for tests alone

    Raises BadPaillierKey for a modulus that is too short, even, prime or a square, for bases that are
    not units, or a threshold that a minority could reach. What only the dealer could have done
    wrong, such as a modulus of three primes, is not seen.
    """
    n = gmpy2.mpz(int.from_bytes(message.n, "big"))
    bits = int(n.bit_length())
    if bits < min_bits or len(message.n) != -(-bits // 8):
        raise BadPaillierKey(
            f"a modulus of fewer than {min_bits} bits, or with leading zeros", culprit=culprit
        )
    if not n % 2 or gmpy2.is_square(n) or gmpy2.is_prime(n) or gmpy2.gcd(n, gmpy2.primorial(10_000)) != 1:
        raise BadPaillierKey("a modulus that is not the product of two large primes", culprit=culprit)
    holders = len(message.verification)
    if not holders < 2 * message.t <= 2 * holders:
        raise BadPaillierKey(
            "a threshold that a minority reaches, or that all together don't", culprit=culprit
        )
    values = []
    for raw in (message.mask_base, message.base, *message.verification):
        value = gmpy2.mpz(int.from_bytes(raw, "big"))
        if len(raw) != 2 * len(message.n) or not 1 < value < n * n or gmpy2.gcd(value, n) != 1:
            raise BadPaillierKey("a base that is not a unit modulo n squared", culprit=culprit)
        values.append(value)
    return PublicKey(message, n, values[0], values[1], tuple(values[2:]))


@dataclass(frozen=True, slots=True)
class Encrypted:
    """Ciphertexts with one proof that whoever made them knows their plaintexts."""

    ciphertexts: tuple[Ciphertext, ...]
    proof: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Masked:
    """Ciphertexts with the exponents of their masks: these open them."""

    ciphertexts: tuple[Ciphertext, ...]
    exponents: tuple[int, ...]


def mask(key: PublicKey, plaintexts: Iterable[int], comb: Comb | None = None) -> Masked:
    """Encrypt each plaintext, a number modulo n. Without a comb: slower, and constant in time."""
    ciphertexts, exponents = [], []
    for plaintext in plaintexts:
        r = secrets.randbits(RANDOM_BITS)
        if comb is None:
            r |= 1 << RANDOM_BITS  # equally long, so equally fast
            power = gmpy2.powmod_sec(key.mask_base, r, key.n2)
        else:
            power = comb.power(r)
        ciphertexts.append((1 + plaintext * key.n) % key.n2 * power % key.n2)
        exponents.append(r)
    return Masked(tuple(ciphertexts), tuple(exponents))


def encrypt(
    key: PublicKey, plaintexts: Sequence[int], context: bytes, *, comb: Comb | None = None
) -> Encrypted:
    """Encrypt the plaintexts, 1 to 64 numbers modulo n, and prove that they are known, in this context.

    Cost at 3072 bits: 1 ms a plaintext by a comb, else 7 ms; the proof 12 ms.
    """
    masked = mask(key, plaintexts, comb)
    u = secrets.randbelow(int(key.n))
    w = secrets.randbits(_ANNOUNCED_BITS) | 1 << _ANNOUNCED_BITS
    announced = (1 + u * key.n) * gmpy2.powmod_sec(key.mask_base, w, key.n2) % key.n2
    challenge = _challenge(key, masked.ciphertexts, announced, context)
    weights = _weights(challenge, len(plaintexts))
    plain_answer = (u + sum(e * m for e, m in zip(weights, plaintexts, strict=True))) % int(key.n)
    mask_answer = w + sum(e * r for e, r in zip(weights, masked.exponents, strict=True))
    proof = (
        challenge
        + plain_answer.to_bytes(key.modulus_bytes, "big")
        + mask_answer.to_bytes(_ANSWER_BYTES, "big")
    )
    return Encrypted(masked.ciphertexts, proof)


def check_contribution(
    key: PublicKey,
    ciphertexts: Sequence[Ciphertext],
    proof: bytes,
    context: bytes,
    *,
    culprit: PartyId | None = None,
) -> None:
    """Raise BadPlaintextProof, naming `culprit`, unless `proof` was made by `encrypt` for these and this context.

    Knowing means: from whoever makes proofs that hold, all plaintexts can be extracted. Weights
    of 128 bits are below every prime factor, so they can be divided by.
    Cost: a power of 670 bits, and one of 128 bits a ciphertext.
    """
    challenge, plain, masks = (
        proof[:32],
        proof[32 : 32 + key.modulus_bytes],
        proof[32 + key.modulus_bytes :],
    )
    plain_answer = int.from_bytes(plain, "big")
    mask_answer = int.from_bytes(masks, "big")
    if (
        not 0 < len(ciphertexts) <= MAX_CIPHERTEXTS
        or len(proof) != 32 + key.modulus_bytes + _ANSWER_BYTES
        or plain_answer >= key.n
        or mask_answer >= 1 << _ANSWER_BITS
    ):
        raise BadPlaintextProof("a proof of another length, or for another number", culprit=culprit)
    weights = _weights(challenge, len(ciphertexts))
    combined = weighted_product(ciphertexts, weights, key.n2)
    answered = (1 + plain_answer * key.n) * gmpy2.powmod(key.mask_base, mask_answer, key.n2)
    announced = answered * gmpy2.invert(combined, key.n2) % key.n2
    if not hmac.compare_digest(_challenge(key, ciphertexts, announced, context), challenge):
        raise BadPlaintextProof("the proof is of another sender, period or ciphertext", culprit=culprit)


def trivial(key: PublicKey, plaintexts: Iterable[int]) -> list[Ciphertext]:
    """Public constants as ciphertexts without a mask: to be added to a sum, hiding nothing."""
    return [(1 + plaintext * key.n) % key.n2 for plaintext in plaintexts]


def add(key: PublicKey, addends: Iterable[Sequence[Ciphertext]], count: int) -> list[Ciphertext]:
    """The ciphertexts of the sums, place by place, of vectors of `count` ciphertexts."""
    sums = [gmpy2.mpz(1)] * count
    for addend in addends:
        sums = [a * b % key.n2 for a, b in zip(sums, addend, strict=True)]
    return sums


def weighted_product(values: Sequence[mpz], weights: Sequence[int], modulus: mpz) -> mpz:
    """The product of values[i]^weights[i]."""
    product = gmpy2.mpz(1)
    for value, weight in zip(values, weights, strict=True):
        product = product * gmpy2.powmod(value, weight, modulus) % modulus
    return product


def _challenge(
    key: PublicKey, ciphertexts: Sequence[Ciphertext], announced: Ciphertext, context: bytes
) -> bytes:
    parts = [key.encode(ciphertext) for ciphertext in ciphertexts]
    return kdf.digest(Use.PAILLIER_PROOF, b"contribution", context, key.digest, *parts, key.encode(announced))


def _weights(challenge: bytes, count: int) -> list[int]:
    return [
        int.from_bytes(
            kdf.digest(Use.PAILLIER_WEIGHTS, challenge, at.to_bytes(2, "big"))[:WEIGHT_BYTES], "big"
        )
        for at in range(count)
    ]
