"""Messages as examples in the API's description: of the right shape, and too short to be a key or a sum."""

from cairn_protocol.messages.parties import Approval
from cairn_protocol.messages.returns import (
    Caps,
    CloseStatement,
    Contribution,
    Deposit,
    PaillierKey,
    PartialDecryptions,
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
    Duties,
    Duty,
    Parts,
    Periods,
    PeriodShown,
    PeriodStanding,
    PeriodState,
    Wanted,
)
from cairn_protocol.messages.wire import Signed

_RESIDUES = (bytes(8),)
_APPROVALS = tuple(Approval(trustee=name, signature=bytes(64)) for name in ("t1", "t2", "t3"))

SIGNED = Signed(body=b"{}", signature=bytes(64))
TERMS = ReturnTerms(
    period="2026-10",
    layout=1,
    layout_digest=bytes(32),
    key_digest=bytes(32),
    caps=Caps(handled=200, flagged=40, band=1, cell=5, code=20),
    noise_from=("t1", "t2", "t3"),
    rho_thousandths=500,
)
STATEMENT = CloseStatement(
    terms=TERMS,
    contributions=(Contribution(group="meridian", member="m13", digest=bytes(32)),),
    deposits=(Deposit(trustee="t1", digest=bytes(32)),),
    total=_RESIDUES,
)
RESULT = SumResult(
    close=bytes(32),
    period="2026-10",
    layout=1,
    groups=12,
    state=SumState.PUBLISHED,
    margin=30,
    figures=(SumFigure(cell="handled", value=1_204, low=1_192, high=1_216),),
    withheld=1_026,
)
SHOWN = PeriodShown(
    key=ApprovedKey(
        key=PaillierKey(n=bytes(4), mask_base=bytes(8), t=2, base=bytes(8), verification=_RESIDUES * 3),
        approvals=_APPROVALS,
    ),
    terms=TERMS,
    closed=SignedClose(statement=STATEMENT, approvals=_APPROVALS),
    result=RESULT,
)
PERIODS = Periods(periods=(PeriodStanding(period="2026-10", state=PeriodState.PUBLISHED),))
DUTIES = Duties(duties=(Duty(period="2026-11", wanted=Wanted.DEPOSIT),))
CASE = CloseCase(statement=STATEMENT, deposits=(SIGNED,))
CONTRIBUTIONS = Contributions(start=0, returns=(SIGNED,))
APPROVAL = CloseApproval(close=bytes(32), trustee="t1", signature=bytes(64))
PART = PartialDecryptions(close=bytes(32), trustee="t1", parts=_RESIDUES, proof=bytes(64))
PARTS = Parts(parts=(PART,))
