"""What groups and trustees send for an open period: checked, kept once, acknowledged.

A group has one return a period, a trustee one noise: the same again is acknowledged again, another is refused.
What comes after the close rolls to the next period, at the firm.
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.closing import AcceptedDeposit, AcceptedReturn
from cairn_protocol.errors import PeriodClosed
from cairn_protocol.messages.returns_exchange import ReturnReceipt
from cairn_protocol.messages.wire import Signed, encode, sign
from hub.returns.periods import row_of
from hub.returns.refusals import ReturnExists
from hub.returns.tables import ReturnDeposit, ReturnRow


async def file(
    db: AsyncSession, hub_key: Ed25519PrivateKey, period: str, signed: Signed, accepted: AcceptedReturn
) -> Signed:
    """Keep a group's accepted return; the hub's signed receipt.

    Raises UnknownPeriod, PeriodClosed, ReturnExists.
    """
    sent, raw = accepted.contribution, encode(signed)
    row = await row_of(db, period, lock=True)
    there = await db.get(ReturnRow, (period, sent.group))
    if there is not None and there.signed != raw:
        raise ReturnExists("the group has filed its return of this period")
    if there is None:
        if row.statement is not None:
            raise PeriodClosed("the period is closed: what is late counts in the next one")
        db.add(ReturnRow(period=period, group_name=sent.group, member=sent.member, signed=raw))
    receipt = ReturnReceipt(period=period, group=sent.group, member=sent.member, digest=sent.digest)
    return sign(receipt, hub_key)


async def deposit(db: AsyncSession, period: str, signed: Signed, accepted: AcceptedDeposit) -> None:
    """Keep a trustee's accepted noise; its first stands.

    Raises UnknownPeriod; PeriodClosed if another would have to come into a sum that is fixed.
    """
    row = await row_of(db, period, lock=True)
    if await db.get(ReturnDeposit, (period, accepted.deposit.trustee)) is not None:
        return
    if row.statement is not None:
        raise PeriodClosed("the period is closed")
    db.add(ReturnDeposit(period=period, trustee=accepted.deposit.trustee, signed=encode(signed)))
