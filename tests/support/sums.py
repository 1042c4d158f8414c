"""A period whose sum can be closed: a small stored test key, trustees, and groups that file returns."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import gmpy2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cairn_protocol.closing import (
    AcceptedDeposit,
    AcceptedReturn,
    accept_deposit,
    accept_return,
    close,
)
from cairn_protocol.contributing import ReturnPeriod, make_deposit, make_return, period_of
from cairn_protocol.messages.parties import Approval, Entry
from cairn_protocol.messages.returns import Caps, CloseStatement, ReturnTerms, SignedClose, sign_close
from cairn_protocol.messages.wire import Signed, sign
from cairn_protocol.paillier_shares import Dealing, deal
from cairn_protocol.returns_layout import CURRENT
from tests.support.parties import Parties, member, parties

PRIMES = Path(__file__).parent.parent / "vectors" / "paillier_primes.json"
CAPS = Caps(handled=200, flagged=40, band=1, cell=5, code=20)


@cache
def dealing(bits: int = 1024, t: int = 2, holders: int = 3) -> Dealing:
    """A dealing under the stored primes: not secret, and at 1024 bits far too short for anything but tests."""
    stored = json.loads(PRIMES.read_text())[str(bits)]
    p, q = (gmpy2.mpz(int(stored[name], 16)) for name in ("p", "q"))
    return deal(p, q, t=t, holders=holders)


@dataclass(frozen=True)
class Firm:
    """A member and its key."""

    entry: Entry
    key: Ed25519PrivateKey

    def file(self, period: ReturnPeriod, counters: list[int]) -> Signed:
        """Its group's signed return."""
        assert self.entry.group is not None
        return sign(make_return(period, self.entry.group, self.entry.party, counters), self.key)


@cache
def firm(at: int) -> Firm:
    """The member of a group of its own."""
    return Firm(*member(f"m{at:02}", f"group-{at:02}", at + 1))


@dataclass(frozen=True)
class Sum:
    """One period, its parties, and what can be done with them."""

    parties: Parties
    dealing: Dealing
    period: ReturnPeriod

    def filed(self, at: int, counters: list[int]) -> AcceptedReturn:
        """What the firm at that place files, accepted."""
        one = firm(at)
        return accept_return(self.period, one.file(self.period, counters), one.entry)

    def deposit(self, trustee: str) -> AcceptedDeposit:
        """A trustee's noise, accepted."""
        sent = sign(
            make_deposit(self.period, trustee, trustee.encode() * 16), self.parties.trustee_keys[trustee]
        )
        return accept_deposit(self.period, sent, trustee, self.parties.genesis)

    def deposits(self) -> list[AcceptedDeposit]:
        """Every listed trustee's noise."""
        return [self.deposit(trustee) for trustee in self.period.terms.noise_from]

    def signed(self, statement: CloseStatement, by: tuple[str, ...] = ("t1", "t2", "t3")) -> SignedClose:
        """The statement with these trustees' signatures."""
        return SignedClose(
            statement=statement,
            approvals=tuple(
                Approval(trustee=name, signature=sign_close(statement, self.parties.trustee_keys[name]))
                for name in by
            ),
        )

    def closed(self, vectors: list[list[int]]) -> SignedClose:
        """The signed statement over returns with these counters, one group each."""
        returns = [self.filed(at, vector) for at, vector in enumerate(vectors)]
        return self.signed(close(self.period, returns, self.deposits()))


def a_sum(
    period: str = "2026-10", caps: Caps = CAPS, noise_from: tuple[str, ...] = ("t1", "t2", "t3")
) -> Sum:
    """A period under the small test key, with three trustees of whom two open."""
    who, dealt = parties(), dealing()
    terms = ReturnTerms(
        period=period,
        layout=CURRENT.version,
        layout_digest=CURRENT.digest,
        key_digest=dealt.key.digest,
        caps=caps,
        noise_from=noise_from,
        rho_thousandths=500,
    )
    return Sum(who, dealt, period_of(terms, dealt.key, who.genesis))


def vector(cells: Mapping[str, int]) -> list[int]:
    """A group's counters: 0 but for the named cells."""
    counters = [0] * len(CURRENT.cells)
    for name, value in cells.items():
        counters[CURRENT.slots[name]] = value
    return counters
