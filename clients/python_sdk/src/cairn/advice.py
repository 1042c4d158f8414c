"""What a firm is told about one inquiry, and the words it is told in.

Facts come in bands, never who, when or what price. Absence is said honestly: no other
sighting is not a clearance. Nothing here decides; the firm does.
Source: domain brief 4.1, 4.4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cairn_protocol.kinds import Kind
from cairn_protocol.messages.index import Card, Evidence

_BANDS = ("1", "2-4", "5-9", "10+")
_CALLED = {
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
    Kind.ADDRESS: "address",
}


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
class Advice:
    """The answer about one inquiry. `groups` is a band that counts everyone who reported, you too if you did."""

    inquiry_id: str | None  # None for a row of a file that holds no inquiry
    status: Status
    groups: str | None
    evidence: str | None
    reasons: tuple[str, ...]
    index: IndexAge | None
    attention: str | None = None  # local scoring is not there yet

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
        }


@dataclass(frozen=True, slots=True)
class Sighting:
    """A card that was found, the kinds of value that led to it, and whether we filed under one of them."""

    card: Card
    via: tuple[Kind, ...]
    ours: bool


def advise(
    inquiry_id: str,
    sightings: Sequence[Sighting],
    index: IndexAge | None,
    *,
    too_old: bool,
    names_nobody: bool,
) -> Advice:
    """The advice from what the local join found.

    too_old       the index is beyond the age its manifest allows
    names_nobody  the inquiry has no value to look up
    """
    reasons = [sentence for sighting in _strongest_first(sightings) for sentence in _told(sighting)]
    if not sightings:
        reasons.append(
            "There is nothing in this inquiry to look up: add a name, a phone number, an e-mail address or a web site."
            if names_nobody
            else "No other sighting of this buyer is known. That is not a clearance."
        )
    if index is None:
        reasons.append("You have not synced an index yet: run `cairn index sync`.")
    elif too_old:
        reasons.append("Your copy of the index is too old to rely on: run `cairn index sync`.")
    best = _strongest_first(sightings)[0].card if sightings else None
    return Advice(
        inquiry_id,
        Status.SEEN if best else Status.NOT_SEEN,
        best.groups if best else None,
        best.evidence.value if best else Evidence.E0.value,
        tuple(reasons),
        index,
    )


def queued(inquiry_id: str, why: str, index: IndexAge | None) -> Advice:
    """The check waits: too few trustees answer."""
    return Advice(inquiry_id, Status.QUEUED, None, None, (why,), index)


def refused(inquiry_id: str | None, why: str) -> Advice:
    """The check was refused."""
    return Advice(inquiry_id, Status.REFUSED, None, None, (why,), None)


def _strongest_first(sightings: Sequence[Sighting]) -> list[Sighting]:
    return sorted(
        sightings,
        key=lambda s: (_BANDS.index(s.card.groups), s.card.evidence, s.card.card_id.bytes),
        reverse=True,
    )


def _told(sighting: Sighting) -> list[str]:
    card = sighting.card
    # The card hangs on every value of its subject's reports; what was shared is what linked them.
    shared = [kind for kind in sighting.via if kind in card.linked_by] or sighting.via
    what = " and ".join(dict.fromkeys(_CALLED[kind] for kind in shared if kind in _CALLED)) or "details"
    when = card.first if card.first == card.last else f"{card.first} to {card.last}"
    sentences = [
        f"Reports of {card.groups} independent groups are linked to the {what} in this inquiry ({when}). "
        "They are unverified and could also be explained by one buyer asking several suppliers for offers."
    ]
    if sighting.ours:
        sentences.append("Your own group is one of them.")
    return sentences
