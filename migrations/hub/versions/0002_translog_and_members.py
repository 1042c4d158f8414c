"""The log's leaves, nodes and checkpoints; invitations, proposals and approvals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "translog_leaves",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("leaf_index", name="pk_translog_leaves"),
        sa.UniqueConstraint("leaf_hash", name="uq_translog_leaves_leaf_hash"),
    )
    op.create_index("ix_translog_leaves_kind_leaf_index", "translog_leaves", ["kind", "leaf_index"])
    op.create_table(
        "translog_promised",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("promised_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_translog_promised"),
        sa.UniqueConstraint("leaf_hash", name="uq_translog_promised_leaf_hash"),
    )
    op.create_table(
        "translog_nodes",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "at", name="pk_translog_nodes"),
    )
    op.create_table(
        "translog_checkpoints",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("cosignatures", postgresql.JSONB(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_translog_checkpoints"),
    )
    op.create_table(
        "invitations",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("word_hash", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=True),
        sa.Column("group_index", sa.Integer(), nullable=True),
        sa.Column("sector", sa.Text(), nullable=True),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("act_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("party", name="pk_invitations"),
        sa.UniqueConstraint("word_hash", name="uq_invitations_word_hash"),
    )
    op.create_table(
        "roster_proposals",
        sa.Column("act_id", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=True),
        sa.Column("proposal", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("act_id", name="pk_roster_proposals"),
    )
    op.create_index("ix_roster_proposals_party", "roster_proposals", ["party"])
    op.create_table(
        "roster_approvals",
        sa.Column("act_id", sa.Text(), nullable=False),
        sa.Column("trustee", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("act_id", "trustee", name="pk_roster_approvals"),
        sa.ForeignKeyConstraint(
            ["act_id"],
            ["roster_proposals.act_id"],
            name="fk_roster_approvals_act_id_roster_proposals",
            ondelete="CASCADE",
        ),
    )
