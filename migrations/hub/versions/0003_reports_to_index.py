"""Reports, their tags and secrets; clusters; cards; the index."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _reports()
    _linkage()
    _cards()
    _index()


def _reports() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("report_numbers")))
    op.create_table(
        "reports",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.Text(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("signed_header", sa.LargeBinary(), nullable=False),
        sa.Column("open_part", sa.LargeBinary(), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_reports"),
        sa.UniqueConstraint(
            "member_id", "report_id", "revision", name="uq_reports_member_id_report_id_revision"
        ),
    )
    # Digests, keys and envelopes don't compress: the server need not try on each report.
    op.execute(
        "ALTER TABLE reports ALTER signed_header SET STORAGE EXTERNAL, ALTER open_part SET STORAGE EXTERNAL"
    )
    op.create_table(
        "report_tags",
        sa.Column("report", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("report", "position", name="pk_report_tags"),
    )
    op.create_index(
        "ix_report_tags_contact",
        "report_tags",
        ["tag", "report"],
        postgresql_where=sa.text("kind IN ('email', 'phone', 'domain')"),
    )
    op.create_table(
        "report_secrets",
        sa.Column("report", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("report", name="pk_report_secrets"),
        sa.ForeignKeyConstraint(["report"], ["reports.number"], name="fk_report_secrets_report_reports"),
    )
    op.execute("ALTER TABLE report_secrets ALTER secrets SET STORAGE EXTERNAL")
    op.create_table(
        "retractions",
        sa.Column("member_id", sa.Text(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("retracted_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "report_id", name="pk_retractions"),
    )


def _linkage() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("linkage_places")))
    op.execute(sa.schema.CreateSequence(sa.Sequence("cluster_ids")))
    op.create_table(
        "clusters",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("founder", sa.BigInteger(), nullable=False),
        sa.Column("groups", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("countries", sa.LargeBinary(), nullable=False),
        sa.Column("merged_into", sa.BigInteger(), nullable=True),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clusters"),
    )
    op.create_index("ix_clusters_changed", "clusters", ["id"], postgresql_where=sa.text("changed"))
    op.create_table(
        "linked_reports",
        sa.Column("report", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("cluster", sa.BigInteger(), nullable=False),
        sa.Column("member_group", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("week", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("report", name="pk_linked_reports"),
        sa.UniqueConstraint("place", name="uq_linked_reports_place"),
        sa.ForeignKeyConstraint(["report"], ["reports.number"], name="fk_linked_reports_report_reports"),
        sa.ForeignKeyConstraint(["cluster"], ["clusters.id"], name="fk_linked_reports_cluster_clusters"),
    )
    op.create_index("ix_linked_reports_cluster", "linked_reports", ["cluster"])
    op.create_table(
        "cluster_tags",
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("cluster", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tag", "cluster", name="pk_cluster_tags"),
        sa.ForeignKeyConstraint(["cluster"], ["clusters.id"], name="fk_cluster_tags_cluster_clusters"),
    )
    op.create_index("ix_cluster_tags_cluster", "cluster_tags", ["cluster"])
    op.create_table(
        "contact_tags",
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("common", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tag", name="pk_contact_tags"),
    )
    op.create_index("ix_contact_tags_common", "contact_tags", ["tag"], postgresql_where=sa.text("common"))


def _cards() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("card_numbers", minvalue=0, start=0)))
    op.create_table(
        "cards",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("cluster", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content_key", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("gone", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_cards"),
        sa.UniqueConstraint("card_id", name="uq_cards_card_id"),
        sa.ForeignKeyConstraint(["cluster"], ["clusters.id"], name="fk_cards_cluster_clusters"),
    )
    op.create_index("ix_cards_cluster", "cards", ["cluster"])
    op.create_table(
        "card_tags",
        sa.Column("card", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("wrap", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("card", "tag", name="pk_card_tags"),
        sa.ForeignKeyConstraint(["card"], ["cards.number"], name="fk_card_tags_card_cards"),
    )


def _index() -> None:
    op.create_table(
        "manifests",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("depth", sa.SmallInteger(), nullable=False),
        sa.Column("coverage", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_manifests"),
    )
    op.create_table(
        "index_segments",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("unused_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_index_segments"),
    )
    op.execute("ALTER TABLE index_segments ALTER content SET STORAGE EXTERNAL")
    op.create_index("ix_index_segments_unused_since", "index_segments", ["unused_since"])
