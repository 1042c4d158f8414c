"""The mirror of the log, nonces, meter, journal and refusals."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leaves",
        sa.Column("leaf_index", sa.Integer(), autoincrement=False, primary_key=True),
        sa.Column("leaf_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("content", sa.LargeBinary()),
    )
    op.create_index("ix_leaves_kind", "leaves", ["kind"])
    op.create_table(
        "nodes",
        sa.Column("level", sa.Integer(), autoincrement=False, primary_key=True),
        sa.Column("at", sa.Integer(), autoincrement=False, primary_key=True),
        sa.Column("node_hash", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "checkpoints",
        sa.Column("size", sa.Integer(), autoincrement=False, primary_key=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("cosignature", sa.String(), nullable=False),
        sa.Column("cosigned_at", sa.Integer(), nullable=False),
    )
    op.create_table(
        "nonces",
        sa.Column("key_id", sa.String(64), primary_key=True),
        sa.Column("nonce", sa.String(128), primary_key=True),
        sa.Column("expires_at", sa.Integer(), nullable=False),
    )
    op.create_index("ix_nonces_expires_at", "nonces", ["expires_at"])
    op.create_table(
        "meter",
        sa.Column("group_name", sa.String(32), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("subjects", sa.Integer(), nullable=False),
    )
    op.create_table(
        "journal",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("member", sa.String(32), primary_key=True),
        sa.Column("subjects", sa.Integer(), nullable=False),
    )
    op.create_table("refusals", sa.Column("act_id", sa.String(64), primary_key=True))


def downgrade() -> None:
    for table in ("refusals", "journal", "meter", "nonces", "checkpoints", "nodes", "leaves"):
        op.drop_table(table)
