"""Trends and releases: snapshots, answers, budgets, control events, tables that two analysts released."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budget_accounts",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("budget", sa.Text(), nullable=False),
        sa.Column("spent", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "audience", "period", name=op.f("pk_budget_accounts")),
    )
    op.create_table(
        "control_events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("week", sa.Text(), nullable=False),
        sa.Column("items", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("destinations", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("controls", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_control_events")),
    )
    op.create_table(
        "trend_snapshots",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("rows_digest", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("groups", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_trend_snapshots")),
    )
    op.create_table(
        "trend_answers",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("snapshot", sa.Integer(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("question", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("sums", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot"], ["trend_snapshots.number"], name=op.f("fk_trend_answers_snapshot_trend_snapshots")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_trend_answers")),
        sa.UniqueConstraint(
            "snapshot", "audience", "question", name=op.f("uq_trend_answers_snapshot_audience_question")
        ),
    )
    op.create_table(
        "data_releases",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Integer(), nullable=False),
        sa.Column("table", sa.LargeBinary(), nullable=False),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("consent", sa.LargeBinary(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["snapshot"], ["trend_snapshots.number"], name=op.f("fk_data_releases_snapshot_trend_snapshots")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_releases")),
    )
