"""Bulletins, what TAXII serves, and what liaisons and members tell each other."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("bulletin_seq")))
    op.create_table(
        "bulletin_acknowledgements",
        sa.Column("bulletin", sa.Uuid(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bulletin", "party", name=op.f("pk_bulletin_acknowledgements")),
    )
    op.create_table(
        "bulletin_contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bulletin", sa.Uuid(), nullable=False),
        sa.Column("liaison", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("reach", sa.Text(), nullable=False),
        sa.Column("accepted", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletin_contacts")),
        sa.UniqueConstraint(
            "bulletin", "liaison", "member", name=op.f("uq_bulletin_contacts_bulletin_liaison_member")
        ),
    )
    op.create_index(op.f("ix_bulletin_contacts_liaison"), "bulletin_contacts", ["liaison"], unique=False)
    op.create_index(op.f("ix_bulletin_contacts_member"), "bulletin_contacts", ["member"], unique=False)
    op.create_table(
        "bulletin_feedback",
        sa.Column("bulletin", sa.Uuid(), nullable=False),
        sa.Column("liaison", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("bulletin", "liaison", name=op.f("pk_bulletin_feedback")),
    )
    op.create_table(
        "bulletin_intelligence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("liaison", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletin_intelligence")),
    )
    op.create_table(
        "bulletin_questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("public_at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletin_questions")),
    )
    op.create_table(
        "bulletin_recalls",
        sa.Column("bulletin", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recall", sa.LargeBinary(), nullable=False),
        sa.Column("recalled_at", sa.BigInteger(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("bulletin", name=op.f("pk_bulletin_recalls")),
        sa.UniqueConstraint("seq", name=op.f("uq_bulletin_recalls_seq")),
    )
    op.create_table(
        "bulletins",
        sa.Column("bulletin", sa.Uuid(), nullable=False),
        sa.Column("version", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("draft", sa.LargeBinary(), nullable=True),
        sa.Column("outline", sa.LargeBinary(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.Column("embargo_until", sa.BigInteger(), nullable=False),
        sa.Column("submission", sa.LargeBinary(), nullable=True),
        sa.Column("window", sa.Boolean(), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("objected", sa.Boolean(), nullable=False),
        sa.Column("release", sa.LargeBinary(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("bulletin", "version", name=op.f("pk_bulletins")),
        sa.UniqueConstraint("seq", name=op.f("uq_bulletins_seq")),
    )
    op.create_index(op.f("ix_bulletins_status_seq"), "bulletins", ["status", "seq"], unique=False)
    op.create_table(
        "liaison_acts",
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("act", name=op.f("pk_liaison_acts")),
    )
    op.create_table(
        "liaison_tallies",
        sa.Column("number", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_liaison_tallies")),
    )
    op.create_table(
        "taxii_objects",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("spec_version", sa.Text(), nullable=False),
        sa.Column("version", sa.DateTime(timezone=True), nullable=False),
        sa.Column("date_added", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_last", sa.Boolean(), nullable=False),
        sa.Column("bulletin", sa.Uuid(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_taxii_objects")),
        sa.UniqueConstraint("collection", "date_added", name=op.f("uq_taxii_objects_collection_date_added")),
        sa.UniqueConstraint(
            "collection", "object_id", "version", name=op.f("uq_taxii_objects_collection_object_id_version")
        ),
    )
    op.create_index(op.f("ix_taxii_objects_bulletin"), "taxii_objects", ["bulletin"], unique=False)
    op.create_index(
        "ix_taxii_objects_last",
        "taxii_objects",
        ["collection", "date_added"],
        unique=False,
        postgresql_where=sa.text("is_last IS TRUE"),
    )
    op.create_table(
        "taxii_statuses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("liaison", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taxii_statuses")),
    )
    op.create_table(
        "taxii_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("liaison", sa.Text(), nullable=False),
        sa.Column("collections", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_taxii_tokens")),
    )
    op.create_index(op.f("ix_taxii_tokens_liaison"), "taxii_tokens", ["liaison"], unique=False)
    op.create_table(
        "bulletin_approvals",
        sa.Column("bulletin", sa.Uuid(), nullable=False),
        sa.Column("version", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("approver", sa.Text(), nullable=False),
        sa.Column("signed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bulletin", "version"],
            ["bulletins.bulletin", "bulletins.version"],
            name=op.f("fk_bulletin_approvals_bulletin_version_bulletins"),
        ),
        sa.PrimaryKeyConstraint("bulletin", "version", "stage", name=op.f("pk_bulletin_approvals")),
    )
