"""Events: three firms who saw one shipment saw one thing, and count for one group.

Reports that share a transaction tag are one event, and so are a firm's reports of which one says that the party came
back with the matter of the other; it counts for its exporter's group, else for
its forwarder's, else for its insurer's. Two exporters' reports are never one event, so nobody
makes another exporter's sighting vanish by naming its transport document.
Source: domain truths 6 and 7, story S3.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from cairn_protocol import kdf
from cairn_protocol.messages.open_codes import OpenCodes
from cairn_protocol.messages.parties import Sector
from cairn_protocol.tags import Tag

_RANK: Final = {Sector.EXPORTER: 0, Sector.LOGISTICS: 1, Sector.INSURER: 2}


@dataclass(frozen=True, slots=True)
class Seen:
    """A report as counting sees it. `place` is its turn in linkage, so that ties have one end.

    transactions  its transaction tags, and the marks of the attempts that it belongs to (`attempts_of`)
    """

    place: int
    group: str
    sector: Sector
    transactions: frozenset[Tag]


@dataclass(slots=True)
class Event:
    """What happened once. `group` is the one it counts for, `exporter` the exporter among its reporters.

    place   of the report that it began with
    places  of all reports that tell of it
    """

    group: str
    exporter: str | None
    transactions: set[Tag]
    place: int
    places: list[int] = field(default_factory=list)


def events_of(reports: Collection[Seen]) -> list[Event]:
    """The events that the reports tell of. The same reports give the same events, in any order."""
    events: dict[int, Event] = {}
    numbers_by_tag: dict[Tag, list[int]] = defaultdict(list)
    for number, report in enumerate(sorted(reports, key=lambda report: (_RANK[report.sector], report.place))):
        told = sorted(report.transactions)
        mine = dict.fromkeys(at for tag in told for at in numbers_by_tag[tag] if _joins(report, events[at]))
        first, *others = mine or [number]
        if not mine:
            exporter = report.group if report.sector is Sector.EXPORTER else None
            events[first] = Event(report.group, exporter, set(), report.place)
        merged = [at for at in others if events[at].exporter in (None, events[first].exporter)]
        gone = [events.pop(at) for at in merged]
        carried = set(told).union(*(event.transactions for event in gone))
        for tag in carried:
            numbers_by_tag[tag] = [at for at in numbers_by_tag[tag] if at not in merged and at != first]
            numbers_by_tag[tag].append(first)
        events[first].transactions |= carried
        events[first].places += [report.place, *(place for event in gone for place in event.places)]
    return list(events.values())


def _joins(report: Seen, event: Event) -> bool:
    """Whether a report of the same shipment tells of this event: another exporter's is one of its own."""
    return report.sector is not Sector.EXPORTER or event.exporter == report.group


def attempts_of(member: str, report_id: UUID, codes: OpenCodes) -> frozenset[Tag]:
    """The marks that a firm's reports of one matter share: of the report itself, and of the one it came back on.

    They are made here, of the member that signed the report: nobody can put another's report into an event.
    """
    named = [report_id, codes.attempt] if codes.attempt else [report_id]
    return frozenset(
        Tag(kdf.digest(kdf.Use.MESSAGE, b"attempt", member.encode(), report.bytes)) for report in named
    )


def groups_of(events: Sequence[Event]) -> set[str]:
    """The groups that the events count for: what k is counted over."""
    return {event.group for event in events}
