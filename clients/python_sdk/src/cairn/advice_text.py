"""An advice as a person reads it: the same sections on a terminal and on a page to print.

Source: domain brief 4.1: your facts, what the network saw, attention and evidence, why, what could not be
seen, what you can do, and that you decide alone.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from cairn.actions import actions
from cairn.advice import Advice, Status
from cairn.printable import Section, page
from cairn_protocol.codes import items

_WIDTH = 100
_HEADED = {
    Status.SEEN: "seen elsewhere",
    Status.NOT_SEEN: "no other sighting; that is not a clearance",
    Status.QUEUED: "waiting: too few trustees answered",
    Status.REFUSED: "refused",
}
_ATTENTION = {
    "A0": "nothing here asks for more than your usual care",
    "A1": "look again when you answer",
    "A2": "resolve the flags before you answer",
    "A3": "have a second person look before anything is offered",
}
_EVIDENCE = {
    "E0": "your own knowledge only",
    "E1": "links between reports are weak",
    "E2": "two groups or more, by links that hold alone",
    "E3": "three groups or more, and documents were seen",
}


@dataclass(frozen=True, slots=True)
class _Card:
    title: str
    sections: tuple[Section, ...]


def as_text(advice: Advice) -> str:
    """The card in lines of at most 100 characters."""
    card = _card(advice)
    lines = [card.title]
    for section in card.sections:
        lines.append(f"  {section.heading}")
        for line in section.lines:
            lines += textwrap.wrap(line, _WIDTH, initial_indent="    - ", subsequent_indent="      ")
    return "\n".join(lines)


def as_html(advices: Sequence[Advice]) -> str:
    """A page with these cards."""
    return page("Advice", [(card.title, card.sections) for card in map(_card, advices)])


def _card(advice: Advice) -> _Card:
    title = f"{advice.inquiry_id or 'a row that was not read'}: {_HEADED[advice.status]}"
    sections = [
        Section("Attention and evidence", _levels(advice)),
        Section(
            "Your facts", tuple(f"{f.code} {f.title}. Resolved by: {f.resolution}" for f in advice.flags)
        ),
        Section("What the network reports", _network(advice)),
        Section("Why", advice.reasons),
        Section("What could not be seen", advice.unseen),
        Section("What you can do", tuple(f"{o.code}: {o.title}. {o.text}" for o in advice.options)),
        Section("Yours to decide", actions().notices if advice.options else ()),
    ]
    return _Card(title, tuple(section for section in sections if section.lines))


def _levels(advice: Advice) -> tuple[str, ...]:
    lines = []
    if advice.attention is not None:
        lines.append(f"{advice.attention}, {advice.points:g} points: {_ATTENTION[advice.attention]}.")
    if advice.evidence is not None:
        lines.append(f"{advice.evidence}: {_EVIDENCE[advice.evidence]}.")
    return tuple(lines)


def _network(advice: Advice) -> tuple[str, ...]:
    seen = advice.network
    if seen is None:
        return ()
    titles = {family.code: family.title for family in items().families}
    when = seen.first if seen.first == seen.last else f"{seen.first} to {seen.last}"
    asked = ", ".join(titles.get(family, "items of no listed family") for family in seen.families)
    return (
        f"{seen.groups} independent groups, {seen.events} events, {when}; you are counted if you reported.",
        f"Asked for: {asked}. Reported by: {', '.join(seen.sectors)}. Stages: {', '.join(seen.stages)}.",
        *(f"Reports describe: {pattern}." for pattern in seen.patterns),
    )
