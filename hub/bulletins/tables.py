"""Tables of bulletins, of what TAXII serves, and of what liaisons and members tell each other.

Feedback, contact requests and questions keep no time but the day or none: who asked when is nobody's business.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Sequence,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base

# A reader asks for what came after a number, so numbers are given when something comes into force.
BULLETIN_SEQ = Sequence("bulletin_seq", metadata=Base.metadata)


class BulletinRow(Base):
    """One version of a bulletin. Analysts read drafts; others what is in force, by audience."""

    __tablename__ = "bulletins"

    bulletin: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    draft: Mapped[bytes | None] = mapped_column(LargeBinary)  # sanitised; gone after a recall
    outline: Mapped[bytes] = mapped_column(LargeBinary)  # digest: what approvals are signed over
    valid_until: Mapped[int] = mapped_column(BigInteger)
    embargo_until: Mapped[int] = mapped_column(BigInteger)
    submission: Mapped[bytes | None] = mapped_column(LargeBinary)
    window: Mapped[bool] = mapped_column(Boolean)
    approved_at: Mapped[int | None] = mapped_column(BigInteger)
    objected: Mapped[bool] = mapped_column(Boolean)
    release: Mapped[bytes | None] = mapped_column(LargeBinary)  # content of the leaf
    released_at: Mapped[int | None] = mapped_column(BigInteger)
    leaf_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    seq: Mapped[int | None] = mapped_column(BigInteger, unique=True)  # once trustees cosigned its leaf

    __table_args__ = (Index(None, "status", "seq"),)


class ApprovalRow(Base):
    """A person's signed approval of the outline that stands. Deleted when the draft is edited."""

    __tablename__ = "bulletin_approvals"

    bulletin: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    stage: Mapped[str] = mapped_column(Text, primary_key=True)
    approver: Mapped[str] = mapped_column(Text)
    signed: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        ForeignKeyConstraint(["bulletin", "version"], ["bulletins.bulletin", "bulletins.version"]),
    )


class RecallRow(Base):
    """A recall: the tombstone that stays. In force once trustees cosigned its leaf."""

    __tablename__ = "bulletin_recalls"

    bulletin: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    recall: Mapped[bytes] = mapped_column(LargeBinary)  # content of the leaf
    recalled_at: Mapped[int] = mapped_column(BigInteger)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)
    seq: Mapped[int | None] = mapped_column(BigInteger, unique=True)


class AcknowledgementRow(Base):
    """A reader has seen a recall."""

    __tablename__ = "bulletin_acknowledgements"

    bulletin: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    party: Mapped[str] = mapped_column(Text, primary_key=True)


class TaxiiObject(Base):
    """A version of a STIX object in a collection, as it is served. Revoked objects stay, their text does not."""

    __tablename__ = "taxii_objects"

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    collection: Mapped[str] = mapped_column(Text)
    object_id: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    spec_version: Mapped[str] = mapped_column(Text)
    version: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # Grows from row to row, so that `added_after` misses nothing.
    date_added: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    is_last: Mapped[bool] = mapped_column(Boolean)
    bulletin: Mapped[UUID | None] = mapped_column(Uuid)  # none for what bulletins share
    body: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("collection", "object_id", "version"),
        UniqueConstraint("collection", "date_added"),  # pages are cut by it
        Index("ix_taxii_objects_last", "collection", "date_added", postgresql_where=text("is_last IS TRUE")),
        Index(None, "bulletin"),
    )


class TaxiiTokenRow(Base):
    """A password for TAXII, hashed: 256 random bits need no slow hash."""

    __tablename__ = "taxii_tokens"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    liaison: Mapped[str] = mapped_column(Text, index=True)
    collections: Mapped[list[str]] = mapped_column(ARRAY(Text))
    expires_at: Mapped[int] = mapped_column(BigInteger)
    revoked: Mapped[bool] = mapped_column(Boolean)


class TaxiiStatus(Base):
    """What became of a POST to the feedback collection; its sender alone may ask."""

    __tablename__ = "taxii_statuses"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    liaison: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)


class FeedbackRow(Base):
    """A liaison's last word on a bulletin. Members see the sums of a quarter alone."""

    __tablename__ = "bulletin_feedback"

    bulletin: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    liaison: Mapped[str] = mapped_column(Text, primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    given_on: Mapped[date] = mapped_column(Date)


class ContactRow(Base):
    """A contact request as relayed to one member. The liaison sees it only if the member accepted."""

    __tablename__ = "bulletin_contacts"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    bulletin: Mapped[UUID] = mapped_column(Uuid)
    liaison: Mapped[str] = mapped_column(Text, index=True)
    member: Mapped[str] = mapped_column(Text, index=True)
    about: Mapped[str] = mapped_column(Text)
    reach: Mapped[str] = mapped_column(Text)
    accepted: Mapped[str | None] = mapped_column(Text)  # where the member can be reached

    __table_args__ = (UniqueConstraint("bulletin", "liaison", "member"),)


class QuestionRow(Base):
    """A member's question, without the member: the hub does not keep who asked."""

    __tablename__ = "bulletin_questions"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    public_at: Mapped[int] = mapped_column(BigInteger)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[str | None] = mapped_column(Text)


class IntelligenceRow(Base):
    """What a liaison gave to members, waiting for an analyst."""

    __tablename__ = "bulletin_intelligence"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    liaison: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class LiaisonAct(Base):
    """How often liaisons did a thing since the last tally. Counts alone."""

    __tablename__ = "liaison_acts"

    act: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


class TallyRow(Base):
    """Until when acts were tallied."""

    __tablename__ = "liaison_tallies"

    number: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    until: Mapped[int] = mapped_column(BigInteger)
