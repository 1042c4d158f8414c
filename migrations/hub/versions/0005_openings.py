"""Openings and what trustees answered."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "openings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("analyst", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openings")),
        sa.UniqueConstraint("digest", name=op.f("uq_openings_digest")),
    )
    op.create_table(
        "opening_answers",
        sa.Column("opening", sa.Text(), nullable=False),
        sa.Column("trustee", sa.Text(), nullable=False),
        sa.Column("assents", sa.Boolean(), nullable=False),
        sa.Column("signed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["opening"], ["openings.id"], name=op.f("fk_opening_answers_opening_openings")
        ),
        sa.PrimaryKeyConstraint("opening", "trustee", name=op.f("pk_opening_answers")),
    )
