"""Tables of the index: its published versions and their segments. All of it is public."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Integer, LargeBinary, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base


class ManifestRow(Base):
    """A version of the index. It counts once its leaf is in a checkpoint that t trustees cosigned."""

    __tablename__ = "manifests"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)  # the leaf has the manifest itself
    published_at: Mapped[int] = mapped_column(BigInteger)  # seconds since 1970
    depth: Mapped[int] = mapped_column(SmallInteger)  # leading bits of a tag that choose its segment
    coverage: Mapped[bytes] = mapped_column(LargeBinary)  # stands for the roster's groups and their families


class SegmentRow(Base):
    """A segment, named by its SHA-256. Kept for a while after the last manifest that lists it."""

    __tablename__ = "index_segments"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    unused_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), index=True)
