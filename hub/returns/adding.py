"""The sum of a period, by phe: another Paillier than ours reads and adds what firms and trustees encrypted.

The hub adds with the one, trustees multiply with the other and sign only an equal result, so a
mistake in either is seen before anything is opened.
Not here: who is in the sum (`cairn_protocol.closing`).
"""

from collections.abc import Iterable

import gmpy2
from phe import EncryptedNumber, PaillierPublicKey

from cairn_protocol.closing import AcceptedDeposit, AcceptedReturn
from cairn_protocol.contributing import ReturnPeriod
from cairn_protocol.packing import offsets
from cairn_protocol.paillier import Ciphertext


def add_up(
    period: ReturnPeriod, returns: Iterable[AcceptedReturn], deposits: Iterable[AcceptedDeposit]
) -> list[Ciphertext]:
    """The encryption of the sum of all contributions and of the public offsets, for `closing.close`."""
    key = PaillierPublicKey(int(period.key.n))
    # 1 + n m, without a mask: phe's own encryption of a constant that everybody knows.
    sums = [
        EncryptedNumber(key, key.raw_encrypt(constant, r_value=1))
        for constant in offsets(len(period.layout.cells), period.slots)
    ]
    for part in (returns, deposits):
        for accepted in part:
            sums = [
                total + EncryptedNumber(key, int(ciphertext))
                for total, ciphertext in zip(sums, accepted.ciphertexts, strict=True)
            ]
    return [gmpy2.mpz(total.ciphertext(be_secure=False)) for total in sums]
