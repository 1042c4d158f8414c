"""One example of every message of returns, for tests.support.messages: shapes and bytes, not sums that hold."""

from collections.abc import Iterator

from cairn_protocol.messages.parties import Approval
from cairn_protocol.messages.returns import (
    Caps,
    CloseStatement,
    Contribution,
    Deposit,
    NoiseDeposit,
    PaillierKey,
    PartialDecryptions,
    Return,
    ReturnTerms,
    SignedClose,
    SumFigure,
    SumResult,
    SumState,
)
from cairn_protocol.messages.returns_exchange import (
    ApprovedKey,
    CloseApproval,
    CloseCase,
    Contributions,
    Dealing,
    Duties,
    Duty,
    Parts,
    Periods,
    PeriodShown,
    PeriodStanding,
    PeriodState,
    ReturnReceipt,
    Wanted,
)
from cairn_protocol.messages.wire import Message, Signed, digest_of, encode
from tests.support.keys import seed


def return_examples() -> Iterator[Message]:
    """In the order of a period."""
    key = PaillierKey(
        n=seed("n", 0)[:16],
        mask_base=seed("mask", 0),
        t=2,
        base=seed("base", 0),
        verification=tuple(seed("verification", at) for at in range(3)),
    )
    approvals = tuple(Approval(trustee=f"t{at}", signature=seed("approval", at) * 2) for at in range(1, 4))
    terms = ReturnTerms(
        period="2026-10",
        layout=1,
        layout_digest=seed("layout", 1),
        key_digest=digest_of(key),
        caps=Caps(handled=200, flagged=40, band=1, cell=5, code=20),
        noise_from=("t1", "t2", "t3"),
        rho_thousandths=500,
    )
    residues = (seed("ciphertext", 0), seed("ciphertext", 1))
    filed = Return(
        terms=digest_of(terms),
        period="2026-10",
        layout=1,
        group="meridian",
        member="m13",
        ciphertexts=residues,
        proof=seed("proof", 0) * 3,
    )
    noise = NoiseDeposit(
        terms=digest_of(terms),
        period="2026-10",
        trustee="t1",
        ciphertexts=residues,
        proof=seed("proof", 1) * 3,
    )
    signed_return = Signed(body=encode(filed), signature=seed("signature", 0) * 2)
    signed_noise = Signed(body=encode(noise), signature=seed("signature", 1) * 2)
    statement = CloseStatement(
        terms=terms,
        contributions=(Contribution(group="meridian", member="m13", digest=digest_of(signed_return)),),
        deposits=(Deposit(trustee="t1", digest=digest_of(signed_noise)),),
        total=residues,
    )
    close = digest_of(statement)
    part = PartialDecryptions(close=close, trustee="t1", parts=residues, proof=seed("proof", 2) * 3)
    result = SumResult(
        close=close,
        period="2026-10",
        layout=1,
        groups=12,
        state=SumState.PUBLISHED,
        margin=30,
        figures=(SumFigure(cell="handled", value=1_204, low=1_192, high=1_216),),
        withheld=1_026,
    )
    approved, closed = (
        ApprovedKey(key=key, approvals=approvals),
        SignedClose(statement=statement, approvals=approvals),
    )
    yield from (key, terms, filed, noise, statement, closed, part, result, approved)
    yield Dealing(dealer="t1", key=key, shares=tuple(seed("share", at) for at in range(3)))
    yield Periods(periods=(PeriodStanding(period="2026-10", state=PeriodState.CLOSED),))
    yield PeriodShown(key=approved, terms=terms, closed=closed, result=None)
    yield ReturnReceipt(period="2026-10", group="meridian", member="m13", digest=digest_of(signed_return))
    yield Duties(
        duties=(Duty(period="2026-10", wanted=Wanted.PART), Duty(period="2026-11", wanted=Wanted.DEPOSIT))
    )
    yield CloseCase(statement=statement, deposits=(signed_noise,))
    yield Contributions(start=0, returns=(signed_return,))
    yield CloseApproval(close=close, trustee="t1", signature=seed("approval", 1) * 2)
    yield Parts(parts=(part,))
