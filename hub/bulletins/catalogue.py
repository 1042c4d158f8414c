"""What TAXII offers: one API root for liaisons, a collection for each label, and one that takes feedback.

RED has none: it is for named people in a room.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cairn_protocol.messages.bulletins import Audience
from cairn_protocol.messages.report import Tlp


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection. `alias` may stand for `id` in an address."""

    id: str
    alias: str
    title: str
    can_read: bool
    can_write: bool
    media_types: tuple[str, ...] = ("application/stix+json;version=2.1",)


@dataclass(frozen=True, slots=True)
class ApiRoot:
    """An API root and its collections."""

    name: str
    title: str
    collections: Sequence[Collection]

    def find(self, named: str) -> Collection | None:
        """By id or alias."""
        return next((one for one in self.collections if named in (one.id, one.alias)), None)


LABELS: Final = {
    Tlp.CLEAR: "liaisons-clear",
    Tlp.GREEN: "liaisons-green",
    Tlp.AMBER: "liaisons-amber",
    Tlp.AMBER_STRICT: "liaisons-amber-strict",
}
FEEDBACK: Final = "feedback"
_IDS: Final = {
    "liaisons-clear": "0d1b8f0e-6f0a-4b57-9a50-6f7f6a5e1c01",
    "liaisons-green": "2c7e4a51-91f5-4d0e-8f0b-3ad1f6d9e302",
    "liaisons-amber": "47b9d2c6-0c33-4c6b-b1f4-58e0a4c7f703",
    "liaisons-amber-strict": "6a05f3d8-5e7c-4b0f-9c2d-7be3c1a8d904",
    FEEDBACK: "8f21c6ea-b0d9-4e3a-8d57-91c4e0b2fa05",
}
LIAISONS: Final = ApiRoot(
    "liaisons",
    "Sanitised bulletins for government liaisons",
    (
        *(
            Collection(_IDS[alias], alias, f"Bulletins labelled TLP:{label}", can_read=True, can_write=False)
            for label, alias in LABELS.items()
        ),
        Collection(
            _IDS[FEEDBACK],
            FEEDBACK,
            "Opinions and notes on bulletins: codes, and no identifier to be matched",
            can_read=False,
            can_write=True,
        ),
    ),
)
EVERYTHING: Final = tuple(one.alias for one in LIAISONS.collections)


def alias_for(audience: Audience, tlp: Tlp) -> str | None:
    """The collection an edition goes to; None for members' editions, which members read in the hub's own way."""
    return LABELS.get(tlp) if audience is Audience.LIAISONS else None
