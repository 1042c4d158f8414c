"""Reports are found by their id alone: openings, cuts and the check that no two members share one ask so."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("uq_reports_member_id_report_id_revision"), "reports", type_="unique")
    op.create_unique_constraint(
        op.f("uq_reports_report_id_member_id_revision"), "reports", ["report_id", "member_id", "revision"]
    )
