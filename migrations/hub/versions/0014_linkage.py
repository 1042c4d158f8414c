"""Linkage: unclear contacts and what the operator says of them, merges of big subjects."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "contact_tags", sa.Column("unclear", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    op.alter_column("contact_tags", "unclear", server_default=None)
    op.create_table(
        "value_rulings",
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("common", sa.Boolean(), nullable=False),
        sa.Column("ruled_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("tag", name=op.f("pk_value_rulings")),
    )
    op.create_table(
        "big_merges",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("merged_on", sa.Date(), nullable=False),
        sa.Column("through", sa.BigInteger(), nullable=False),
        sa.Column("kept_size", sa.Integer(), nullable=False),
        sa.Column("absorbed", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_big_merges")),
    )
