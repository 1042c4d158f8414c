"""The sealed parts of reports."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_sealed",
        sa.Column("report", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["report"], ["reports.number"], name=op.f("fk_report_sealed_report_reports")),
        sa.PrimaryKeyConstraint("report", name=op.f("pk_report_sealed")),
    )
