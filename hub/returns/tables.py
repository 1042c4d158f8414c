"""Tables of returns: what groups and trustees sent, encrypted, and what came out of their one sum.

No row holds a counter of a group in the clear, and none a time: when a firm files is nobody's business.
"""

from sqlalchemy import BigInteger, ForeignKey, Identity, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base


class ReturnKey(Base):
    """A public key of returns that every trustee approved. The newest is used. Public."""

    __tablename__ = "return_keys"

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)  # of the PaillierKey
    content: Mapped[bytes] = mapped_column(LargeBinary)  # the leaf's: an ApprovedKey


class ReturnPeriodRow(Base):
    """A period, from its terms to its result. Each of the four is written once and never changed. Public."""

    __tablename__ = "return_periods"

    period: Mapped[str] = mapped_column(Text, primary_key=True)
    terms: Mapped[bytes] = mapped_column(LargeBinary)  # ReturnTerms, a leaf
    statement: Mapped[bytes | None] = mapped_column(LargeBinary)  # CloseStatement, while trustees sign it
    closed: Mapped[bytes | None] = mapped_column(LargeBinary)  # SignedClose, a leaf
    result: Mapped[bytes | None] = mapped_column(LargeBinary)  # SumResult, a leaf


class ReturnRow(Base):
    """A group's return: ciphertexts that t trustees could open, and open only as part of the sum."""

    __tablename__ = "returns"

    period: Mapped[str] = mapped_column(ForeignKey("return_periods.period"), primary_key=True)
    group_name: Mapped[str] = mapped_column(Text, primary_key=True)
    member: Mapped[str] = mapped_column(Text)
    signed: Mapped[bytes] = mapped_column(LargeBinary)  # a Signed Return


class ReturnDeposit(Base):
    """A trustee's noise, encrypted: who knew it could take it off the sum."""

    __tablename__ = "return_deposits"

    period: Mapped[str] = mapped_column(ForeignKey("return_periods.period"), primary_key=True)
    trustee: Mapped[str] = mapped_column(Text, primary_key=True)
    signed: Mapped[bytes] = mapped_column(LargeBinary)  # a Signed NoiseDeposit


class ReturnApproval(Base):
    """A trustee's signature over the period's close statement. Public, once a quorum has signed."""

    __tablename__ = "return_approvals"

    period: Mapped[str] = mapped_column(ForeignKey("return_periods.period"), primary_key=True)
    trustee: Mapped[str] = mapped_column(Text, primary_key=True)
    signature: Mapped[bytes] = mapped_column(LargeBinary)


class ReturnPart(Base):
    """A trustee's part of opening the sum. t of them show the noisy sum of every counter, published or not."""

    __tablename__ = "return_parts"

    period: Mapped[str] = mapped_column(ForeignKey("return_periods.period"), primary_key=True)
    trustee: Mapped[str] = mapped_column(Text, primary_key=True)
    part: Mapped[bytes] = mapped_column(LargeBinary)  # PartialDecryptions
