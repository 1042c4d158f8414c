"""Periods: the key returns are encrypted under, a period's terms, and where each period stands.

Key and terms are leaves of the log in the commit that makes them: trustees act on nothing else.
Not here: what groups and trustees send (`filing`), the sum (`summing`).
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.contributing import ReturnPeriod, period_of
from cairn_protocol.errors import BadPaillierKey, PeriodClosed
from cairn_protocol.messages.log import LeafKind, content_digest
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.returns import (
    Caps,
    CloseStatement,
    ReturnTerms,
    SignedClose,
    SumResult,
    SumState,
)
from cairn_protocol.messages.returns_exchange import (
    ApprovedKey,
    PeriodShown,
    PeriodStanding,
    PeriodState,
)
from cairn_protocol.messages.wire import decode, digest_of, encode
from cairn_protocol.paillier import public_key
from cairn_protocol.returns_layout import CURRENT
from cairn_protocol.returns_log import check_approved_key
from hub.returns.refusals import UnknownPeriod
from hub.returns.tables import ReturnApproval, ReturnDeposit, ReturnKey, ReturnPeriodRow, ReturnRow
from hub.translog.promise import promise

# At most a fifth of what an ordinary period of a dozen groups sums to; 5 for cells (docs/aggregates.md).
CAPS: Final = Caps(handled=200, flagged=40, band=1, cell=5, code=20)
RHO_THOUSANDTHS: Final = 500


@dataclass(frozen=True, slots=True)
class Stage:
    """A period as the operator sees it: how far it is, and what it waits for. No content.

    signatures_missing  of a period that is closing: whose signature its close statement lacks
    """

    period: str
    state: PeriodState
    groups: int
    noise_missing: tuple[str, ...]
    signatures_missing: tuple[str, ...]


async def enter_key(db: AsyncSession, genesis: Genesis, approved: ApprovedKey) -> bytes:
    """Use this key from the next terms on; its leaf is promised. Returns its digest.

    Raises BadPaillierKey, BadSignature unless every trustee approved it.
    """
    key = check_approved_key(approved, genesis)
    if await db.scalar(select(ReturnKey.number).where(ReturnKey.digest == key.digest)) is None:
        content = encode(approved)
        db.add(ReturnKey(digest=key.digest, content=content))
        await promise(db, LeafKind.PAILLIER_KEY, content_digest(content), content)
    return key.digest


async def open_period(
    db: AsyncSession, genesis: Genesis, period: str, caps: Caps = CAPS, rho_thousandths: int = RHO_THOUSANDTHS
) -> ReturnTerms:
    """Fix a period's terms, with every trustee's noise; the same terms again change nothing.

    Raises PeriodClosed if the period has other terms, BadPaillierKey without a key, BadMessage for a
    period or cap that the wire does not know.
    """
    newest = await db.scalar(select(ReturnKey).order_by(ReturnKey.number.desc()).limit(1))
    if newest is None:
        raise BadPaillierKey("there is no key yet: `cairn-hub returns key` enters one that trustees approved")
    terms = ReturnTerms(
        period=period,
        layout=CURRENT.version,
        layout_digest=CURRENT.digest,
        key_digest=newest.digest,
        caps=caps,
        noise_from=tuple(trustee.id for trustee in genesis.trustees),
        rho_thousandths=rho_thousandths,
    )
    content = encode(terms)
    decode(content, ReturnTerms)
    row = await db.get(ReturnPeriodRow, period)
    if row is not None and row.terms != content:
        raise PeriodClosed("the period has its terms, which never change")
    if row is None:
        db.add(ReturnPeriodRow(period=period, terms=content, statement=None, closed=None, result=None))
        await promise(db, LeafKind.RETURN_TERMS, content_digest(content), content)
    return terms


async def row_of(db: AsyncSession, period: str, *, lock: bool = False) -> ReturnPeriodRow:
    """A period's row; locked, nobody else closes it or files for it meanwhile. Raises UnknownPeriod."""
    found = select(ReturnPeriodRow).where(ReturnPeriodRow.period == period)
    row = await db.scalar(found.with_for_update() if lock else found)
    if row is None:
        raise UnknownPeriod("there are no terms for that period")
    return row


async def period_named(db: AsyncSession, genesis: Genesis, period: str) -> ReturnPeriod:
    """A period with its key and layout. Raises UnknownPeriod."""
    row = await row_of(db, period)
    terms = decode(row.terms, ReturnTerms)
    return period_of(terms, public_key((await _key_of(db, terms)).key), genesis)


async def _key_of(db: AsyncSession, terms: ReturnTerms) -> ApprovedKey:
    content = await db.scalar(select(ReturnKey.content).where(ReturnKey.digest == terms.key_digest))
    assert content is not None  # terms are made of a key that is here
    return decode(content, ApprovedKey)


async def shown(db: AsyncSession, period: str) -> PeriodShown:
    """All that is public of a period. Raises UnknownPeriod."""
    row = await row_of(db, period)
    terms = decode(row.terms, ReturnTerms)
    return PeriodShown(
        key=await _key_of(db, terms),
        terms=terms,
        closed=decode(row.closed, SignedClose) if row.closed else None,
        result=decode(row.result, SumResult) if row.result else None,
    )


async def standings(db: AsyncSession) -> list[PeriodStanding]:
    """Every period and where it stands, oldest first."""
    rows = await db.scalars(select(ReturnPeriodRow).order_by(ReturnPeriodRow.period))
    return [PeriodStanding(period=row.period, state=state_of(row)) for row in rows]


def state_of(row: ReturnPeriodRow) -> PeriodState:
    """Where a period stands."""
    if row.result is not None:
        void = decode(row.result, SumResult).state is SumState.VOID
        return PeriodState.VOID if void else PeriodState.PUBLISHED
    if row.closed is not None:
        return PeriodState.CLOSED
    return PeriodState.OPEN if row.statement is None else PeriodState.CLOSING


async def stages(db: AsyncSession) -> list[Stage]:
    """Every period with what it waits for: for the operator."""
    rows = list(await db.scalars(select(ReturnPeriodRow).order_by(ReturnPeriodRow.period)))
    return [await _stage(db, row) for row in rows]


async def _stage(db: AsyncSession, row: ReturnPeriodRow) -> Stage:
    groups = set(await db.scalars(select(ReturnRow.group_name).where(ReturnRow.period == row.period)))
    there = set(await db.scalars(select(ReturnDeposit.trustee).where(ReturnDeposit.period == row.period)))
    if row.statement is not None:
        groups = {one.group for one in decode(row.statement, CloseStatement).contributions}
    trustees, state = decode(row.terms, ReturnTerms).noise_from, state_of(row)
    signed = set(await db.scalars(select(ReturnApproval.trustee).where(ReturnApproval.period == row.period)))
    return Stage(
        row.period,
        state,
        len(groups),
        noise_missing=tuple(name for name in trustees if name not in there),
        signatures_missing=tuple(name for name in trustees if name not in signed)
        if state is PeriodState.CLOSING
        else (),
    )


def digest_of_statement(row: ReturnPeriodRow) -> bytes | None:
    """The digest of the period's one close statement, once there is one."""
    return None if row.statement is None else digest_of(decode(row.statement, CloseStatement))
