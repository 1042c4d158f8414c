"""What typologies look at: one report of a subject, after events were told apart.

Groups are those that the events count for, so a forwarder's report of a shipment is its exporter's asking, and
affiliates are one. Weeks are as exact as anybody tells: of two reports of one week none came first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from cairn_protocol.codes import SentOutcome
from cairn_protocol.kinds import Kind
from cairn_protocol.tags import Tag


@dataclass(frozen=True, slots=True)
class Asking:
    """One report as a pattern sees it.

    event       a number that the reports of one event share
    monday      the day on which its week began, as an ordinal
    family      of the item that was asked for, and the programmes that such items serve
    tags        those that decide, and addresses; without common values
    """

    group: str
    event: int
    monday: int
    family: str
    programmes: frozenset[str]
    outcome: SentOutcome | None
    tags: tuple[tuple[Kind, Tag], ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A pattern that fired.

    code   "T1" and so on
    facts  what an analyst may know of it: numbers, codes and yes or no, never a tag or a member
    """

    code: str
    groups: int
    facts: Mapping[str, int | bool | tuple[str, ...]] = field(default_factory=dict)


@cache
def monday_of(week: str) -> int:
    """The ordinal of the first day of an ISO week such as "2026-W40"."""
    return date.fromisocalendar(int(week[:4]), int(week[6:]), 1).toordinal()
