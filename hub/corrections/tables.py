"""Tables of corrections: cuts from their order on, and the contributors who acknowledged them."""

from sqlalchemy import ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base


class CutRow(Base):
    """A cut, from its order on. It takes effect with its confirmation, in the commit that promises its leaf."""

    __tablename__ = "cut_orders"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    reviewer: Mapped[str] = mapped_column(Text)
    order: Mapped[bytes] = mapped_column(LargeBinary)  # a Signed CutOrder
    content: Mapped[bytes | None] = mapped_column(LargeBinary)  # the leaf's: a Cut, once confirmed


class CutAcknowledgement(Base):
    """A contributor took notice of a cut."""

    __tablename__ = "cut_acknowledgements"

    cut: Mapped[str] = mapped_column(Text, ForeignKey("cut_orders.id"), primary_key=True)
    member: Mapped[str] = mapped_column(Text, primary_key=True)
    signed: Mapped[bytes] = mapped_column(LargeBinary)
