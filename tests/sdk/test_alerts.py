"""Alerts: only what changed is told, once, and a card that replaced another says nothing new by being another."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from cairn.alerts import Change, Shown, changes
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.index import Card, Evidence, RecallReason, Typology

ONE, OTHER = UUID(int=1), UUID(int=2)


def card(
    groups: str = "2-4", number: int = 1, cleared: int = 0, typologies: tuple[Typology, ...] = (Typology.T1,)
) -> Card:
    return Card(
        card_id=UUID(int=number),
        version=1,
        groups=groups,
        events="2-4",
        evidence=Evidence.E2,
        first="2026-Q2",
        last="2026-Q2",
        families=("FAM-VAC",),
        sectors=("exporter",),
        linked_by=(Kind.PHONE,),
        stages=(),
        typologies=typologies,
        after_decline=False,
        cleared=cleared,
    )


def shown(groups: str = "2-4", cleared: int = 0, patterns: tuple[str, ...] = ("T1",)) -> Shown:
    return Shown(1, groups, cleared, patterns)


def told(
    before: Mapping[UUID, Shown], *cards: Card, gone: Mapping[UUID, RecallReason] | None = None
) -> list[Change]:
    return [alert.change for alert in changes("A-1", before, cards, gone or {})]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, [card()], [Change.GROUPS]),
        ({ONE: shown()}, [card()], []),
        ({ONE: shown()}, [card("5-9")], [Change.GROUPS]),
        ({ONE: shown("5-9")}, [card("2-4")], []),
        ({ONE: shown()}, [card(cleared=1)], [Change.CLEARED]),
        ({ONE: shown(cleared=2)}, [card(cleared=1)], []),
        ({ONE: shown()}, [card(typologies=(Typology.T1, Typology.T3))], [Change.PATTERN]),
        ({}, [card(typologies=(Typology.T1, Typology.T2))], [Change.GROUPS, Change.PATTERN]),
        ({ONE: shown()}, [card(), card(number=2)], [Change.GROUPS]),
    ],
)
def test_what_changed_is_told(before: dict[UUID, Shown], after: list[Card], expected: list[Change]) -> None:
    assert told(before, *after) == expected


def test_a_recall_is_told_with_its_reason_and_the_new_card_beside_it() -> None:
    alerts = changes("A-1", {ONE: shown()}, [card(number=2)], {ONE: RecallReason.WRONG_JOIN})

    assert [alert.change for alert in alerts] == [Change.RECALLED, Change.GROUPS]
    assert "do not belong together" in alerts[0].text


def test_a_card_in_anothers_place_is_compared_with_that_one() -> None:
    superseded = {ONE: RecallReason.SUPERSEDED}

    assert told({ONE: shown()}, card(number=2), gone=superseded) == []
    assert told({ONE: shown()}, card("5-9", number=2), gone=superseded) == [Change.GROUPS]
