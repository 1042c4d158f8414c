"""Imports every module that defines tables, so that `Base.metadata` is whole.

Migrations and the drift test look here. A stage that adds a table adds its line.
"""

from hub.storage import envelopes, nonces
from hub.storage.database import Base

__all__ = ["Base", "envelopes", "nonces"]
