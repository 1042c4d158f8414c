"""The ledger in the database: what an audience may still learn from a source in a period.

`spend` locks the account's row, so fifty requests at once take turns, and writes in the caller's transaction, the one
that makes the figure: a crash loses both or neither. Not here: how costs add up (`disclosure.budget`).
"""

from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.disclosure.budget import Account, Unit
from hub.trends.tables import BudgetRow


async def spend(db: AsyncSession, opened: Account, cost: Fraction) -> Account:
    """The account after a figure of that cost. Raises BudgetSpent; nothing is spent then.

    opened  the account as it begins: source, audience, period, unit and limit. One that exists keeps its limit
    """
    await db.execute(
        insert(BudgetRow)
        .values(
            source=opened.source,
            audience=opened.audience,
            period=opened.period,
            unit=opened.unit.value,
            budget=str(opened.limit),
            spent="0",
        )
        .on_conflict_do_nothing()
    )
    row = (
        await db.scalars(
            select(BudgetRow)
            .where(
                BudgetRow.source == opened.source,
                BudgetRow.audience == opened.audience,
                BudgetRow.period == opened.period,
            )
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).one()
    after = _account(row).spend(cost)
    row.spent = str(after.spent)
    await db.flush()
    return after


async def standing(db: AsyncSession, opened: Account) -> Account:
    """The account as it stands; as it begins if nothing was spent yet."""
    row = await db.get(BudgetRow, (opened.source, opened.audience, opened.period))
    return opened if row is None else _account(row)


async def accounts(db: AsyncSession) -> list[Account]:
    """Every account, the newest period first."""
    rows = await db.scalars(
        select(BudgetRow).order_by(BudgetRow.period.desc(), BudgetRow.source, BudgetRow.audience)
    )
    return [_account(row) for row in rows]


def _account(row: BudgetRow) -> Account:
    return Account(
        row.source, row.audience, row.period, Unit(row.unit), Fraction(row.budget), Fraction(row.spent)
    )
