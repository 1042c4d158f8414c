"""The resolution record: what a firm was shown, how each flag was resolved, what it decided, by whom, and when.

Local, encrypted in the register, kept five years. Entries are a chain: each holds the digest of the one
before, so that a later change, or an entry left out of an export, is found. What the firm writes here is
never sent anywhere; a digest of it under the firm's own key is, where the firm asks for that (`cairn.record.anchor`).
Source: domain brief 4.1 (6) and 6 ("knowledge", pull model, archive).
"""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

import msgspec

from cairn_protocol.errors import BadMessage

KEPT_SECONDS: Final = 5 * 366 * 24 * 3600
MAX_TEXT: Final = 4_000
FIRST: Final = bytes(32)
_LABEL: Final = b"cairn/v1/resolution-record\0"


class About(StrEnum):
    """What an entry tells."""

    SHOWN = "shown"  # an advice with a card was shown
    FLAG = "flag"  # how a flag was resolved
    DECISION = "decision"
    RELEASED = "released"  # a second person let a held report go
    AMENDED = "amended"
    CLEARED = "cleared"
    NOT_OURS = "not-ours"
    WITHDRAWN = "withdrawn"
    ANCHORED = "anchored"  # a digest of all entries up to one stands in the network's log


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry.

    user      the person's name; "" where a check was made without one
    code      the flag's code, the decision's (`cairn.actions`), the new outcome, or why it was cleared; else None
    text      the resolution or reason in the firm's own words
    advice    what stood on the screen, as `cairn check --json` prints it; of an anchor its proof; else None
    previous  digest of the entry before, zeros for the first
    """

    number: int
    inquiry_id: str
    made_at: int
    user: str
    about: About
    code: str | None
    text: str
    advice: dict[str, Any] | None
    previous: bytes

    def __repr__(self) -> str:
        return f"Entry(number={self.number}, about={self.about.value})"

    def digest(self) -> bytes:
        """32 bytes that stand for this entry and all before it."""
        return hashlib.sha256(_LABEL + msgspec.json.encode(self, order="sorted")).digest()


def check_chain(entries: Sequence[Entry]) -> None:
    """Raise BadMessage unless each entry follows the one before. The first may follow one that was forgotten."""
    for before, entry in pairwise(entries):
        if entry.number != before.number + 1 or entry.previous != before.digest():
            raise BadMessage(f"entry {entry.number} does not follow the entry before it as it was written")
