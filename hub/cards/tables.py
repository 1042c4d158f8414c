"""Tables of cards: sealed texts, and for each tag the wrap that opens one.

Sealed texts and wraps are public, for the index publishes them. A card that is no more keeps its
row, so that everyone who was shown it learns so (G10).
"""

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary, Sequence, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base

# Where a card stands in its segment. Numbers begin at 0 and never come back.
CARD_NUMBERS = Sequence("card_numbers", minvalue=0, start=0, metadata=Base.metadata)


class CardRow(Base):
    """A card that was published. `gone` is the reason of its tombstone, and then it has neither key nor text."""

    __tablename__ = "cards"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    card_id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    cluster: Mapped[int] = mapped_column(BigInteger, ForeignKey("clusters.id"), index=True)
    version: Mapped[int] = mapped_column(Integer)
    content_key: Mapped[bytes | None] = mapped_column(LargeBinary)  # an envelope
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # whoever has a card key of its tags
    gone: Mapped[str | None] = mapped_column(Text)


class CardTag(Base):
    """A tag that opens a card: the content key, wrapped under the tag's card key."""

    __tablename__ = "card_tags"

    card: Mapped[int] = mapped_column(
        Integer, ForeignKey("cards.number"), primary_key=True, autoincrement=False
    )
    tag: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    wrap: Mapped[bytes] = mapped_column(LargeBinary)
