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

from cairn_protocol.agreement import DECIDING, EXACT, agree
from cairn_protocol.codes import SentOutcome, Stage
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.index import Card, Evidence, Typology, band
from cairn_protocol.messages.report import Confidence
from cairn_protocol.tags import Tag
from hub.cards.coverage import MIN_COVERAGE, FamiliesByGroup, coverage
from hub.linkage.events import Event, Seen, events_of, groups_of
from hub.typologies.asking import Asking, Hit, monday_of
from hub.typologies.registry import hits

MIN_GROUPS: Final = 2
_SURE_GROUPS: Final = 3
_MOST_CLEARED: Final = 2
_ON_CARDS: Final = frozenset(Typology)


@dataclass(frozen=True, slots=True)
class Told:
    """One report of a subject, as its card is made from it.

    tags      those that decide, and addresses; without common values
    cleared   its firm cleared it lately, and said why
    disputed  its firm says it is of another subject: until that is decided it counts nothing
    """

    seen: Seen
    week: str
    confidence: Confidence
    family: str
    tags: tuple[tuple[Kind, Tag], ...]
    stage: Stage = Stage.INQUIRY
    outcome: SentOutcome | None = None
    programmes: frozenset[str] = frozenset()
    cleared: bool = False
    disputed: bool = False


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
    stages: tuple[Stage, ...]
    cleared: int
    hits: tuple[Hit, ...]

    @property
    def after_decline(self) -> bool:
        """Whether a firm was asked after another had declined."""
        return any(bool(hit.facts.get("after_decline")) for hit in self.hits)

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
            stages=self.stages,
            typologies=tuple(Typology(hit.code) for hit in self.hits if hit.code in _ON_CARDS),
            after_decline=self.after_decline,
            cleared=self.cleared,
        )


def insight_into(reports: Sequence[Told], declared: FamiliesByGroup) -> Insight | None:
    """What may be said of the subject of these reports; None if it has too few groups or too little coverage."""
    reports = [report for report in reports if not report.disputed]
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
        stages=tuple(stage for stage in Stage if any(report.stage is stage for report in reports)),
        cleared=min(len({report.seen.group for report in reports if report.cleared}), _MOST_CLEARED),
        hits=tuple(hits(askings(reports, events))),
    )


def askings(reports: Sequence[Told], events: Sequence[Event]) -> list[Asking]:
    """The reports as typologies look at them."""
    event_at = {place: number for number, event in enumerate(events) for place in event.places}
    asked = []
    for report in reports:
        number = event_at[report.seen.place]
        asked.append(
            Asking(
                events[number].group,
                number,
                monday_of(report.week),
                report.family,
                report.programmes,
                report.outcome,
                report.tags,
            )
        )
    return asked


def evidence(groups: int, *, documents: bool, linked_by: Sequence[Kind]) -> Evidence:
    """How solid a subject is: E3 needs three groups and a document seen, E2 two groups and links that hold alone."""
    if groups >= _SURE_GROUPS and documents:
        return Evidence.E3
    return Evidence.E2 if groups >= MIN_GROUPS and agree(EXACT.intersection(linked_by)).links else Evidence.E1


def quarter_of(week: str) -> str:
    """The quarter an ISO week belongs to, by its Thursday: "2026-W40" is in "2026-Q4"."""
    thursday = date.fromisocalendar(int(week[:4]), int(week[6:]), 4)
    return f"{thursday.year}-Q{(thursday.month + 2) // 3}"


def _linked_by(reports: Sequence[Told]) -> tuple[Kind, ...]:
    """The kinds of deciding tags that two reports or more have in common, in the order of their strength."""
    uses = Counter(pair for report in reports for pair in set(report.tags))
    shared = {kind for (kind, _), count in uses.items() if count > 1 and kind in DECIDING}
    return tuple(kind for kind in Kind if kind in shared)
