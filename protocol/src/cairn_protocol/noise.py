"""Exact discrete noise from any source of random bytes, and how much of it a promise needs.

The samplers work on whole numbers and fractions alone: no rounding of a logarithm leaks what
the theory promises to hide. A trustee's noise for a period is drawn from a keystream under its
secret and the period's terms: asked again it gives the same noise, so asking often averages
nothing out.

Promises: distributions are exact for a uniform source. The number of bytes a draw takes depends on
what is drawn, so its time tells something to who can measure it; a trustee draws offline.
Source: Canonne, Kamath, Steinke, The Discrete Gaussian for Differential Privacy, NeurIPS 2020
(algorithms 1 to 3; theorem 14 for many counters); Bun, Steinke, TCC 2016 (zCDP).
"""

import secrets
from collections.abc import Callable
from fractions import Fraction
from math import isqrt
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR

from cairn_protocol import kdf
from cairn_protocol.kdf import Use

ByteSource = Callable[[int], bytes]  # so many uniform bytes
_CHUNK: Final = 1024


class Dice:
    """Draws from exact distributions. Not for several threads at once.

    source  uniform bytes: the system's by default, a keystream for noise that must not change
    """

    def __init__(self, source: ByteSource = secrets.token_bytes) -> None:
        self._source = source
        self._pool = 0
        self._pooled = 0

    def bits(self, count: int) -> int:
        """A uniform number of `count` bits."""
        while self._pooled < count:
            self._pool |= int.from_bytes(self._source(_CHUNK), "little") << self._pooled
            self._pooled += 8 * _CHUNK
        drawn = self._pool & ((1 << count) - 1)
        self._pool >>= count
        self._pooled -= count
        return drawn

    def below(self, limit: int) -> int:
        """A uniform number from 0 to limit - 1."""
        width = (limit - 1).bit_length()
        while (drawn := self.bits(width)) >= limit:
            pass
        return drawn

    def bernoulli_exp(self, numerator: int, denominator: int) -> bool:
        """True with probability exp(-numerator / denominator), a fraction not below 0. Algorithm 1."""
        while numerator > denominator:
            if not self._small_exp(1, 1):
                return False
            numerator -= denominator
        return self._small_exp(numerator, denominator)

    def _small_exp(self, numerator: int, denominator: int) -> bool:
        k = 1
        while self.below(denominator * k) < numerator:
            k += 1
        return k % 2 == 1

    def laplace(self, scale: Fraction) -> int:
        """x with probability proportional to exp(-|x| / scale), scale above 0. Algorithm 2."""
        t, s = scale.numerator, scale.denominator
        while True:
            u = self.below(t)
            if not self.bernoulli_exp(u, t):
                continue
            v = 0
            while self.bernoulli_exp(1, 1):
                v += 1
            magnitude = (u + t * v) // s
            negative = self.bits(1)
            if magnitude or not negative:  # else zero would come twice as often
                return -magnitude if negative else magnitude

    def gaussian(self, variance: Fraction) -> int:
        """x with probability proportional to exp(-x^2 / (2 variance)), variance above 0. Algorithm 3."""
        a, b = variance.numerator, variance.denominator
        t = isqrt(a // b) + 1
        while True:
            candidate = self.laplace(Fraction(t))
            # exp(-(|y| - variance / t)^2 / (2 variance)), as whole numbers over b^2 t^2
            distance = abs(abs(candidate) * b * t - a)
            if self.bernoulli_exp(distance * distance, 2 * a * b * t * t):
                return candidate


def gaussian_variance(rho: Fraction, squared_sensitivity: int) -> Fraction:
    """The variance that gives rho-zCDP to whoever moves the counters by `squared_sensitivity` in squared length.

    A vector of discrete Gaussians of that variance gives squared sensitivity / (2 variance) of zCDP.
    Source: theorem 14 and proposition 5 of the paper.
    """
    if rho <= 0 or squared_sensitivity <= 0:
        raise ValueError("a promise of nothing, or of no bound")
    return Fraction(squared_sensitivity) / (2 * rho)


def keystream(secret: bytes, *context: bytes) -> ByteSource:
    """The same bytes for the same secret (32 bytes) and context: AES-256-CTR under a derived key."""
    encryptor = Cipher(AES256(kdf.derive(secret, Use.NOISE, *context)), CTR(bytes(16))).encryptor()
    return lambda count: encryptor.update(bytes(count))


def noise_for(secret: bytes, terms_digest: bytes, count: int, variance: Fraction) -> list[int]:
    """A trustee's noise for every counter of one period: the same whenever it is asked for.

    secret        the trustee's own, 32 bytes, used for nothing else
    terms_digest  of the period's terms, which fix layout, caps and rho
    """
    dice = Dice(keystream(secret, terms_digest))
    return [dice.gaussian(variance) for _ in range(count)]
