"""The score: the domain's own vectors, and rules no input can break."""

from dataclasses import fields
from inspect import signature

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.raw.scoring import HALF_LIFE_DAYS, Network, UnknownFlag, score, weights

CODES = sorted(weights())


@pytest.mark.parametrize(
    ("flags", "network", "points", "attention"),
    [
        (["RF-DIG-01", "RF-DIG-02", "RF-ORD-01"], Network(), 3, "A1"),
        (["RF-ENU-01", "RF-LOG-01"], Network(), 6, "A2"),
        (["RF-ENU-01", "RF-ENU-03", "RF-LOG-01", "RF-PRD-06"], Network(), 10, "A3"),
        (["RF-ENU-01", "RF-ENU-03", "RF-LOG-01", "RF-PRD-06"], Network(cleared=1), 8, "A2"),
        (["RF-CUS-07"], Network(), 0, "A0"),
        ([], Network(), 0, "A0"),
        (["RF-ENU-01"], Network(groups=2), 5, "A1"),
        (["RF-ENU-01"], Network(groups=4), 5, "A1"),
        (["RF-ENU-01"], Network(groups=5), 7, "A2"),
        (["RF-ENU-01"], Network(groups=1), 3, "A1"),
        (["RF-ENU-01"], Network(groups=5, typologies=frozenset({"T2", "T3"})), 10, "A3"),
        (["RF-ENU-01"], Network(groups=5, age_days=HALF_LIFE_DAYS), 5, "A1"),
        (["RF-ENU-01"], Network(groups=5, age_days=2 * HALF_LIFE_DAYS), 4, "A1"),
        (["RF-ENU-01", "RF-LOG-01"], Network(cleared=9), 2, "A0"),
    ],
)
def test_the_domains_vectors(flags: list[str], network: Network, points: float, attention: str) -> None:
    result = score(flags, network)

    assert (result.points, result.attention) == (points, attention)


def test_without_a_medium_or_high_flag_nothing_lifts_it_above_a1() -> None:
    low = [code for code, weight in weights().items() if weight == 1]

    result = score(low, Network(groups=9, typologies=frozenset({"T2", "T3"})))

    assert result.points >= 10 and result.attention == "A1"


def test_an_unexpected_name_counts_only_beside_another_category() -> None:
    beside = score(["RF-CUS-07", "RF-ENU-01"]).points - score(["RF-ENU-01"]).points

    assert beside == weights()["RF-CUS-07"]
    assert score(["RF-CUS-01", "RF-CUS-07"]).points == score(["RF-CUS-01"]).points


def test_a_firm_may_weigh_otherwise_but_not_invent_flags() -> None:
    assert score(["RF-ENU-01"], overrides={"RF-ENU-01": 0}).points == 0
    with pytest.raises(UnknownFlag):
        score(["RF-XXX-01"])
    with pytest.raises(UnknownFlag):
        score([], overrides={"RF-XXX-01": 3})


@given(
    st.lists(st.sampled_from(CODES), max_size=12),
    st.builds(
        Network,
        groups=st.integers(0, 40),
        typologies=st.frozensets(st.sampled_from(["T2", "T3"])),
        cleared=st.integers(0, 9),
        age_days=st.floats(0, 2_000),
    ),
)
def test_it_never_turns_negative_and_more_evidence_never_lowers_it(
    flags: list[str], network: Network
) -> None:
    result = score(flags, network)
    more = score(flags, Network(network.groups + 5, network.typologies, network.cleared, network.age_days))

    assert 0 <= result.points <= more.points
    assert score(flags[::-1] * 2, network) == result


def test_nothing_about_a_person_or_a_place_can_be_an_input() -> None:
    """Domain brief 4.2: by type, for there is no parameter that could hold one. Flags are codes of the list."""
    assert list(signature(score).parameters) == ["flags", "network", "overrides"]
    assert {field.name: field.type for field in fields(Network)} == {
        "groups": int,
        "typologies": frozenset[str],
        "cleared": int,
        "age_days": float,
    }
