"""Releases, from draft to published. What is in them has passed disclosure control."""

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base


class ReleaseRow(Base):
    """A release. In force once trustees cosigned its leaf."""

    __tablename__ = "data_releases"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)  # of the calendar
    audience: Mapped[str] = mapped_column(Text)
    period: Mapped[str] = mapped_column(Text)
    snapshot: Mapped[int] = mapped_column(Integer, ForeignKey("trend_snapshots.number"))
    table: Mapped[bytes] = mapped_column(LargeBinary)  # canonical: what the consents are of
    author: Mapped[str | None] = mapped_column(Text)
    consent: Mapped[bytes | None] = mapped_column(LargeBinary)  # the first analyst's, signed
    content: Mapped[bytes | None] = mapped_column(LargeBinary)  # of the leaf, once both have agreed
    leaf_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    released_at: Mapped[int | None] = mapped_column(BigInteger)
