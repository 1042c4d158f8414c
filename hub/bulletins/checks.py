"""The checks before a release: pure, each finding with its reason and its place.

    contributors  a typology needs three groups, none more than half of the reports; a figure has passed
                  the stricter rules of its release, and is quoted exactly as released
    overlap       no cell within or around one that another release gave to an earlier bulletin
    labels        no looser than the labels of the reports it was drawn from; their caveats and consent hold
    words         `wording`
    shape         an alternative explanation, a bottom line of 60 words, the right audience

A draft without findings may be submitted; nothing here lets it out.
Source: domain brief 4.4, 5.1, 5.2, 5.4, story S2.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cairn_protocol.codes.lists import items, red_flags
from cairn_protocol.messages.bulletins import (
    Audience,
    BulletinKind,
    Draft,
    Edition,
    Figure,
    Input,
    Origin,
)
from cairn_protocol.messages.report import Caveat, GovRelease, Tlp
from hub.bulletins.ports import ReleasedTable
from hub.bulletins.wording import Finding, improper, item_numbers, unfit

MAX_BOTTOM_LINE_WORDS: Final = 60
MIN_GROUPS: Final = 3
MAX_VALID_SECONDS: Final = 400 * 86_400

_TO_MEMBERS: Final = frozenset(
    {
        BulletinKind.TREND,
        BulletinKind.TYPOLOGY,
        BulletinKind.METHOD,
        BulletinKind.CODELIST_CHANGE,
        BulletinKind.RECALL,
        BulletinKind.ADVISORY,
        BulletinKind.SANITISED,
        BulletinKind.REQUEST_VOLUNTARY,
        BulletinKind.THANKS_OUTCOME,
    }
)
_TO_LIAISONS: Final = frozenset(
    {BulletinKind.AGGREGATE, BulletinKind.TYPOLOGY, BulletinKind.REFERRAL_OFFER, BulletinKind.TREND}
)
FROM_GOVERNMENT: Final = frozenset(
    {
        BulletinKind.ADVISORY,
        BulletinKind.SANITISED,
        BulletinKind.REQUEST_VOLUNTARY,
        BulletinKind.THANKS_OUTCOME,
    }
)
STRICTEST_LAST: Final = (Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER, Tlp.AMBER_STRICT, Tlp.RED)

# The loosest label of a text drawn from a report with that label. AMBER+STRICT binds a report, which names
# a party and its finder; a text by three groups names neither, and members and liaisons are its need to know.
_LOOSEST: Final = {
    Tlp.CLEAR: Tlp.CLEAR,
    Tlp.GREEN: Tlp.GREEN,
    Tlp.AMBER: Tlp.AMBER,
    Tlp.AMBER_STRICT: Tlp.AMBER,
    Tlp.RED: None,
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A report that a draft is drawn from, as its header says; `group` by the roster."""

    member: str
    group: str
    tlp: Tlp
    caveats: frozenset[Caveat]
    consent: GovRelease
    embargo_until: int  # seconds; 0 without one


@dataclass(frozen=True, slots=True)
class Known:
    """What the checks compare a draft with.

    reports   for each input in order, its reports
    missing   how many reports each input names that are not on file
    releases  by id
    quoted    figures of the bulletins already released
    pushed    ids of what liaisons pushed
    """

    reports: Sequence[Sequence[Drawn]]
    missing: Sequence[int]
    releases: Mapping[str, ReleasedTable] = field(default_factory=dict)
    quoted: Sequence[Figure] = ()
    pushed: frozenset[str] = frozenset()


def check(draft: Draft, known: Known) -> list[Finding]:
    """Everything that keeps the draft from being submitted, in the order of its fields."""
    return [
        *_shape(draft),
        *(finding for edition in draft.editions for finding in _edition(draft, edition, known)),
        *_inputs(draft, known),
    ]


def needs_privacy_review(draft: Draft) -> bool:
    """Whether a reviewer must agree too: facts about one party, or from a government."""
    return draft.kind in FROM_GOVERNMENT or any(
        one.party or one.origin is Origin.GOVERNMENT for one in draft.inputs
    )


def needs_window(known: Known) -> bool:
    """Whether contributors are asked first: a report whose consent says "after my approval"."""
    return any(
        drawn.consent is GovRelease.PARTY_AFTER_MY_APPROVAL for reports in known.reports for drawn in reports
    )


def _shape(draft: Draft) -> Iterator[Finding]:
    audiences = [edition.audience for edition in draft.editions]
    if len(set(audiences)) != len(audiences):
        yield Finding("AUDIENCE", "editions", "two editions for one audience")
    if not 0 < draft.valid_until - draft.valid_from <= MAX_VALID_SECONDS:
        yield Finding("PERIOD", "valid_until", "after valid_from, by 400 days at most")
    if draft.embargo_until >= draft.valid_until:
        yield Finding("PERIOD", "embargo_until", "the embargo would outlast the bulletin")
    if (draft.version > 1) != (draft.correction is not None):
        yield Finding(
            "CORRECTION", "correction", "a later version says what was wrong, and a first one can't"
        )
    if draft.correction is not None:
        yield from unfit("correction", draft.correction)


def _edition(draft: Draft, edition: Edition, known: Known) -> Iterator[Finding]:
    at = f"editions.{edition.audience}"
    allowed = _TO_MEMBERS if edition.audience is Audience.MEMBERS else _TO_LIAISONS
    if draft.kind not in allowed:
        yield Finding("AUDIENCE", at, f"{draft.kind} is not for {edition.audience}")
    if edition.tlp is Tlp.RED:
        yield Finding("TLP", f"{at}.tlp", "RED is for named people in a room, not for a bulletin")
    if len(edition.bottom_line.split()) > MAX_BOTTOM_LINE_WORDS:
        yield Finding("LENGTH", f"{at}.bottom_line", f"more than {MAX_BOTTOM_LINE_WORDS} words")
    if not edition.alternatives and draft.kind not in (BulletinKind.CODELIST_CHANGE, BulletinKind.RECALL):
        yield Finding("ALTERNATIVES", f"{at}.alternatives", "say what else could explain it")
    yield from _codes(at, edition)
    yield from _figures(at, edition, known)
    bands = [band for figure in edition.figures for band in (figure.count, figure.groups)]
    for place, text in _texts(at, edition):
        yield from unfit(place, text)
        yield from improper(place, text, bands)
        if edition.audience is Audience.MEMBERS:
            yield from item_numbers(place, text)
    if edition.audience is Audience.MEMBERS:
        if edition.programmes:
            yield Finding("PROGRAMME", f"{at}.programmes", "a programme is named to liaisons alone")
        if draft.kind is BulletinKind.TYPOLOGY and edition.families:
            yield Finding(
                "ITEM",
                f"{at}.families",
                "which items belong together is not told: say that there are several",
            )


def _codes(at: str, edition: Edition) -> Iterator[Finding]:
    known_flags, families = red_flags().by_code, items().family_codes
    for index, code in enumerate(edition.red_flags):
        flag = known_flags.get(code)
        if flag is None or flag.status != "active":
            yield Finding("CODE", f"{at}.red_flags.{index}", "no red flag of the list")
        elif flag.local_only:
            yield Finding("CODE", f"{at}.red_flags.{index}", "this flag stays at the firms")
    for index, code in enumerate(edition.families):
        if code != "ALL" and code not in families:
            yield Finding("CODE", f"{at}.families.{index}", "no family of the list")


def _figures(at: str, edition: Edition, known: Known) -> Iterator[Finding]:
    for index, figure in enumerate(edition.figures):
        place = f"{at}.figures.{index}"
        release = known.releases.get(figure.release)
        if release is None or release.digest != figure.digest:
            yield Finding("FIGURE", place, "bound to no release in force")
            continue
        cell = release.cells.get(figure.cell)
        if cell is None:
            yield Finding("FIGURE", place, "the release has no such cell, or suppresses it")
        elif (cell.count, cell.groups) != (figure.count, figure.groups):
            yield Finding("FIGURE", place, "not the bands that were released")
        if any(_nested(figure, earlier) for earlier in known.quoted):
            yield Finding("OVERLAP", place, "lies within or around a cell that an earlier bulletin quoted")


def _nested(one: Figure, other: Figure) -> bool:
    """Whether two releases' cells contain each other: their difference would be a figure nobody released."""
    if one.release == other.release or one.cell == other.cell:
        return False  # a release protects its own margins
    a, b = (set(figure.cell.split("|")) for figure in (one, other))
    return a < b or b < a


def _texts(at: str, edition: Edition) -> Iterator[tuple[str, str]]:
    for name in ("title", "bottom_line", "observed", "suppression", "basis", "handling"):
        text = getattr(edition, name)
        if text is not None:
            yield f"{at}.{name}", text
    for name in ("alternatives", "wanted"):
        for index, text in enumerate(getattr(edition, name)):
            yield f"{at}.{name}.{index}", text


def _inputs(draft: Draft, known: Known) -> Iterator[Finding]:
    for index, (one, reports) in enumerate(zip(draft.inputs, known.reports, strict=True)):
        at = f"inputs.{index}"
        if known.missing[index]:
            yield Finding("INPUT", f"{at}.reports", f"{known.missing[index]} of them are not on file")
        yield from _origin(draft, at, one, known)
        if one.origin is Origin.TYPOLOGY:
            yield from _contributors(at, reports)
        for edition in draft.editions:
            yield from _labels(draft, edition, at, reports)


def _origin(draft: Draft, at: str, one: Input, known: Known) -> Iterator[Finding]:
    if one.origin is Origin.TREND and one.reference not in known.releases:
        yield Finding("INPUT", f"{at}.reference", "no release of that id is in force")
    if one.origin is Origin.GOVERNMENT and one.reference not in known.pushed:
        yield Finding("INPUT", f"{at}.reference", "no liaison gave anything under that id")
    if draft.kind in FROM_GOVERNMENT and one.origin is not Origin.GOVERNMENT:
        yield Finding("INPUT", f"{at}.origin", f"{draft.kind} comes from what a liaison gave")


def _contributors(at: str, reports: Sequence[Drawn]) -> Iterator[Finding]:
    by_group: dict[str, int] = {}
    for drawn in reports:
        by_group[drawn.group] = by_group.get(drawn.group, 0) + 1
    if len(by_group) < MIN_GROUPS:
        yield Finding("GROUPS", f"{at}.reports", f"of fewer than {MIN_GROUPS} groups")
    elif 2 * max(by_group.values()) > len(reports):
        yield Finding("DOMINANCE", f"{at}.reports", "more than half of them are one group's")


def _labels(draft: Draft, edition: Edition, at: str, reports: Sequence[Drawn]) -> Iterator[Finding]:
    where = f"{at} for {edition.audience}"
    for label in sorted({drawn.tlp for drawn in reports}, key=STRICTEST_LAST.index):
        loosest = _LOOSEST[label]
        if loosest is None:
            yield Finding("TLP", where, "drawn from a report labelled RED")
        elif STRICTEST_LAST.index(edition.tlp) < STRICTEST_LAST.index(loosest):
            yield Finding("TLP", where, f"{edition.tlp} is looser than reports labelled {label} allow")
    caveats = {caveat for drawn in reports for caveat in drawn.caveats}
    if Caveat.COUNSEL_ONLY in caveats:
        yield Finding("CAVEAT", where, "a report is for counsel alone")
    if max((drawn.embargo_until for drawn in reports), default=0) > draft.embargo_until:
        yield Finding("CAVEAT", where, "a report's embargo lasts longer than the draft's")
    if edition.audience is Audience.LIAISONS:
        if caveats & {Caveat.NO_GOV, Caveat.NO_FOREIGN_GOV}:
            yield Finding("CAVEAT", where, "a report may not be used for governments")
        if any(drawn.consent is GovRelease.NONE for drawn in reports):
            yield Finding("CONSENT", where, "a contributor releases nothing to governments")
