"""What a firm is told about one inquiry: the facts, how much attention they ask for, what could not be seen, options.

Facts come in bands, never who, when or what price. Two axes, never one percentage: attention A0-A3 says what
to do with one's time, evidence E0-E3 how solid it is. Absence is said honestly: no other sighting is not a
clearance. Nothing here decides; the firm does.

Not here: how it looks on paper or a terminal (`advice_text`).
Source: domain brief 4.1, 4.2, 4.4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cairn.actions import Action, actions
from cairn.attention import network_of
from cairn.raw.inquiry import Inquiry
from cairn.raw.scoring import Score, score
from cairn_protocol.agreement import EXACT
from cairn_protocol.codes import red_flags
from cairn_protocol.coverage import MIN_COVERAGE
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.index import Card, Evidence, Typology

_BANDS = ("1", "2-4", "5-9", "10+")
CALLED = {
    Kind.REGISTRATION: "company registration number",
    Kind.VAT: "VAT number",
    Kind.LEI: "LEI",
    Kind.IMO: "IMO number",
    Kind.IBAN: "bank account",
    Kind.EMAIL: "e-mail address",
    Kind.PHONE: "phone number",
    Kind.DOMAIN: "internet domain",
    Kind.NAME: "name",
    Kind.NAME_COMMON: "name",
}
# What a pattern is to a member: never which items, and no code to look up.
PATTERNS = {
    Typology.T1: "the same buyer asked several firms (T1)",
    Typology.T2: "several complementary item families were asked for (T2)",
    Typology.T3: "one contact was used under several names (T3)",
    Typology.T7: "many inquiries within two weeks (T7)",
}
_TOO_FEW = (
    "Too few firms could have seen this: fewer than five independent groups deal in such items, so nothing "
    "would be shown, whatever they reported."
)
_COVERAGE_UNKNOWN = "How many firms could have seen this is not known yet: run `cairn index sync`."
_OUTSIDE = "What firms outside this network saw, and reports that share no value with this inquiry, can't be seen here."


class Status(StrEnum):
    """The answer to a check."""

    SEEN = "seen"
    NOT_SEEN = "not_seen"
    QUEUED = "queued"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class IndexAge:
    """Which index an answer comes from, and how old it was."""

    number: int
    age_seconds: int


@dataclass(frozen=True, slots=True)
class FlagFact:
    """A flag the firm ticked, and what usually resolves it."""

    code: str
    title: str
    resolution: str


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """What the network's strongest card says, in bands and quarters."""

    groups: str
    events: str
    first: str
    last: str
    families: tuple[str, ...]
    sectors: tuple[str, ...]
    stages: tuple[str, ...]
    patterns: tuple[str, ...]

    @classmethod
    def of(cls, card: Card) -> "NetworkFacts":
        """The facts of a card."""
        patterns = [PATTERNS[typology] for typology in card.typologies if typology in PATTERNS]
        if card.after_decline:
            patterns.append("after one group declined, another was asked within 90 days")
        if card.cleared:
            patterns.append("some of these reports were later cleared by the firms that made them")
        return cls(
            card.groups,
            card.events,
            card.first,
            card.last,
            card.families,
            card.sectors,
            tuple(stage.value for stage in card.stages),
            tuple(patterns),
        )

    def as_json(self) -> dict[str, object]:
        """As `cairn check --json` prints it."""
        return {
            "groups": self.groups,
            "events": self.events,
            "first": self.first,
            "last": self.last,
            "families": list(self.families),
            "sectors": list(self.sectors),
            "stages": list(self.stages),
            "patterns": list(self.patterns),
        }


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer about one inquiry. `groups` is a band that counts everyone who reported, you too if you did.

    attention, points  None where the check was refused
    unseen             what this answer can't know, a sentence each
    """

    inquiry_id: str | None  # None for a row of a file that holds no inquiry
    status: Status
    groups: str | None
    evidence: str | None
    reasons: tuple[str, ...]
    index: IndexAge | None
    attention: str | None = None
    points: float | None = None
    flags: tuple[FlagFact, ...] = ()
    network: NetworkFacts | None = None
    unseen: tuple[str, ...] = ()
    match: str | None = None  # how the inquiry led to the card: "exact" or "similar"

    @property
    def options(self) -> tuple[Action, ...]:
        """What a firm can do, always the same: the advice picks none for it."""
        return () if self.status is Status.REFUSED else actions().actions

    def as_json(self) -> dict[str, object]:
        """The object `cairn check --json` prints."""
        index = self.index and {"number": self.index.number, "age_seconds": self.index.age_seconds}
        return {
            "inquiry_id": self.inquiry_id,
            "status": self.status.value,
            "groups": self.groups,
            "evidence": self.evidence,
            "attention": self.attention,
            "reasons": list(self.reasons),
            "index": index or None,
            "match": self.match,
            "points": self.points,
            "flags": [
                {"code": flag.code, "title": flag.title, "resolution": flag.resolution} for flag in self.flags
            ],
            "network": self.network.as_json() if self.network else None,
            "unseen": list(self.unseen),
            "options": [action.code for action in self.options],
        }

    def text(self) -> str:
        """The whole card for a terminal."""
        from cairn.advice_text import as_text

        return as_text(self)

    def html(self) -> str:
        """The whole card as a page to print or keep."""
        from cairn.advice_text import as_html

        return as_html([self])


@dataclass(frozen=True, slots=True)
class Sighting:
    """A card that was found, the kinds of value that led to it, and whether we filed under one of them."""

    card: Card
    via: tuple[Kind, ...]
    ours: bool


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an answer depends on besides the inquiry and the cards.

    index    the synced index, None before the first sync
    too_old  the index is beyond the age its manifest allows
    covered  how many groups could have been asked for such an item, None if not known
    weights  the firm's own, over the list's
    """

    index: IndexAge | None
    too_old: bool
    covered: int | None
    weights: Mapping[str, int]
    now: float


def advise(
    inquiry: Inquiry, sightings: Sequence[Sighting], about: Circumstances, *, names_nobody: bool
) -> Advice:
    """The advice from what the local join found. names_nobody: the inquiry has no value to look up."""
    ordered = _strongest_first(sightings)
    best = ordered[0].card if ordered else None
    scored = score(inquiry.red_flags, network_of(best, about.now) if best else None, about.weights)
    reasons = [sentence for sighting in ordered for sentence in _told(sighting)]
    if not ordered:
        reasons.append(
            "There is nothing in this inquiry to look up: add a name, a phone number, an e-mail address or a web site."
            if names_nobody
            else "No other sighting of this buyer is known. That is not a clearance."
        )
    if about.index is None:
        reasons.append("You have not synced an index yet: run `cairn index sync`.")
    elif about.too_old:
        reasons.append("Your copy of the index is too old to rely on: run `cairn index sync`.")
    return Advice(
        inquiry.inquiry_id,
        Status.SEEN if best else Status.NOT_SEEN,
        best.groups if best else None,
        best.evidence.value if best else Evidence.E0.value,
        (*reasons, *scored.reasons),
        about.index,
        scored.attention,
        scored.as_json()["points"],  # type: ignore[arg-type]
        _facts(inquiry),
        NetworkFacts.of(best) if best else None,
        _unseen(about),
        ("exact" if _is_exact(ordered[0]) else "similar") if best else None,
    )


def queued(inquiry: Inquiry, why: str, about: Circumstances) -> Advice:
    """The check waits, for too few trustees answer; what the firm knows itself is weighed all the same."""
    scored: Score = score(inquiry.red_flags, None, about.weights)
    return Advice(
        inquiry.inquiry_id,
        Status.QUEUED,
        None,
        None,
        (why, *scored.reasons),
        about.index,
        scored.attention,
        scored.as_json()["points"],  # type: ignore[arg-type]
        _facts(inquiry),
        None,
        ("Nobody was looked up yet: the attention level rests on your own flags alone.",),
    )


def refused(inquiry_id: str | None, why: str) -> Advice:
    """The check was refused."""
    return Advice(inquiry_id, Status.REFUSED, None, None, (why,), None)


def _facts(inquiry: Inquiry) -> tuple[FlagFact, ...]:
    listed = red_flags().by_code
    return tuple(
        FlagFact(code, listed[code].title, listed[code].usual_resolution) for code in inquiry.red_flags
    )


def _unseen(about: Circumstances) -> tuple[str, ...]:
    if about.covered is None:
        return _COVERAGE_UNKNOWN, _OUTSIDE
    return (_TOO_FEW, _OUTSIDE) if about.covered < MIN_COVERAGE else (_OUTSIDE,)


def _strongest_first(sightings: Sequence[Sighting]) -> list[Sighting]:
    return sorted(
        sightings,
        key=lambda s: (_BANDS.index(s.card.groups), s.card.evidence, s.card.card_id.bytes),
        reverse=True,
    )


def _is_exact(sighting: Sighting) -> bool:
    """Whether an equal value led to the card, and not only a name like one of its subject's."""
    return not EXACT.isdisjoint(sighting.via)


def _told(sighting: Sighting) -> list[str]:
    card = sighting.card
    # The card hangs on every value of its subject's reports; what was shared is what linked them.
    exact = [kind for kind in sighting.via if kind in EXACT]
    shared = [kind for kind in exact if kind in card.linked_by] or exact
    what = " and ".join(dict.fromkeys(CALLED[kind] for kind in shared))
    when = card.first if card.first == card.last else f"{card.first} to {card.last}"
    linked_to = f"the {what} in this inquiry" if shared else "a name like the one in this inquiry"
    sentences = [
        f"Reports of {card.groups} independent groups are linked to {linked_to} ({when}). "
        "They are unverified and could also be explained by one buyer asking several suppliers for offers."
    ]
    if not shared:
        sentences.append(
            "Only a name that is spelt or sounds alike led there, no equal value: it may be another party. Compare "
            "address and contacts before you rely on it."
        )
    if sighting.ours:
        sentences.append("Your own group is one of them.")
    return sentences
