"""The journal of returns: noise deposited, closes signed, results checked."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sums",
        sa.Column("period", sa.String(7), primary_key=True),
        sa.Column("deposit", sa.LargeBinary()),
        sa.Column("close", sa.LargeBinary(32)),
        sa.Column("checked", sa.Boolean(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("sums")
