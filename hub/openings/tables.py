"""Tables of openings: requests, and what trustees answered. Nobody's plain text is in them."""

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base


class OpeningRow(Base):
    """An opening, from its request on."""

    __tablename__ = "openings"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    analyst: Mapped[str] = mapped_column(Text)
    request: Mapped[bytes] = mapped_column(LargeBinary)  # a Signed OpeningRequest
    content: Mapped[bytes | None] = mapped_column(LargeBinary)  # the leaf's: an Opening, once confirmed
    digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)  # of the content
    expires_at: Mapped[int] = mapped_column(BigInteger)


class OpeningAnswer(Base):
    """A trustee's signed answer. The parts in an assent are sealed to the two analysts."""

    __tablename__ = "opening_answers"

    opening: Mapped[str] = mapped_column(Text, ForeignKey("openings.id"), primary_key=True)
    trustee: Mapped[str] = mapped_column(Text, primary_key=True)
    assents: Mapped[bool] = mapped_column()
    signed: Mapped[bytes] = mapped_column(LargeBinary)
