"""What a card says of a subject, and whether there may be one at all. Pure: reports in, insight out.

Counted are groups over events, never reports. Everything is banded before it leaves: who, when
exactly and how often can't be read from a card.
Source: domain brief 4.1, policy P7; design.md 4.5.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from cairn_protocol.agreement import agree
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.index import Card, Evidence, band
from cairn_protocol.messages.report import Confidence
from cairn_protocol.tags import Tag
from hub.cards.coverage import MIN_COVERAGE, FamiliesByGroup, coverage
from hub.linkage.events import Seen, events_of, groups_of

MIN_GROUPS: Final = 2
_SURE_GROUPS: Final = 3


@dataclass(frozen=True, slots=True)
class Told:
    """One report of a subject, as its card is made from it.

    tags  those that decide and are not common
    """

    seen: Seen
    week: str
    confidence: Confidence
    family: str
    tags: tuple[tuple[Kind, Tag], ...]


@dataclass(frozen=True, slots=True)
class Insight:
    """A card without its id and version."""

    groups: str
    events: str
    evidence: Evidence
    first: str
    last: str
    families: tuple[str, ...]
    sectors: tuple[str, ...]
    linked_by: tuple[Kind, ...]

    def card(self, card_id: UUID, version: int) -> Card:
        """The card that says this."""
        return Card(
            card_id=card_id,
            version=version,
            groups=self.groups,
            events=self.events,
            evidence=self.evidence,
            first=self.first,
            last=self.last,
            families=self.families,
            sectors=self.sectors,
            linked_by=self.linked_by,
        )


def insight_into(reports: Sequence[Told], declared: FamiliesByGroup) -> Insight | None:
    """What may be said of the subject of these reports; None if it has too few groups or too little coverage."""
    events = events_of([report.seen for report in reports])
    groups = len(groups_of(events))
    families = {report.family for report in reports}
    if groups < MIN_GROUPS or coverage(families, declared) < MIN_COVERAGE:
        return None
    linked_by = _linked_by(reports)
    documents = any(report.confidence is Confidence.DOCUMENT for report in reports)
    return Insight(
        groups=band(groups),
        events=band(len(events)),
        evidence=evidence(groups, documents=documents, linked_by=linked_by),
        first=quarter_of(min(report.week for report in reports)),
        last=quarter_of(max(report.week for report in reports)),
        families=tuple(sorted(families)),
        sectors=tuple(sorted({report.seen.sector.value for report in reports})),
        linked_by=linked_by,
    )


def evidence(groups: int, *, documents: bool, linked_by: Sequence[Kind]) -> Evidence:
    """How solid a subject is: E3 needs three groups and a document seen, E2 two groups and links that hold alone."""
    if groups >= _SURE_GROUPS and documents:
        return Evidence.E3
    return Evidence.E2 if groups >= MIN_GROUPS and agree(linked_by).links else Evidence.E1


def quarter_of(week: str) -> str:
    """The quarter an ISO week belongs to, by its Thursday: "2026-W40" is in "2026-Q4"."""
    thursday = date.fromisocalendar(int(week[:4]), int(week[6:]), 4)
    return f"{thursday.year}-Q{(thursday.month + 2) // 3}"


def _linked_by(reports: Sequence[Told]) -> tuple[Kind, ...]:
    """The kinds of tags that two reports or more have in common, in the order of their strength."""
    uses = Counter(pair for report in reports for pair in set(report.tags))
    shared = {kind for (kind, _), count in uses.items() if count > 1}
    return tuple(kind for kind in Kind if kind in shared)
