"""A bulletin's edition as STIX 2.1 objects, by the `stix2` library.

    report          the bulletin                     indicator      its combination of red flags
    attack-pattern  a typology                       sighting       a released figure: bands, never a count
    identity        the hub; members as one class    location, course-of-action, marking-definition
    grouping        a draft, for analysts alone: under ids of its own, so that none is taken for what was released
    extension-definition  ours, a property extension with what export control needs; no custom types

Ids follow from what an object is about, so a correction or a recall meets the object it is
about at every consumer. A recalled object is revoked, and for consumers that ignore `revoked` it says
so in its name, matches nothing and is no longer valid.
Source: STIX 2.1 (OASIS), TLP 2.0 markings by the OASIS extension; domain brief 5.3.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final
from uuid import UUID

import stix2.v21 as stix

from cairn_protocol.codes.lists import red_flags
from cairn_protocol.messages.bulletins import (
    Action,
    Assurance,
    BulletinKind,
    Draft,
    Edition,
    Figure,
    RecallReason,
)
from cairn_protocol.messages.report import Tlp

EXTENSION: Final = "extension-definition--8c0f2e52-5d6b-4c8e-9c0a-2f3f6f7b1d94"
_AUTHOR: Final = "identity--3f0c9b1e-6a44-4a39-8a43-0f9a1c1d7e55"
_NAMESPACE: Final = "cairn/v1/stix"
_SHARED_SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
_SCHEMA: Final = "extension.schema.json"

_TLP_EXTENSION: Final = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_TLP_SINCE: Final = datetime(2022, 10, 1, tzinfo=UTC)
TLP_MARKINGS: Final[Mapping[Tlp, str]] = {
    Tlp.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Tlp.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    Tlp.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_REPORT_TYPES: Final = {
    BulletinKind.TYPOLOGY: "attack-pattern",
    BulletinKind.TREND: "observed-data",
    BulletinKind.AGGREGATE: "observed-data",
}
_CONFIDENCE: Final = {Assurance.LOW: 15, Assurance.MEDIUM: 50, Assurance.HIGH: 85}
_ADVICE: Final = {
    Action.HOLD_ASK: "Hold, and send an end-use questionnaire",
    Action.EUS: "Ask for an end-user statement",
    Action.SCREEN: "Screen against lists, ownership included",
    Action.VISIT_CALL: "Visit, or call a number found independently",
    Action.CLASSIFY: "Classify the item",
    Action.LICENCE: "Apply for a licence or an advisory opinion",
    Action.REFER: "Refer it to the authority of your choice",
    Action.PROCEED_WITH_RECORD: "Proceed, and keep a record of why",
    Action.DECLINE_OWN_DECISION: "Decline, as your own decision",
}
_ALONE: Final = "Each reader decides alone. The hub does not recommend whether to deal with any party."
# UN M49 sub-regions as STIX's vocabulary of regions has them.
_REGIONS: Final = {
    "002": "africa", "014": "eastern-africa", "017": "middle-africa", "015": "northern-africa",
    "018": "southern-africa", "011": "western-africa", "019": "americas", "029": "caribbean",
    "013": "central-america", "419": "latin-america-caribbean", "021": "northern-america", "005": "south-america",
    "142": "asia", "143": "central-asia", "030": "eastern-asia", "034": "southern-asia", "035": "south-eastern-asia",
    "145": "western-asia", "150": "europe", "151": "eastern-europe", "154": "northern-europe",
    "039": "southern-europe", "155": "western-europe", "009": "oceania", "053": "australia-new-zealand",
    "054": "melanesia", "057": "micronesia", "061": "polynesia",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rendered:
    """An object as it is served.

    own  the bulletin's own, revoked with it; others are shared between bulletins
    """

    id: str
    type: str
    modified: datetime
    own: bool
    body: str


@dataclass(frozen=True, slots=True)
class Naming:
    """Whose objects they are: ids differ from hub to hub.

    origin      the log's origin
    schema_url  where the extension's schema is published
    """

    origin: str
    schema_url: str

    def id(self, kind: str, *about: str) -> str:
        """The id of the object of that type that is about this.

        In the layout of a UUIDv4, which STIX asks for; its bits are a hash's, so the same thing has the same id.
        """
        bits = sha256("\0".join((_NAMESPACE, self.origin, kind, *about)).encode()).digest()[:16]
        return f"{kind}--{UUID(bytes=bits, version=4)}"


def render(naming: Naming, draft: Draft, edition: Edition, created: int, modified: int) -> list[Rendered]:
    """The objects of an edition that was released.

    created   when version 1 was released, in seconds; modified: when this version was

    A correction of the same second is a millisecond younger: a consumer tells versions by this time.
    """
    about = (str(draft.bulletin), edition.audience.value)
    when = _Times(_at(created), _at(modified) + timedelta(milliseconds=draft.version - 1))
    return _objects(naming, draft, edition, about, when, _report)


def render_draft(naming: Naming, draft: Draft, edition: Edition, now: int) -> dict[str, Any]:
    """A bundle of the objects that an edition would be, around a grouping. Nobody but analysts gets it."""
    about = (str(draft.bulletin), edition.audience.value, "draft", str(draft.version))
    begun = _at(min(draft.valid_from, now))
    found = _objects(naming, draft, edition, about, _Times(begun, _at(now)), _grouping)
    return {
        "type": "bundle",
        "id": naming.id("bundle", *about),
        "objects": [json.loads(one.body) for one in found],
    }


def _objects(
    naming: Naming,
    draft: Draft,
    edition: Edition,
    about: tuple[str, ...],
    when: "_Times",
    around: Callable[..., Any],
) -> list[Rendered]:
    hub, members, marks = _hub(naming), _class(naming), _markings(naming, edition)
    common: dict[str, Any] = {
        "created": when.created,
        "modified": when.modified,
        "created_by_ref": hub.id,
        "object_marking_refs": [mark.id for mark in marks],
    }
    own: list[Any] = []
    shared: list[Any] = [_extension_author(), _extension(naming), hub, members, *marks]
    places = [_location(naming, place) for place in _places(edition)]
    advice = [_advice(naming, action) for action in edition.actions]
    shared += [*places, *advice]
    if draft.kind is BulletinKind.TYPOLOGY:
        own.append(_attack_pattern(naming, edition, about, common))
    if edition.red_flags:
        indicator = _indicator(naming, draft, edition, about, common)
        own.append(indicator)
        own += [_sighting(naming, indicator.id, figure, about, common) for figure in edition.figures]
    referenced = [*own, members, *places, *advice]
    own.append(around(naming, draft, edition, about, common, when, [one.id for one in referenced]))
    return [_rendered(one, own=False) for one in shared] + [_rendered(one, own=True) for one in own]


def revoked(body: str, reason: RecallReason | None, at: int) -> Rendered:
    """An object's last version, revoked.

    reason  of the recall; None if a correction only left the object out
    """
    what = json.loads(body)
    when = max(_at(at), _parsed(what["modified"]) + timedelta(milliseconds=1))
    told = f"RECALLED ({reason})" if reason else "WITHDRAWN by a correction"
    kept = {
        name: what[name]
        for name in (
            "type", "spec_version", "id", "created", "created_by_ref", "object_marking_refs", "published",
            "report_types", "object_refs", "pattern_type", "valid_from", "sighting_of_ref", "summary",
        )
        if name in what
    }  # fmt: skip
    kept |= {"revoked": True, "modified": _text(when), "labels": ["recalled"]}
    if what["type"] != "sighting":
        kept["name"] = told
    if what["type"] == "indicator":
        kept["description"] = told
        kept["pattern"] = "RECALLED"
        kept["valid_until"] = _text(max(when, _parsed(what["valid_from"]) + timedelta(milliseconds=1)))
    if "extensions" in what:
        kept["extensions"] = {EXTENSION: {"extension_type": "property-extension", "recalled": told}}
    return _rendered(stix2_parse(kept), own=True)


def stix2_parse(what: Mapping[str, Any]) -> Any:
    """The object, if it is STIX 2.1 with nothing invented. Raises stix2.exceptions.STIXError, ValueError."""
    import stix2

    return stix2.parse(dict(what), allow_custom=False, version="2.1")


def extension_schema() -> bytes:
    """The JSON schema of our property extension, as published."""
    return files(__package__).joinpath(_SCHEMA).read_bytes()


@dataclass(frozen=True, slots=True)
class _Times:
    created: datetime
    modified: datetime


def _hub(naming: Naming) -> Any:
    return stix.Identity(
        id=naming.id("identity", "hub"),
        created=_SHARED_SINCE,
        modified=_SHARED_SINCE,
        name=f"Cairn hub {naming.origin}",
        identity_class="organization",
        description="A neutral hub for export-control compliance. It names no member and no suspect.",
    )


def _class(naming: Naming) -> Any:
    return stix.Identity(
        id=naming.id("identity", "members"),
        created=_SHARED_SINCE,
        modified=_SHARED_SINCE,
        name="Contributing members",
        identity_class="class",
        description="The firms behind a bulletin, as one: which they are is never told.",
    )


def _extension_author() -> Any:
    return stix.Identity(
        id=_AUTHOR,
        created=_SHARED_SINCE,
        modified=_SHARED_SINCE,
        name="Cairn",
        identity_class="organization",
    )


def _extension(naming: Naming) -> Any:
    return stix.ExtensionDefinition(
        id=EXTENSION,
        created=_SHARED_SINCE,
        modified=_SHARED_SINCE,
        created_by_ref=_AUTHOR,
        name="Export-control bulletin",
        description="Families, corridors, red flags and bands of a sanitised bulletin.",
        schema=naming.schema_url,
        version="1.0.0",
        extension_types=["property-extension"],
    )


def _markings(naming: Naming, edition: Edition) -> list[Any]:
    tlp = stix.MarkingDefinition(
        id=TLP_MARKINGS[edition.tlp],
        created=_TLP_SINCE,
        name=f"TLP:{edition.tlp}",
        extensions={
            _TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": edition.tlp.value.lower()}
        },
    )
    statement = stix.MarkingDefinition(
        id=naming.id("marking-definition", edition.handling),
        created=_SHARED_SINCE,
        definition_type="statement",
        definition=stix.StatementMarking(statement=edition.handling),
    )
    return [tlp, statement]


def _places(edition: Edition) -> list[str]:
    named = (
        place
        for corridor in edition.corridors
        for place in (corridor.origin, corridor.via, corridor.destination)
    )
    return sorted({place for place in named if place is not None})


def _location(naming: Naming, place: str) -> Any:
    where = {"region": _REGIONS.get(place, "world")} if place.isdigit() else {"country": place}
    return stix.Location(
        id=naming.id("location", place), created=_SHARED_SINCE, modified=_SHARED_SINCE, name=place, **where
    )


def _advice(naming: Naming, action: Action) -> Any:
    return stix.CourseOfAction(
        id=naming.id("course-of-action", action.value),
        created=_SHARED_SINCE,
        modified=_SHARED_SINCE,
        name=action.value,
        description=f"{_ADVICE[action]}. {_ALONE}",
    )


def _attack_pattern(naming: Naming, edition: Edition, about: Iterable[str], common: Mapping[str, Any]) -> Any:
    listed = red_flags()
    references = [
        {
            "source_name": "cairn-red-flags",
            "external_id": code,
            "description": listed.by_code[code].title,
        }
        for code in edition.red_flags
    ]
    more = {"external_references": references} if references else {}
    return stix.AttackPattern(
        id=naming.id("attack-pattern", *about),
        name=edition.title,
        description=edition.observed,
        confidence=_CONFIDENCE[edition.confidence],
        **common,
        **more,
    )


def _indicator(
    naming: Naming, draft: Draft, edition: Edition, about: Iterable[str], common: Mapping[str, Any]
) -> Any:
    return stix.Indicator(
        id=naming.id("indicator", *about),
        name=f"Red flags seen together: {edition.title}",
        description="Observed in reports; unverified. " + " ".join(edition.alternatives),
        indicator_types=["anomalous-activity"],
        pattern_type="cairn-red-flags",
        pattern_version="1.0",
        pattern=" AND ".join(edition.red_flags),
        valid_from=_at(draft.valid_from),
        valid_until=_at(draft.valid_until),
        confidence=_CONFIDENCE[edition.confidence],
        extensions={EXTENSION: _facts(edition)},
        **common,
    )


def _sighting(
    naming: Naming, indicator: str, figure: Figure, about: Iterable[str], common: Mapping[str, Any]
) -> Any:
    # An exact count, and who saw it where, are never filled in.
    return stix.Sighting(
        id=naming.id("sighting", *about, figure.cell),
        sighting_of_ref=indicator,
        summary=True,
        extensions={EXTENSION: {"extension_type": "property-extension", **_bands(figure)}},
        **common,
    )


def _report(
    naming: Naming,
    draft: Draft,
    edition: Edition,
    about: Iterable[str],
    common: Mapping[str, Any],
    when: _Times,
    refs: list[str],
) -> Any:
    return stix.Report(
        id=naming.id("report", *about),
        name=edition.title,
        description=_description(draft, edition),
        report_types=[_REPORT_TYPES.get(draft.kind, "threat-report")],
        published=when.created,
        object_refs=refs,
        labels=[draft.kind.value.lower()],
        confidence=_CONFIDENCE[edition.confidence],
        lang="en",
        extensions={EXTENSION: _facts(edition) | {"kind": draft.kind.value, "version": draft.version}},
        **common,
    )


def _grouping(
    naming: Naming,
    draft: Draft,
    edition: Edition,
    about: Iterable[str],
    common: Mapping[str, Any],
    _: "_Times",
    refs: list[str],
) -> Any:
    return stix.Grouping(
        id=naming.id("grouping", *about),
        name=edition.title,
        description=_description(draft, edition),
        context="suspicious-activity" if draft.kind is BulletinKind.TYPOLOGY else "unspecified",
        object_refs=refs,
        labels=["draft", draft.kind.value.lower()],
        confidence=_CONFIDENCE[edition.confidence],
        lang="en",
        extensions={EXTENSION: _facts(edition) | {"kind": draft.kind.value, "version": draft.version}},
        **common,
    )


def _description(draft: Draft, edition: Edition) -> str:
    paragraphs = [edition.bottom_line, edition.observed]
    paragraphs += [f"Not shown: {edition.suppression}"] if edition.suppression else []
    paragraphs += [f"Could also be explained by: {text}" for text in edition.alternatives]
    paragraphs += [f"Confidence {edition.confidence}: {edition.basis}"]
    paragraphs += [f"We would like to know: {text}" for text in edition.wanted]
    paragraphs += [f"Correction: {draft.correction}"] if draft.correction else []
    return "\n\n".join(paragraphs)


def _facts(edition: Edition) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "families": list(edition.families),
        "chpl_tiers": list(edition.chpl_tiers),
        "programmes": list(edition.programmes),
        "corridors": [
            {
                name: place
                for name, place in (
                    ("origin", corridor.origin),
                    ("via", corridor.via),
                    ("destination", corridor.destination),
                )
                if place
            }
            for corridor in edition.corridors
        ],
        "flags": list(edition.red_flags),
        "figures": [_bands(figure) for figure in edition.figures],
        "suppression": edition.suppression,
        "basis": edition.basis,
    }
    return {"extension_type": "property-extension"} | {name: fact for name, fact in facts.items() if fact}


def _bands(figure: Figure) -> dict[str, str]:
    return {
        "release": figure.release,
        "release_digest": figure.digest.hex(),
        "cell": figure.cell,
        "count_band": figure.count,
        "groups_band": figure.groups,
    }


def _rendered(what: Any, *, own: bool) -> Rendered:
    body = json.loads(what.serialize())
    modified = _parsed(body.get("modified", body["created"]))
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Rendered(body["id"], body["type"], modified, own, text)


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _text(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


def _parsed(text: str) -> datetime:
    return datetime.fromisoformat(text)
