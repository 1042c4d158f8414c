"""Returns: keys, periods, what groups and trustees sent, and parts of sums."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "return_keys",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_return_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_return_keys_digest")),
    )
    op.create_table(
        "return_periods",
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        sa.Column("statement", sa.LargeBinary(), nullable=True),
        sa.Column("closed", sa.LargeBinary(), nullable=True),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_return_periods")),
    )
    _of_a_period("returns", "group_name", sa.Column("member", sa.Text(), nullable=False), _bytes("signed"))
    _of_a_period("return_deposits", "trustee", _bytes("signed"))
    _of_a_period("return_approvals", "trustee", _bytes("signature"))
    _of_a_period("return_parts", "trustee", _bytes("part"))


def _bytes(name: str) -> "sa.Column[Any]":
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _of_a_period(table: str, sender: str, *columns: "sa.Column[Any]") -> None:
    op.create_table(
        table,
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column(sender, sa.Text(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["period"], ["return_periods.period"], name=op.f(f"fk_{table}_period_return_periods")
        ),
        sa.PrimaryKeyConstraint("period", sender, name=op.f(f"pk_{table}")),
    )
