"""STIX: deterministic ids, TLP 2.0 marks, no custom types; and the OASIS validator's word on what is served."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace
from stix2validator import ValidationOptions, validate_string

from cairn_protocol.messages.bulletins import Audience, BulletinKind, Draft, RecallReason
from cairn_protocol.messages.report import Tlp
from hub.bulletins.stix import (
    EXTENSION,
    TLP_MARKINGS,
    Naming,
    extension_schema,
    render,
    render_draft,
    revoked,
)
from tests.support.bulletins import FIGURE, draft, edition

NAMING = Naming("cairn.example/log", "https://hub.example/v1/schemas/stix-extension-1.json")
AT = 1_790_000_000


def drafts() -> Iterator[Draft]:
    """One of every kind that liaisons read, and a bare one."""
    for kind in (
        BulletinKind.TYPOLOGY,
        BulletinKind.AGGREGATE,
        BulletinKind.TREND,
        BulletinKind.REFERRAL_OFFER,
    ):
        yield draft(
            edition(
                Audience.LIAISONS,
                families=("FAM-IC",),
                chpl_tiers=("1",),
                programmes=("enrichment",),
                figures=(FIGURE,),
                suppression="Smaller countries are not shown.",
            ),
            kind=kind,
        )
    yield draft(edition(Audience.LIAISONS, red_flags=(), actions=(), corridors=(), wanted=()))


def served(text: Draft, *, recalled: bool = False) -> list[dict[str, Any]]:
    objects = render(NAMING, text, text.editions[0], AT, AT)
    bodies = [one.body for one in objects]
    if recalled:
        bodies = [
            revoked(one.body, RecallReason.LEGAL, AT + 60).body if one.own else one.body for one in objects
        ]
    return [json.loads(body) for body in bodies]


def test_the_same_bulletin_gives_the_same_bytes() -> None:
    for text in drafts():
        assert served(text) == served(text)


def test_a_correction_of_the_same_second_is_the_later_version() -> None:
    """A consumer tells versions by `modified`: one that is equal would never reach it."""
    text = draft(edition(Audience.LIAISONS))
    corrected = replace(text, version=2, correction="The title was unclear.")

    first, second = (
        {one.id: one.modified for one in render(NAMING, told, told.editions[0], AT, AT) if one.own}
        for told in (text, corrected)
    )

    assert first.keys() == second.keys()
    assert all(second[one] > first[one] for one in first)


def test_another_hub_and_another_audience_have_other_ids() -> None:
    text = next(drafts())
    other = Naming("other.example/log", NAMING.schema_url)
    ids = {one.id for one in render(NAMING, text, text.editions[0], AT, AT) if one.own}

    assert not ids & {one.id for one in render(other, text, text.editions[0], AT, AT)}


@pytest.mark.parametrize("label", [label for label in Tlp if label is not Tlp.RED])
def test_every_own_object_bears_the_tlp_mark_with_its_fixed_id(label: Tlp) -> None:
    text = draft(edition(Audience.LIAISONS, tlp=label), kind=BulletinKind.TYPOLOGY)
    shown = served(text)
    (mark,) = [one for one in shown if one["id"] == TLP_MARKINGS[label]]

    (extension,) = mark["extensions"].values()
    assert extension == {"extension_type": "property-extension", "tlp_2_0": label.value.lower()}
    for one in shown:
        if one["type"] in ("report", "indicator", "attack-pattern", "sighting"):
            assert mark["id"] in one["object_marking_refs"]


def test_our_extension_keeps_its_published_schema_and_nothing_has_a_custom_type() -> None:
    schema = json.loads(extension_schema())
    seen = 0
    for text in drafts():
        for one in served(text) + served(text, recalled=True):
            assert not one["type"].startswith("x-")
            assert not {"count", "where_sighted_refs"} & set(one)
            if EXTENSION in one.get("extensions", {}):
                jsonschema.validate(one["extensions"][EXTENSION], schema)
                seen += 1
    assert seen > 20


def test_a_draft_is_a_grouping_of_what_the_report_would_refer_to_under_ids_of_its_own() -> None:
    for text in drafts():
        draft_objects = render_draft(NAMING, text, text.editions[0], AT)["objects"]
        released = served(text)

        (grouping,) = [one for one in draft_objects if one["type"] == "grouping"]
        (report,) = [one for one in released if one["type"] == "report"]
        assert "report" not in {one["type"] for one in draft_objects}
        assert sorted(one["type"] for one in draft_objects if one is not grouping) == sorted(
            one["type"] for one in released if one is not report
        )
        assert (grouping["name"], grouping["description"]) == (report["name"], report["description"])
        assert "draft" in grouping["labels"] and set(grouping["object_refs"]) <= {
            o["id"] for o in draft_objects
        }
        own = ("grouping", "report", "indicator", "sighting", "attack-pattern")
        assert not {o["id"] for o in draft_objects if o["type"] in own} & {o["id"] for o in released}


@pytest.mark.long
def test_the_oasis_validator_finds_nothing_in_a_draft() -> None:
    options = ValidationOptions(version="2.1", strict=True, enforce_refs=True, disabled="245", silent=True)
    for text in drafts():
        found = validate_string(json.dumps(render_draft(NAMING, text, text.editions[0], AT)), options)
        assert found.is_valid, [str(error) for result in found.object_results for error in result.errors]


@pytest.mark.long
@pytest.mark.parametrize("recalled", [False, True])
def test_the_oasis_validator_finds_nothing_in_strict_mode(recalled: bool) -> None:
    """But for 245: our pattern type is our own, which the open vocabulary allows."""
    options = ValidationOptions(version="2.1", strict=True, enforce_refs=True, disabled="245", silent=True)
    for text in drafts():
        objects = served(text, recalled=recalled)
        bundle = {
            "type": "bundle",
            "id": "bundle--8c0f2e52-5d6b-4c8e-9c0a-2f3f6f7b1d94",
            "objects": objects,
        }
        found = validate_string(json.dumps(bundle), options)
        assert found.is_valid, [str(error) for result in found.object_results for error in result.errors]
