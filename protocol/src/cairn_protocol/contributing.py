"""What goes into a sum: a group's return, and a trustee's noise, each encrypted and proven for one period.

Not here: counting and clipping (`returns_layout`), signing (`messages.wire.sign`), checking (`closing`).
Source: design.md 4.7.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cairn_protocol.errors import WrongTerms
from cairn_protocol.fixed_base import Comb
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.returns import (
    NoiseDeposit,
    Return,
    ReturnTerms,
    deposit_context,
    return_context,
)
from cairn_protocol.messages.wire import digest_of
from cairn_protocol.noise import noise_for
from cairn_protocol.packing import pack, pack_noise, plaintexts_for, slots_of
from cairn_protocol.paillier import PublicKey, encrypt
from cairn_protocol.returns_layout import Layout, layout_of
from cairn_protocol.sum_figures import deposit_variance


@dataclass(frozen=True)
class ReturnPeriod:
    """A period's terms with the key and layout they name: made by `period_of`."""

    terms: ReturnTerms
    key: PublicKey
    layout: Layout

    @property
    def ciphertexts(self) -> int:
        """How many ciphertexts a return has."""
        return plaintexts_for(len(self.layout.cells), self.slots)

    @property
    def slots(self) -> int:
        """How many counters a ciphertext has."""
        return slots_of(self.key.modulus_bits)


def period_of(terms: ReturnTerms, key: PublicKey, genesis: Genesis) -> ReturnPeriod:
    """The period that the terms describe.

    Raises WrongTerms for another key or an unknown layout, or unless t trustees or more of the genesis, in
    its order, are listed to add noise: of t at least one is honest.
    """
    listed = [trustee.id for trustee in genesis.trustees if trustee.id in terms.noise_from]
    if terms.key_digest != key.digest:
        raise WrongTerms("terms for another key")
    if list(terms.noise_from) != listed or len(listed) < genesis.t:
        raise WrongTerms("terms under which too few trustees of the genesis add noise, or in another order")
    return ReturnPeriod(terms, key, layout_of(terms))


def make_return(
    period: ReturnPeriod, group: str, member: str, counters: Sequence[int], *, comb: Comb | None = None
) -> Return:
    """A group's return, to be signed by the member that sends it.

    counters  in the layout's order, clipped (`returns_layout.finish`); all 0 for a period with nothing
    comb      of the period's key; without one encrypting takes .1 s rather than .03

    Raises CounterOutOfRange for a counter that is not clipped.
    """
    plaintexts = pack(counters, period.layout.caps(period.terms.caps), period.slots)
    context = return_context(period.terms, group, member)
    encrypted = encrypt(period.key, plaintexts, context, comb=comb)
    return Return(
        terms=digest_of(period.terms),
        period=period.terms.period,
        layout=period.terms.layout,
        group=group,
        member=member,
        ciphertexts=tuple(period.key.encode(ciphertext) for ciphertext in encrypted.ciphertexts),
        proof=encrypted.proof,
    )


def make_deposit(period: ReturnPeriod, trustee: str, secret: bytes) -> NoiseDeposit:
    """A trustee's noise, to be signed by it. Other ciphertexts each time, of the same noise.

    secret  32 bytes of the trustee's, for noise alone (`noise.noise_for`)
    """
    variance = deposit_variance(period.terms, period.layout)
    noise = noise_for(secret, digest_of(period.terms), len(period.layout.cells), variance)
    context = deposit_context(period.terms, trustee)
    encrypted = encrypt(period.key, pack_noise(noise, period.slots), context)
    return NoiseDeposit(
        terms=digest_of(period.terms),
        period=period.terms.period,
        trustee=trustee,
        ciphertexts=tuple(period.key.encode(ciphertext) for ciphertext in encrypted.ciphertexts),
        proof=encrypted.proof,
    )
