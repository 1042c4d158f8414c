"""The one sum of a period: its statement, trustees' signatures, their parts, and the result.

The hub adds by phe, and trustees multiply again before they sign: nothing here is believed by them. A period's
statement is made once. A return whose sender has left the roster meanwhile, or changed its key, stays out.
Source: design.md 4.7.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.closing import (
    MIN_GROUPS_PER_SUM,
    AcceptedReturn,
    accept_deposit,
    accept_return,
    check_only_close,
    check_part,
    close,
    open_sum,
    quorum,
)
from cairn_protocol.contributing import ReturnPeriod
from cairn_protocol.errors import (
    BadClose,
    BadPartial,
    BadSignature,
    PeriodClosed,
    RevokedSigner,
    TooFewGroups,
    UnknownSigner,
)
from cairn_protocol.messages.log import LeafKind, content_digest
from cairn_protocol.messages.parties import Approval, Genesis, TrusteeKeys
from cairn_protocol.messages.returns import (
    CloseStatement,
    PartialDecryptions,
    SignedClose,
    SumResult,
    check_close_signature,
)
from cairn_protocol.messages.returns_exchange import (
    MAX_PAGE,
    CloseApproval,
    CloseCase,
    Contributions,
    Duty,
    Parts,
    Wanted,
)
from cairn_protocol.messages.wire import Signed, decode, digest_of, encode
from cairn_protocol.roster import Roster
from hub.returns.adding import add_up
from hub.returns.periods import digest_of_statement, period_named, row_of
from hub.returns.refusals import UnknownPeriod
from hub.returns.tables import (
    ReturnApproval,
    ReturnDeposit,
    ReturnPart,
    ReturnPeriodRow,
    ReturnRow,
)
from hub.services import Services
from hub.translog.promise import promise


@dataclass(frozen=True, slots=True)
class Filed:
    """What is there of a period."""

    period: ReturnPeriod
    roster: Roster
    returns: dict[str, Signed]  # by member
    deposits: dict[str, Signed]  # by trustee


async def close_period(hub: Services, name: str) -> CloseStatement:
    """Fix the period's one sum over everything that is there now.

    Raises UnknownPeriod, PeriodClosed if it is fixed already, TooFewGroups, BadClose while noise is missing.
    """
    while (statement := await _try_to_close(hub, name)) is None:
        continue  # a return came meanwhile, and has its receipt: the sum is made again with it
    return statement


async def _try_to_close(hub: Services, name: str) -> CloseStatement | None:
    filed = await hub.store.read("what was filed", lambda db: _filed(db, hub, name))
    statement = await asyncio.to_thread(_statement, filed, hub.genesis)
    fixed = await hub.store.transact("close", lambda db: _fix(db, name, filed, statement))
    return statement if fixed else None


async def _filed(db: AsyncSession, hub: Services, name: str) -> Filed:
    if (await row_of(db, name)).statement is not None:
        raise PeriodClosed("the period has its one close statement")
    period = await period_named(db, hub.genesis, name)
    roster = await hub.roster.current(db)
    rows = await db.scalars(select(ReturnRow).where(ReturnRow.period == name))
    returns = {row.member: decode(row.signed, Signed) for row in rows}
    noise = await db.scalars(select(ReturnDeposit).where(ReturnDeposit.period == name))
    return Filed(period, roster, returns, {row.trustee: decode(row.signed, Signed) for row in noise})


def _statement(filed: Filed, genesis: Genesis) -> CloseStatement:
    if len(filed.returns) < MIN_GROUPS_PER_SUM:
        raise TooFewGroups(
            f"{len(filed.returns)} groups filed a return; a sum has at least {MIN_GROUPS_PER_SUM}",
            groups=len(filed.returns),
        )
    missing = [name for name in filed.period.terms.noise_from if name not in filed.deposits]
    if missing:
        raise BadClose(
            f"the noise of {', '.join(missing)} is missing: `cairn-trustee returns answer` deposits it"
        )
    returns = _still_holding(filed)
    deposits = [
        accept_deposit(filed.period, signed, trustee, genesis) for trustee, signed in filed.deposits.items()
    ]
    total = add_up(filed.period, returns, deposits)
    return close(filed.period, returns, deposits, total=total)


def _still_holding(filed: Filed) -> list[AcceptedReturn]:
    now = int(time.time())
    holding = []
    for member, signed in filed.returns.items():
        try:
            entry = filed.roster.entry(member, now)
            holding.append(accept_return(filed.period, signed, entry))
        except (UnknownSigner, RevokedSigner, BadSignature):
            continue
    return holding


async def _fix(db: AsyncSession, name: str, filed: Filed, statement: CloseStatement) -> bool:
    """Write the statement, unless something was filed since. Raises PeriodClosed."""
    row = await row_of(db, name, lock=True)
    check_only_close(statement, digest_of_statement(row))
    if row.statement is not None:
        raise PeriodClosed("the period has its one close statement")
    members = set(await db.scalars(select(ReturnRow.member).where(ReturnRow.period == name)))
    if members != set(filed.returns):
        return False
    row.statement = encode(statement)
    return True


async def duties(db: AsyncSession, trustee: str) -> list[Duty]:
    """What waits for this trustee, oldest period first."""
    rows = await db.scalars(
        select(ReturnPeriodRow).where(ReturnPeriodRow.result.is_(None)).order_by(ReturnPeriodRow.period)
    )
    wanted = [(row, await _wanted(db, row, trustee)) for row in list(rows)]
    return [Duty(period=row.period, wanted=what) for row, what in wanted if what is not None]


async def _wanted(db: AsyncSession, row: ReturnPeriodRow, trustee: str) -> Wanted | None:
    what, table = (
        (Wanted.DEPOSIT, ReturnDeposit)
        if row.statement is None
        else (Wanted.SIGNATURE, ReturnApproval)
        if row.closed is None
        else (Wanted.PART, ReturnPart)
    )
    return None if await db.get(table, (row.period, trustee)) is not None else what


async def case_of(db: AsyncSession, period: str) -> CloseCase:
    """The statement that waits for signatures. Raises UnknownPeriod before there is one."""
    statement = await _statement_of(db, period)
    noise = await db.scalars(select(ReturnDeposit).where(ReturnDeposit.period == period))
    signed = {row.trustee: decode(row.signed, Signed) for row in noise}
    return CloseCase(statement=statement, deposits=tuple(signed[one.trustee] for one in statement.deposits))


async def contributions(db: AsyncSession, period: str, start: int) -> Contributions:
    """The statement's signed returns from a place on, some at a time. Raises UnknownPeriod."""
    statement = await _statement_of(db, period)
    groups = [one.group for one in statement.contributions[start : start + MAX_PAGE]]
    rows = await db.scalars(
        select(ReturnRow).where(ReturnRow.period == period, ReturnRow.group_name.in_(groups))
    )
    signed = {row.group_name: decode(row.signed, Signed) for row in rows}
    return Contributions(start=start, returns=tuple(signed[group] for group in groups))


async def _statement_of(db: AsyncSession, period: str) -> CloseStatement:
    row = await row_of(db, period)
    if row.statement is None:
        raise UnknownPeriod("the period is not being closed")
    return decode(row.statement, CloseStatement)


async def approve(
    db: AsyncSession, genesis: Genesis, trustee: TrusteeKeys, period: str, said: CloseApproval
) -> None:
    """Take a trustee's signature; with a quorum's the close is promised to the log in the same commit.

    Raises UnknownPeriod, BadClose for another statement, BadSignature.
    """
    row = await row_of(db, period, lock=True)
    statement = await _statement_of(db, period)
    culprit = f"trustee:{trustee.id}"
    if said.close != digest_of(statement) or said.trustee != trustee.id:
        raise BadClose("a signature over another statement than the period's", culprit=culprit)
    check_close_signature(statement, trustee, said.signature)
    if row.closed is not None or await db.get(ReturnApproval, (period, trustee.id)) is not None:
        return
    db.add(ReturnApproval(period=period, trustee=trustee.id, signature=said.signature))
    await db.flush()
    rows = await db.scalars(select(ReturnApproval).where(ReturnApproval.period == period))
    signatures = {one.trustee: one.signature for one in rows}
    if len(signatures) >= quorum(len(genesis.trustees), genesis.t):
        approvals = tuple(
            Approval(trustee=one.id, signature=signatures[one.id])
            for one in genesis.trustees
            if one.id in signatures
        )
        content = encode(SignedClose(statement=statement, approvals=approvals))
        row.closed = content
        await promise(db, LeafKind.RETURN_CLOSE, content_digest(content), content)


async def parts(db: AsyncSession, period: str) -> Parts:
    """What trustees gave so far. Raises UnknownPeriod."""
    await row_of(db, period)
    rows = await db.scalars(
        select(ReturnPart).where(ReturnPart.period == period).order_by(ReturnPart.trustee)
    )
    return Parts(parts=tuple(decode(row.part, PartialDecryptions) for row in rows))


async def take_part(hub: Services, trustee: TrusteeKeys, name: str, part: PartialDecryptions) -> None:
    """Keep a trustee's part of the sum; once t are there the result is made and promised to the log.

    Raises UnknownPeriod, BadPartial, BadCiphertext, naming the trustee.
    """
    if part.trustee != trustee.id:
        raise BadPartial("a part in the name of another trustee", culprit=f"trustee:{trustee.id}")
    period, signed = await hub.store.read("closed period", lambda db: _closed(db, hub.genesis, name))
    await asyncio.to_thread(check_part, period, signed, part, hub.genesis)
    together = await hub.store.transact("part", lambda db: _keep_part(db, name, part))
    if len(together) >= hub.genesis.t:
        result = await asyncio.to_thread(open_sum, period, signed, together, hub.genesis)
        await hub.store.transact("result", lambda db: _publish(db, name, result))


async def _closed(db: AsyncSession, genesis: Genesis, name: str) -> tuple[ReturnPeriod, SignedClose]:
    row = await row_of(db, name)
    if row.closed is None:
        raise UnknownPeriod("the period's close is not signed")
    return await period_named(db, genesis, name), decode(row.closed, SignedClose)


async def _keep_part(db: AsyncSession, name: str, part: PartialDecryptions) -> Sequence[PartialDecryptions]:
    """All parts, this one among them; none once the result is there."""
    row = await row_of(db, name, lock=True)
    if await db.get(ReturnPart, (name, part.trustee)) is None:
        db.add(ReturnPart(period=name, trustee=part.trustee, part=encode(part)))
        await db.flush()
    return (await parts(db, name)).parts if row.result is None else ()


async def _publish(db: AsyncSession, name: str, result: SumResult) -> None:
    row = await row_of(db, name, lock=True)
    if row.result is None:
        row.result = encode(result)
        await promise(db, LeafKind.RETURN_RESULT, content_digest(row.result), row.result)
