"""What a firm is told: bands, honest absence, and whether it is one of those counted."""

from uuid import UUID

import pytest

from cairn.advice import IndexAge, Sighting, Status, advise
from cairn.cli.outcome import Exit, of_batch
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.index import Card, Evidence

INDEX = IndexAge(3, 60)


def card(groups: str = "2-4", number: int = 1, evidence: Evidence = Evidence.E2) -> Card:
    return Card(
        card_id=UUID(int=number),
        version=1,
        groups=groups,
        events=groups,
        evidence=evidence,
        first="2026-Q1",
        last="2026-Q2",
        families=("FAM-VAC",),
        sectors=("exporter",),
        linked_by=(Kind.PHONE,),
    )


def told(
    *sightings: Sighting, index: IndexAge | None = INDEX, too_old: bool = False, nobody: bool = False
) -> str:
    advice = advise("A-1", sightings, index, too_old=too_old, names_nobody=nobody)
    return " ".join(advice.reasons)


def test_absence_is_not_a_clearance() -> None:
    assert "not a clearance" in told()


def test_an_inquiry_without_a_value_is_told_to_add_one() -> None:
    assert "nothing in this inquiry to look up" in told(nobody=True)


def test_a_missing_and_an_old_index_are_said() -> None:
    assert "not synced" in told(index=None)
    assert "too old" in told(too_old=True)


def test_the_strongest_card_speaks_for_all() -> None:
    sightings = [
        Sighting(card("2-4", 1), (Kind.NAME,), False),
        Sighting(card("10+", 2), (Kind.PHONE,), False),
    ]

    advice = advise("A-1", sightings, INDEX, too_old=False, names_nobody=False)

    assert (advice.status, advice.groups) == (Status.SEEN, "10+")
    assert len(advice.reasons) == 2


def test_what_linked_the_reports_is_named_not_all_the_inquiry_holds() -> None:
    text = told(Sighting(card(), (Kind.NAME, Kind.PHONE), False))

    assert "phone number" in text and "name" not in text.replace("names", "")


def test_your_own_group_is_said_to_be_one_of_them() -> None:
    assert "Your own group is one of them" in told(Sighting(card(), (Kind.PHONE,), True))
    assert "Your own group" not in told(Sighting(card(), (Kind.PHONE,), False))


def test_the_json_has_the_surfaces_fields() -> None:
    advice = advise("A-1", [], INDEX, too_old=False, names_nobody=False).as_json()

    assert list(advice) == ["inquiry_id", "status", "groups", "evidence", "attention", "reasons", "index"]
    assert advice["attention"] is None and advice["index"] == {"number": 3, "age_seconds": 60}


@pytest.mark.parametrize(
    ("occurred", "code"),
    [([0, 3], 3), ([3, 4], 4), ([4, 6, 3], 6), ([5, 6], 5), ([1, 5, 6], 1), ([0, 0], 0), ([], 0)],
)
def test_a_batch_exits_with_the_first_that_matters(occurred: list[int], code: int) -> None:
    assert of_batch(Exit(one) for one in occurred) is Exit(code)
