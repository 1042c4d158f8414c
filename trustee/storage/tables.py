"""The tables, and what each column may tell."""

from sqlalchemy import Boolean, Integer, LargeBinary, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Root of the trustee's tables."""


class LeafRow(Base):
    """A leaf of the log. Whole, but for reports: of those the digest alone."""

    __tablename__ = "leaves"

    leaf_index: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    kind: Mapped[str] = mapped_column(String(32), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)


class NodeRow(Base):
    """A complete interior node of the Merkle tree, so that a root costs log n reads."""

    __tablename__ = "nodes"

    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    node_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class CheckpointRow(Base):
    """A checkpoint this trustee cosigned, and when.

    The first of them that covers a leaf says since when this trustee knows it.
    """

    __tablename__ = "checkpoints"

    size: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    note: Mapped[str] = mapped_column(String)
    cosignature: Mapped[str] = mapped_column(String)
    cosigned_at: Mapped[int] = mapped_column(Integer)


class NonceRow(Base):
    """A nonce that was used; forgotten once its request would be too old anyway."""

    __tablename__ = "nonces"

    key_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(128), primary_key=True)
    expires_at: Mapped[int] = mapped_column(Integer, index=True)


class MeterRow(Base):
    """Padded subjects evaluated for a group on a day."""

    __tablename__ = "meter"

    group_name: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    subjects: Mapped[int] = mapped_column(Integer)


class JournalRow(Base):
    """What a trustee remembers of evaluations: day, member, padded count. No finer time, no element."""

    __tablename__ = "journal"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    member: Mapped[str] = mapped_column(String(32), primary_key=True)
    subjects: Mapped[int] = mapped_column(Integer)


class RefusalRow(Base):
    """A proposal that staff refused: not shown again."""

    __tablename__ = "refusals"

    act_id: Mapped[str] = mapped_column(String(64), primary_key=True)


class SumRow(Base):
    """What this trustee gave for a period of returns, before it gave it.

    `deposit` is its signed noise, encrypted; `close` the digest of the one statement it stands by.
    """

    __tablename__ = "sums"

    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    deposit: Mapped[bytes | None] = mapped_column(LargeBinary)
    close: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    checked: Mapped[bool] = mapped_column(Boolean)  # whether the published result was computed here too
