"""Tables of who wants to enter and who approved. What counts is in the log; these lead up to it."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base


class InvitationRow(Base):
    """An invitation that was handed out: what the party's entry will say, and the word that opens the door once.

    Rows stay, for a group keeps its place even if it never enters.
    """

    __tablename__ = "invitations"

    party: Mapped[str] = mapped_column(Text, primary_key=True)
    word_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)  # the word itself is the party's alone
    role: Mapped[str] = mapped_column(Text)
    group: Mapped[str | None] = mapped_column(Text)
    group_index: Mapped[int | None] = mapped_column(Integer)
    sector: Mapped[str | None] = mapped_column(Text)
    not_before: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    act_id: Mapped[str | None] = mapped_column(Text)  # of the entry it was used for


class ProposalRow(Base):
    """An act for trustees to approve. Public."""

    __tablename__ = "roster_proposals"

    act_id: Mapped[str] = mapped_column(Text, primary_key=True)
    party: Mapped[str | None] = mapped_column(Text, index=True)  # who enters; null for other acts
    proposal: Mapped[bytes] = mapped_column(LargeBinary)  # the message as proposed, without approvals
    leaf_hash: Mapped[bytes | None] = mapped_column(LargeBinary)  # null: it waits for approvals


class ApprovalRow(Base):
    """A trustee's signature over an act, as it came and was checked."""

    __tablename__ = "roster_approvals"

    act_id: Mapped[str] = mapped_column(
        ForeignKey("roster_proposals.act_id", ondelete="CASCADE"), primary_key=True
    )
    trustee: Mapped[str] = mapped_column(Text, primary_key=True)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
