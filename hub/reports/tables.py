"""Tables of reports: what was acknowledged, its tags, its secrets, what was taken back and what was said of it.

Tags and secrets lie apart from the report, because they go when it is amended or retracted,
while the report's own row never changes.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    ForeignKey,
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
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base

# Numbers are drawn before the rows are written, since an envelope is bound to its row.
REPORT_NUMBERS = Sequence("report_numbers", metadata=Base.metadata)

_CONTACTS = text("kind IN ('email', 'phone', 'domain')")


class ReportRow(Base):
    """One revision of a report, acknowledged. Never updated: a retraction is a row of its own."""

    __tablename__ = "reports"
    # The id first: openings and cuts know nothing else of a report.
    __table_args__ = (UniqueConstraint("report_id", "member_id", "revision"),)

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    member_id: Mapped[str] = mapped_column(Text)
    report_id: Mapped[UUID] = mapped_column(Uuid)  # the member's choice, so that retries collide
    revision: Mapped[int] = mapped_column(Integer)
    digest: Mapped[bytes] = mapped_column(LargeBinary)  # of the signed report, as its leaf has it
    signed_header: Mapped[bytes] = mapped_column(LargeBinary)  # canonical; trustees see it as evidence
    open_part: Mapped[bytes] = mapped_column(
        LargeBinary
    )  # OPEN, an envelope: the hub reads it for aggregates
    accepted_on: Mapped[date] = mapped_column(
        Date
    )  # to the day: a stolen table must not time a firm's filings


class ReportTag(Base):
    """One match key of a live report: what it stands for is nobody's to see, that two are equal is the hub's."""

    __tablename__ = "report_tags"
    # Whoever else has a contact is asked for one by one; equal tags of other kinds are found by cluster.
    __table_args__ = (Index("ix_report_tags_contact", "tag", "report", postgresql_where=_CONTACTS),)

    # No foreign key: asked for each of 31 tags, it would take a sixteenth of the whole intake. One function
    # writes them, together with the report.
    report: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Text)
    tag: Mapped[bytes] = mapped_column(LargeBinary)


class ReportSecrets(Base):
    """Card keys and line shares of a live report, in one envelope; deleted with its tags."""

    __tablename__ = "report_secrets"

    report: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("reports.number"), primary_key=True, autoincrement=False
    )
    secrets: Mapped[bytes] = mapped_column(LargeBinary)  # an envelope: the hub opens it to wrap cards


class SealedRow(Base):
    """The sealed part of a live report, as it came; deleted with its tags."""

    __tablename__ = "report_sealed"

    report: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("reports.number"), primary_key=True, autoincrement=False
    )
    sealed: Mapped[bytes] = mapped_column(LargeBinary)  # SEALED: nobody, before a match and assent


class RetractionRow(Base):
    """A report was taken back, all revisions of it. Its leaf in the log holds the same bytes."""

    __tablename__ = "retractions"

    member_id: Mapped[str] = mapped_column(Text, primary_key=True)
    report_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)  # the signed retraction, canonical
    retracted_on: Mapped[date] = mapped_column(Date)


class StatementRow(Base):
    """What a firm says of its report, one word of each kind. It counts while the revision it names is the latest."""

    __tablename__ = "statements"

    member_id: Mapped[str] = mapped_column(Text, primary_key=True)
    report_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    said: Mapped[str] = mapped_column(Text, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, index=True)  # of the signed report
    week: Mapped[str] = mapped_column(Text)  # in which the firm found out
    content: Mapped[bytes] = mapped_column(LargeBinary)  # the signed statement; the log has its digest alone
    shown: Mapped[bool] = mapped_column(Boolean)  # whether cards were made with it in mind


class AsideRow(Base):
    """A report that a reviewer set aside, in all its revisions. The cut's leaf names it."""

    __tablename__ = "reports_aside"

    report_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    cut: Mapped[str] = mapped_column(Text)
