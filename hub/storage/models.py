"""Imports every module that defines tables, so that `Base.metadata` is whole.

Migrations and the drift test look here. A stage that adds a table adds its line.
"""

from hub.bulletins import tables as bulletins
from hub.cards import tables as cards
from hub.corrections import tables as corrections
from hub.index import tables as index
from hub.linkage import tables as linkage
from hub.members import tables as members
from hub.openings import tables as openings
from hub.releases import tables as releases
from hub.reports import tables as reports
from hub.returns import tables as returns
from hub.storage import envelopes, nonces
from hub.storage.database import Base
from hub.translog import tables as translog
from hub.trends import tables as trends

__all__ = [
    "Base",
    "bulletins",
    "cards",
    "corrections",
    "envelopes",
    "index",
    "linkage",
    "members",
    "nonces",
    "openings",
    "releases",
    "reports",
    "returns",
    "translog",
    "trends",
]
