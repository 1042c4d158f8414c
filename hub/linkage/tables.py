"""Tables of linkage: which report is in which cluster, and which tag leads to which clusters.

All of it follows from reports and could be made again. Nobody but the hub reads it; a thief
learns which reports are about one subject, and of that subject nothing.
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
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base

# Drawn before the rows are written: rows of several tables refer to them.
PLACES = Sequence("linkage_places", metadata=Base.metadata)
CLUSTER_IDS = Sequence("cluster_ids", metadata=Base.metadata)


class ClusterRow(Base):
    """A subject, as far as the hub knows one. The row stays when nothing is left in it, for its card's sake."""

    __tablename__ = "clusters"
    __table_args__ = (Index("ix_clusters_changed", "id", postgresql_where=text("changed")),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(Integer)
    founder: Mapped[int] = mapped_column(BigInteger)  # the place of its oldest report
    groups: Mapped[list[str]] = mapped_column(ARRAY(Text))  # before events are told apart
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text))
    countries: Mapped[bytes] = mapped_column(LargeBinary)  # OPEN, an envelope
    merged_into: Mapped[int | None] = mapped_column(BigInteger)  # who has its reports now
    changed: Mapped[bool] = mapped_column(Boolean)  # since cards were last made


class LinkedReport(Base):
    """A live report in its cluster. HEARSAY has no row: it counts nothing."""

    __tablename__ = "linked_reports"

    report: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("reports.number"), primary_key=True, autoincrement=False
    )
    place: Mapped[int] = mapped_column(BigInteger, unique=True)  # its turn: linking again keeps to it
    cluster: Mapped[int] = mapped_column(BigInteger, ForeignKey("clusters.id"), index=True)
    member_group: Mapped[str] = mapped_column(Text)  # by the roster
    sector: Mapped[str] = mapped_column(Text)
    week: Mapped[str] = mapped_column(Text)
    confidence: Mapped[str] = mapped_column(Text)


class ClusterTag(Base):
    """A tag leads to the clusters that carry it. Common values lead nowhere and have no row."""

    __tablename__ = "cluster_tags"

    tag: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    cluster: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("clusters.id"), primary_key=True, autoincrement=False, index=True
    )
    kind: Mapped[str] = mapped_column(Text)


class ContactTag(Base):
    """How many live reports have a contact, and whether it belongs to many unrelated parties."""

    __tablename__ = "contact_tags"
    __table_args__ = (Index("ix_contact_tags_common", "tag", postgresql_where=text("common")),)

    tag: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    seen: Mapped[int] = mapped_column(Integer)
    common: Mapped[bool] = mapped_column(Boolean)  # links nobody
    unclear: Mapped[bool] = mapped_column(Boolean)  # so for now: the operator is to say


class CutSide(Base):
    """The side of a cut that a report is on, in all its revisions. Reports on two sides of one cut never link."""

    __tablename__ = "cuts"

    report_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    cut: Mapped[str] = mapped_column(Text, primary_key=True)
    part: Mapped[int] = mapped_column(SmallInteger)


class LearnedCommon(Base):
    """A contact that a reviewer found to belong to unrelated parties: common, whatever the counts say."""

    __tablename__ = "learned_common"

    tag: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    cut: Mapped[str] = mapped_column(Text)


class ValueRuling(Base):
    """What the operator found a contact to be, whatever the counts say."""

    __tablename__ = "value_rulings"

    tag: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    common: Mapped[bool] = mapped_column(Boolean)
    ruled_on: Mapped[date] = mapped_column(Date)


class BigMergeRow(Base):
    """Two big subjects that became one: which reports the smaller had, so that it can be undone."""

    __tablename__ = "big_merges"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)  # of what was merged: told once
    merged_on: Mapped[date] = mapped_column(Date)
    through: Mapped[int] = mapped_column(BigInteger)  # the place of the report that joined them
    kept_size: Mapped[int] = mapped_column(Integer)
    absorbed: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))  # numbers of reports
    undone: Mapped[bool] = mapped_column(Boolean)
