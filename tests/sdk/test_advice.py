"""What a firm is told: bands, honest absence, and whether it is one of those counted."""

import html
from pathlib import Path
from uuid import UUID

import pytest

from cairn import Inquiry
from cairn.actions import actions, referrals
from cairn.advice import Advice, Circumstances, IndexAge, Sighting, Status, advise, queued
from cairn.cli.outcome import Exit, of_batch
from cairn.home import HomeError
from cairn_protocol.codes import Stage
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.index import Card, Evidence, Typology

INDEX = IndexAge(3, 60)
JUNE_2026 = 1_782_000_000  # in the last quarter of `card`


def card(
    groups: str = "2-4",
    number: int = 1,
    evidence: Evidence = Evidence.E2,
    typologies: tuple[Typology, ...] = (),
    cleared: int = 0,
) -> Card:
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
        stages=(Stage.INQUIRY,),
        typologies=typologies,
        after_decline=False,
        cleared=cleared,
    )


def inquiry(*flags: str) -> Inquiry:
    return Inquiry(inquiry_id="A-1", party={"name": "Orkide"}, item={"eccn": "2B230"}, red_flags=flags)


def advice_on(
    *sightings: Sighting,
    flags: tuple[str, ...] = (),
    index: IndexAge | None = INDEX,
    too_old: bool = False,
    nobody: bool = False,
    covered: int | None = 9,
    now: float = JUNE_2026,
) -> Advice:
    about = Circumstances(index, too_old, covered, {}, now)
    return advise(inquiry(*flags), sightings, about, names_nobody=nobody)


def told(
    *sightings: Sighting, index: IndexAge | None = INDEX, too_old: bool = False, nobody: bool = False
) -> str:
    return " ".join(advice_on(*sightings, index=index, too_old=too_old, nobody=nobody).reasons)


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

    advice = advice_on(*sightings)

    assert (advice.status, advice.groups) == (Status.SEEN, "10+")
    assert sum("independent groups" in reason for reason in advice.reasons) == 2


def test_what_linked_the_reports_is_named_not_all_the_inquiry_holds() -> None:
    text = told(Sighting(card(), (Kind.NAME, Kind.PHONE), False))

    assert "phone number" in text and "name" not in text.replace("names", "")


def test_your_own_group_is_said_to_be_one_of_them() -> None:
    assert "Your own group is one of them" in told(Sighting(card(), (Kind.PHONE,), True))
    assert "Your own group" not in told(Sighting(card(), (Kind.PHONE,), False))


def test_the_json_has_the_surfaces_fields() -> None:
    advice = advice_on().as_json()

    assert list(advice)[:7] == [
        "inquiry_id", "status", "groups", "evidence", "attention", "reasons", "index",
    ]  # fmt: skip
    assert advice["attention"] == "A0" and advice["index"] == {"number": 3, "age_seconds": 60}


def test_flags_and_network_make_the_attention_and_each_point_has_a_reason() -> None:
    """Domain brief 4.2: 3 + 3 for the flags, 2 for two to four groups."""
    seen = Sighting(card(), (Kind.PHONE,), False)

    advice = advice_on(seen, flags=("RF-ENU-01", "RF-LOG-01"))

    assert (advice.points, advice.attention) == (8, "A2")
    assert "two to four groups: +2" in advice.reasons


def test_the_networks_part_halves_with_age_of_the_cards_last_quarter() -> None:
    """2026-Q2 ended about 360 days before: two halvings leave 4 * 1/4."""
    seen = Sighting(card("5-9"), (Kind.PHONE,), False)
    after = 1_782_864_000 + 360 * 24 * 3600  # 2026-07-01 and 360 days

    assert advice_on(seen, flags=("RF-ENU-01",), now=after).points == 4
    assert advice_on(seen, flags=("RF-ENU-01",), now=JUNE_2026).points == 7


def test_patterns_raise_and_clearances_lower_the_attention() -> None:
    patterns = Sighting(card(typologies=(Typology.T1, Typology.T2, Typology.T3)), (Kind.PHONE,), False)
    cleared = Sighting(card(cleared=1), (Kind.PHONE,), False)

    assert advice_on(patterns, flags=("RF-ENU-01",)).points == 3 + 2 + 2 + 1
    assert advice_on(cleared, flags=("RF-ENU-01",)).points == 3 + 2 - 2
    assert "complementary" in advice_on(patterns).text()


def test_a_band_counts_for_the_least_it_can_mean() -> None:
    five = advice_on(Sighting(card("5-9"), (Kind.PHONE,), False)).points
    ten = advice_on(Sighting(card("10+"), (Kind.PHONE,), False)).points

    assert (five, ten) == (4, 4)


@pytest.mark.parametrize(
    ("covered", "said"),
    [(None, "not known yet"), (4, "Too few firms could have seen this"), (5, "outside this network")],
)
def test_what_could_not_be_seen_is_said(covered: int | None, said: str) -> None:
    assert said in advice_on(covered=covered).unseen[0]


def test_a_check_that_waits_still_weighs_the_firms_own_flags() -> None:
    about = Circumstances(INDEX, False, None, {}, JUNE_2026)

    advice = queued(inquiry("RF-ENU-01"), "two trustees are down", about)

    assert (advice.status, advice.attention, advice.evidence) == (Status.QUEUED, "A1", None)


def test_every_card_offers_the_same_options_and_never_says_do_not_sell() -> None:
    seen = advice_on(Sighting(card("10+"), (Kind.PHONE,), False), flags=("RF-ENU-01", "RF-LOG-01"))

    assert seen.options == advice_on().options == actions().actions
    assert "PROCEED-WITH-RECORD" in seen.as_json()["options"]  # type: ignore[operator]


def test_terminal_page_and_json_tell_the_same_card() -> None:
    advice = advice_on(Sighting(card(), (Kind.PHONE,), True), flags=("RF-ENU-01",))
    text, page = " ".join(advice.text().split()), html.unescape(advice.html())

    for said in (*advice.reasons, *advice.unseen, *actions().notices):
        assert said in text and said in page
    assert "RF-ENU-01" in text and "You decide alone." in text
    assert advice.flags[0].resolution in text


def test_the_page_runs_and_loads_nothing() -> None:
    hostile = Inquiry(inquiry_id="<script>alert(1)</script>", party={"name": "Orkide"})

    page = advise(hostile, [], Circumstances(INDEX, False, 9, {}, JUNE_2026), names_nobody=False).html()

    assert "<script" not in page and "&lt;script&gt;" in page
    assert "default-src 'none'" in page


def test_a_firm_keeps_referrals_of_its_own(tmp_path: Path) -> None:
    assert referrals(tmp_path).as_of == referrals().as_of
    own = tmp_path / "referrals.json"
    own.write_text('{"version":"1","as_of":"2026-11-01","referrals":[]}')
    assert referrals(tmp_path).as_of == "2026-11-01"
    own.write_text("{")
    with pytest.raises(HomeError):
        referrals(tmp_path)


@pytest.mark.parametrize(
    ("occurred", "code"),
    [([0, 3], 3), ([3, 4], 4), ([4, 6, 3], 6), ([5, 6], 5), ([1, 5, 6], 1), ([0, 0], 0), ([], 0)],
)
def test_a_batch_exits_with_the_first_that_matters(occurred: list[int], code: int) -> None:
    assert of_batch(Exit(one) for one in occurred) is Exit(code)


def test_a_name_that_is_only_alike_is_said_to_be_only_alike() -> None:
    similar = advice_on(Sighting(card(), (Kind.EDIT, Kind.SOUND), ours=False))
    exact = advice_on(Sighting(card(), (Kind.PHONE, Kind.EDIT), ours=False))

    assert (similar.match, exact.match, advice_on().match) == ("similar", "exact", None)
    assert "a name like the one in this inquiry" in similar.reasons[0]
    assert "it may be another party" in similar.reasons[1]
    assert "the phone number in this inquiry" in exact.reasons[0]
    assert not any("another party" in reason for reason in exact.reasons)
    assert similar.as_json()["match"] == "similar"
