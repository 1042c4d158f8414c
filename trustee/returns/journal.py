"""What this trustee gave for a period, written down before it is given: so it gives nothing else, ever.

A trustee killed between journal and answer finds here, when it is asked again, what it may answer:
the same noise, the same close statement.
Source: design.md 4.7; research of returns, one sum a period.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from cairn_protocol.closing import check_only_close
from cairn_protocol.errors import PeriodClosed
from cairn_protocol.messages.returns import CloseStatement
from cairn_protocol.messages.wire import Signed, decode, digest_of, encode
from trustee.storage.tables import SumRow


def deposited(db: Session, period: str, made: Signed) -> Signed:
    """The noise of this trustee for the period: what it made first, or `made` from now on.

    Raises PeriodClosed once it signed a close: noise added later is in no sum.
    """
    row = _row(db, period)
    if row.close is not None and row.deposit is None:
        raise PeriodClosed("this trustee has signed the period's close", culprit="hub")
    if row.deposit is None:
        row.deposit = encode(made)
    return decode(row.deposit, Signed)


def earlier_deposit(db: Session, period: str) -> Signed | None:
    """The noise that was made for the period, if any was."""
    row = db.get(SumRow, period)
    return decode(row.deposit, Signed) if row is not None and row.deposit is not None else None


def commit_to(db: Session, statement: CloseStatement) -> None:
    """From now on this is the period's one sum. Raises PeriodClosed if another is."""
    row = _row(db, statement.terms.period)
    check_only_close(statement, row.close)
    row.close = digest_of(statement)


def note_checked(db: Session, period: str) -> None:
    """The period's result is what its sum opens to."""
    _row(db, period).checked = True


def checked(db: Session) -> frozenset[str]:
    """The periods whose result was found true."""
    return frozenset(db.scalars(select(SumRow.period).where(SumRow.checked)))


def unfinished(db: Session) -> frozenset[str]:
    """The periods whose close this trustee committed to, and whose result it has not checked."""
    return frozenset(
        db.scalars(select(SumRow.period).where(SumRow.close.is_not(None), SumRow.checked.is_(False)))
    )


def _row(db: Session, period: str) -> SumRow:
    row = db.get(SumRow, period)
    if row is None:
        row = SumRow(period=period, deposit=None, close=None, checked=False)
        db.add(row)
    return row
