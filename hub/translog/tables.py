"""Tables of the log: what was promised, what has its place, and the trustees' word on it.

Nothing here is kept that times a filing: a promised leaf loses its time with its row, and
of the checkpoints, whose cosignatures are dated, only the newest stay.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Index, LargeBinary, SmallInteger, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base


class TranslogLeaf(Base):
    """A leaf in its place, for good. Public: served as it is, so an edited row shows."""

    __tablename__ = "translog_leaves"

    leaf_index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)  # none for reports

    # The roster reads its few leaves among a million reports.
    __table_args__ = (Index(None, "kind", "leaf_index"),)


class PromisedLeaf(Base):
    """A leaf that was promised and has no place yet. Its row lives until the sequencer's next turn."""

    __tablename__ = "translog_promised"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    promised_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class TranslogNode(Base):
    """A complete subtree above the leaves (`cairn_protocol.merkle.Node`). Never updated."""

    __tablename__ = "translog_nodes"

    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class TranslogCheckpoint(Base):
    """A state of the log that the hub signed. Complete once t trustees cosigned; public from then on."""

    __tablename__ = "translog_checkpoints"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str] = mapped_column(Text)  # with the hub's signature alone
    cosignatures: Mapped[dict[str, Any]] = mapped_column(JSONB)  # trustee id: its signature line
    complete: Mapped[bool]
