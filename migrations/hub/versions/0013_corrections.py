"""Statements, cuts and who acknowledged them. Every card is made anew: it says more than before."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "statements",
        sa.Column("member_id", sa.Text(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("week", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "report_id", "said", name=op.f("pk_statements")),
    )
    op.create_index(op.f("ix_statements_digest"), "statements", ["digest"], unique=False)
    op.create_table(
        "reports_aside",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("cut", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_reports_aside")),
    )
    op.create_table(
        "cuts",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("cut", sa.Text(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("report_id", "cut", name=op.f("pk_cuts")),
    )
    op.create_table(
        "learned_common",
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("cut", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tag", name=op.f("pk_learned_common")),
    )
    op.create_table(
        "cut_orders",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("order", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cut_orders")),
    )
    op.create_table(
        "cut_acknowledgements",
        sa.Column("cut", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("signed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cut"], ["cut_orders.id"], name=op.f("fk_cut_acknowledgements_cut_cut_orders")
        ),
        sa.PrimaryKeyConstraint("cut", "member", name=op.f("pk_cut_acknowledgements")),
    )
    op.execute("UPDATE clusters SET changed = true WHERE size > 0")
