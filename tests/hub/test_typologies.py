"""Typologies: each fires in its story, and stays silent where the brief says it must."""

from itertools import pairwise
from statistics import median
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.codes import SentOutcome, items
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.index import Card, Typology
from cairn_protocol.messages.parties import Sector
from cairn_protocol.messages.report import Confidence
from cairn_protocol.tags import Tag
from hub.cards.insight import Told, insight_into
from hub.linkage.events import Seen
from hub.typologies.asking import Asking, Hit, monday_of
from hub.typologies.complementary_items import complementary_items
from hub.typologies.identity_churn import identity_churn
from hub.typologies.registry import hits
from hub.typologies.shopping_around import after_decline, shopping_around
from hub.typologies.velocity import velocity

DECLINED, HELD = SentOutcome.DECLINED, SentOutcome.HELD


def tag(kind: Kind, value: str) -> tuple[Kind, Tag]:
    return kind, Tag(f"{kind}:{value}".encode())


def asked(
    group: str,
    week: str,
    item: str = "2B230",
    outcome: SentOutcome | None = None,
    name: str = "a name",
    phone: str | None = "0199",
    event: int | None = None,
) -> Asking:
    listed = items().by_number[item]
    tags = [tag(Kind.NAME, name)] + ([tag(Kind.PHONE, phone)] if phone else [])
    return Asking(
        group,
        event if event is not None else hash((group, week, item, name)),
        monday_of(week),
        listed.family,
        frozenset(listed.programme_tags),
        outcome,
        tuple(tags),
    )


S1 = [
    asked("alder", "2026-W10", "2B230", DECLINED, "orkide teknik dis ticaret"),
    asked("birch", "2026-W12", "2A226", DECLINED, "okt makina"),
    asked("cedar", "2026-W14", "2B231", HELD, "orkide teknik dis ticaret", phone=None),
]
S2 = [
    *S1,
    asked("cedar", "2026-W20", "1C210", name="orkide teknik dis ticaret"),
    asked("dogwood", "2026-W22", "2B219", name="orkide teknik dis ticaret"),
    asked("elm", "2026-W24", "3A225", name="orkide teknik dis ticaret"),
]


def test_s1_is_shopping_around_after_a_decline_and_neither_complementary_nor_churn() -> None:
    found = {hit.code: hit for hit in hits(S1)}

    assert found.keys() == {"T1"}
    assert found["T1"].groups == 3
    assert found["T1"].facts == {"after_decline": True, "median_gap_weeks": 2, "span_weeks": 4}


def test_s2_is_complementary_items_over_five_groups() -> None:
    hit = complementary_items(S2)

    assert hit == Hit("T2", 5, {"programmes": ("enrichment",), "families": ("FAM-ENR", "FAM-FIB", "FAM-VAC")})


def test_what_one_group_saw_by_itself_is_no_news() -> None:
    """T2 fires on what no single group saw."""
    whole = [asked("alder", "2026-W30", item) for item in ("2B230", "1C210", "2B219")]

    assert complementary_items([*S2, *whole]) is None
    assert complementary_items(S2[:4]) is None, "two families"
    two = [asked(group, "2026-W10", item) for group, item in
           (("a", "2B230"), ("b", "1C210"), ("a", "2B219"))]  # fmt: skip
    assert complementary_items(two) is None, "two groups"


def test_s3_one_event_and_its_affiliate_are_one_group_and_no_pattern() -> None:
    shipment = [
        asked("fir", "2026-W20", event=1),
        asked("fir", "2026-W20", event=1),
        asked("fir", "2026-W21", event=2),
    ]

    assert hits(shipment) == []


def test_s4_two_names_on_one_switchboard_are_no_churn() -> None:
    four = [
        asked(group, "2026-W10", name="al noor" if at < 2 else "sapphire")
        for at, group in enumerate(("alder", "birch", "elm", "cedar"))
    ]

    assert identity_churn(four) is None


def test_three_names_on_one_phone_are_churn_if_one_is_fresh_and_two_groups_saw_them() -> None:
    three = [asked(group, week, name=name) for group, week, name in
             (("a", "2026-W01", "one"), ("b", "2026-W20", "two"), ("a", "2026-W30", "three"))]  # fmt: skip
    assert identity_churn(three) == Hit("T3", 2, {"names": 3, "contact": ("phone",)})

    settled = [*three, asked("b", "2026-W50", name="three")]
    assert identity_churn(settled) is None, "no name is new"
    late = [*three[:2], asked("a", "2027-W30", name="three")]
    assert identity_churn(late) is None, "more than a year apart"
    alone = [asked("a", "2026-W10", name=name) for name in ("one", "two", "three")]
    assert identity_churn(alone) is None, "one group"


def test_three_spellings_of_one_name_are_one_name() -> None:
    bag = tag(Kind.BAG, "noor trading")
    three = [
        Asking(group, at, monday_of("2026-W10"), "FAM-VAC", frozenset(), None,
               (tag(Kind.NAME, f"spelling {at}"), bag, tag(Kind.PHONE, "1")))
        for at, group in enumerate("abc")
    ]  # fmt: skip

    assert identity_churn(three) is None


def test_four_events_in_two_weeks_are_velocity_and_four_reports_of_one_are_not() -> None:
    busy = [asked(group, week, event=at) for at, (group, week) in
            enumerate((("a", "2026-W52"), ("b", "2026-W53"), ("a", "2026-W53"), ("c", "2026-W52")))]  # fmt: skip
    assert velocity(busy) == Hit("T7", 3, {"events": 4})

    assert velocity([asked("a", "2026-W10", event=1)] * 4) is None
    assert velocity([asked("a", "2026-W10", event=at) for at in range(4)]) is None, "one group"
    spread = [asked("ab"[at % 2], f"2026-W{10 + 2 * at}", event=at) for at in range(6)]
    assert velocity(spread) is None


def test_a_referral_is_never_told_as_a_refusal() -> None:
    """A card that said so would tip off."""
    assert not after_decline([asked("a", "2026-W10", outcome=SentOutcome.REFERRED), asked("b", "2026-W11")])
    assert not after_decline([asked("a", "2026-W10", outcome=DECLINED), asked("b", "2026-W10")])
    assert not after_decline([asked("a", "2026-W10", outcome=DECLINED), asked("a", "2026-W11")])
    assert not after_decline([asked("a", "2026-W10", outcome=DECLINED), asked("b", "2026-W23")])
    assert after_decline([asked("a", "2026-W10", outcome=DECLINED), asked("b", "2026-W22")])


ASKINGS = st.lists(
    st.builds(
        asked,
        st.sampled_from("abcd"),
        st.integers(1, 52).map(lambda week: f"2026-W{week:02}"),
        st.sampled_from(["2B230", "1C210", "2B219", "3A225"]),
        st.sampled_from([None, DECLINED, HELD]),
        st.sampled_from(["one", "two", "three", "four"]),
        st.sampled_from([None, "1", "2"]),
        st.integers(0, 9),
    ),
    max_size=14,
)


@given(ASKINGS)
def test_after_decline_is_what_comparing_every_pair_finds(reports: list[Asking]) -> None:
    pairs = [
        (one, other)
        for one in reports
        for other in reports
        if one.outcome is DECLINED and one.group != other.group and 0 < other.monday - one.monday <= 90
    ]

    assert after_decline(reports) == bool(pairs)


@given(ASKINGS)
def test_no_order_of_reports_changes_what_fires(reports: list[Asking]) -> None:
    facts = [(hit.code, hit.groups) for hit in hits(reports)]

    assert [(hit.code, hit.groups) for hit in hits(reports[::-1])] == facts


@given(ASKINGS)
def test_the_median_gap_is_between_groups_first_weeks(reports: list[Asking]) -> None:
    hit = shopping_around(reports)
    groups = {one.group for one in reports}
    if len(groups) < 2:
        assert hit is None
        return
    firsts = sorted(min(one.monday for one in reports if one.group == group) for group in groups)

    assert hit is not None
    assert hit.facts["median_gap_weeks"] == round(median(b - a for a, b in pairwise(firsts)) / 7)


def test_another_package_adds_a_typology_and_cards_tell_only_ours() -> None:
    def always(reports: object) -> Hit:
        return Hit("X1", 2)

    assert [hit.code for hit in hits(S1, [always])] == ["X1"]


@pytest.mark.parametrize(("decline", "told"), [(DECLINED, True), (HELD, False)])
def test_a_card_tells_the_pattern_and_no_item_programme_or_number(decline: SentOutcome, told: bool) -> None:
    families = {group: frozenset({"ALL"}) for group in "abcde"}
    reports = [
        Told(
            Seen(at, group, Sector.EXPORTER, frozenset()),
            f"2026-W{10 + at}",
            Confidence.STATEMENT,
            items().by_number[item].family,
            (tag(Kind.PHONE, "1"), tag(Kind.NAME, "one")),
            outcome=decline,
            programmes=frozenset(items().by_number[item].programme_tags),
        )
        for at, (group, item) in enumerate(zip("abc", ("2B230", "1C210", "2B219"), strict=True))
    ]
    insight = insight_into(reports, families)
    assert insight is not None
    card: Card = insight.card(UUID(int=1), 1)

    assert card.typologies == (Typology.T1, Typology.T2)
    assert card.after_decline is told
