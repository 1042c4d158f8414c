"""A trustee's SQLite: the mirror of the log, nonces, meter and journal."""

from trustee.storage.database import Store
from trustee.storage.tables import Base

__all__ = ["Base", "Store"]
