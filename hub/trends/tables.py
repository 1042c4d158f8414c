"""Tables of trends: snapshots, what was answered from them, what that cost, and dated control events.

No count of a group stands in any of them: an answer holds what its audience was told.
"""

from datetime import date

from sqlalchemy import BigInteger, Date, ForeignKey, Identity, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base


class SnapshotRow(Base):
    """A snapshot. Its file lies in the data folder; deleting this row's key makes it unreadable."""

    __tablename__ = "trend_snapshots"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    month: Mapped[date] = mapped_column(Date)  # its first day: the period it belongs to
    made_on: Mapped[date] = mapped_column(Date)
    rows_digest: Mapped[bytes] = mapped_column(LargeBinary)  # of what is in it, whatever the file looks like
    key: Mapped[bytes] = mapped_column(LargeBinary)  # an envelope: nobody without the key-encryption key
    events: Mapped[int] = mapped_column(Integer)
    groups: Mapped[list[str]] = mapped_column(ARRAY(Text))  # that count in it


class AnswerRow(Base):
    """A question and what its audience was told. Asked again of the same snapshot it gets the same answer."""

    __tablename__ = "trend_answers"

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    snapshot: Mapped[int] = mapped_column(Integer, ForeignKey("trend_snapshots.number"))
    audience: Mapped[str] = mapped_column(Text)
    question: Mapped[bytes] = mapped_column(LargeBinary)  # canonical
    answer: Mapped[str] = mapped_column(Text)  # JSON, as told
    # An envelope: which events each figure was the sum of, for the hub to judge the next question by.
    sums: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("snapshot", "audience", "question"),)


class BudgetRow(Base):
    """What an audience may learn from a source in a period, and what is spent of it. Fractions, exactly."""

    __tablename__ = "budget_accounts"

    source: Mapped[str] = mapped_column(Text, primary_key=True)
    audience: Mapped[str] = mapped_column(Text, primary_key=True)
    period: Mapped[str] = mapped_column(Text, primary_key=True)
    unit: Mapped[str] = mapped_column(Text)
    budget: Mapped[str] = mapped_column(Text)  # a fraction: "1/2"
    spent: Mapped[str] = mapped_column(Text)


class ControlEventRow(Base):
    """A public control event that surges are measured from."""

    __tablename__ = "control_events"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    week: Mapped[str] = mapped_column(Text)  # ISO
    items: Mapped[list[str]] = mapped_column(ARRAY(Text))  # numbers of the items list
    destinations: Mapped[list[str]] = mapped_column(ARRAY(Text))  # the transshipment set
    controls: Mapped[list[str]] = mapped_column(ARRAY(Text))  # the control set
