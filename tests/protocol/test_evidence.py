"""The rule for an opening agrees with a slow version of twenty lines, on any groups, sectors, values and events."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn_protocol.codes.evidence import SENTENCES, Code
from cairn_protocol.errors import BadMessage
from cairn_protocol.evidence import report_name, taken_back_by, week_objection
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.parties import Sector
from cairn_protocol.sightings import Sighting, choose, objection
from cairn_protocol.tags import Tag
from tests.support.openings import PHONE, Ledger
from tests.support.reports import NOW, tag_of_value

CONTACTS = [Tag(bytes([at]) * 32) for at in range(3)]
BILLS = [Tag(bytes([100 + at]) * 32) for at in range(4)]

ids = st.uuids()
sightings = st.builds(
    Sighting,
    member=st.sampled_from(["m00", "m01", "m02", "m03"]),
    report_id=ids,
    group=st.sampled_from("abcde"),
    sector=st.sampled_from(Sector),
    lockable=st.frozensets(st.sampled_from(CONTACTS), max_size=2),
    transactions=st.frozensets(st.sampled_from(BILLS), max_size=2),
)
quarantines = st.frozensets(st.sampled_from(CONTACTS), max_size=1)


def slow_rule(target: Sighting, beside: Sequence[Sighting], quarantined: frozenset[Tag]) -> bool:
    """design 4.4: other groups, each sharing a tag with this report, one sector, events of their own."""
    for one in beside:
        if one.group == target.group:
            return False
        if not any(tag in target.lockable and tag not in quarantined for tag in one.lockable):
            return False
    for one, other in combinations([target, *beside], 2):
        if any(bill in other.transactions for bill in one.transactions):
            return False
    apart = {one.group for one in beside}
    sectors = {one.sector for one in beside}
    return len(apart) == len(beside) and len(sectors) <= 1


def slow_most(target: Sighting, candidates: Sequence[Sighting], k: int, quarantined: frozenset[Tag]) -> int:
    """How many of the candidates, up to k - 1, can bear the target out together."""
    sizes = range(min(k - 1, len(candidates)), -1, -1)
    return next(
        size
        for size in sizes
        if any(slow_rule(target, some, quarantined) for some in combinations(candidates, size))
    )


@given(target=sightings, beside=st.lists(sightings, max_size=4), quarantined=quarantines)
@settings(max_examples=200)
def test_a_list_that_is_given_is_judged_as_the_slow_rule_does(
    target: Sighting, beside: list[Sighting], quarantined: frozenset[Tag]
) -> None:
    all_add = all(objection(one, target, beside[:at], quarantined) is None for at, one in enumerate(beside))
    assert all_add == slow_rule(target, beside, quarantined)


@given(
    target=sightings,
    candidates=st.lists(sightings, max_size=9),
    k=st.integers(2, 5),
    quarantined=quarantines,
)
@settings(max_examples=200)
def test_what_is_chosen_is_as_much_as_there_is_and_will_be_accepted(
    target: Sighting, candidates: list[Sighting], k: int, quarantined: frozenset[Tag]
) -> None:
    chosen = choose(target, candidates, k, quarantined)
    assert len(chosen) == slow_most(target, candidates, k, quarantined)
    assert slow_rule(target, chosen, quarantined)
    assert all(one in candidates for one in chosen)


@given(
    firms=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from(Sector)), min_size=3, max_size=5, unique=True
    ),
    drawn=st.data(),
)
@settings(max_examples=25)
def test_the_verdict_on_real_headers_is_the_slow_rules(
    firms: list[tuple[str, Sector]], drawn: st.DataObject
) -> None:
    """With signatures, claims, proofs and roster: whatever is chosen opens, and what the slow rule refuses does not."""
    ledger = Ledger()
    contacts = [PHONE, (Kind.EMAIL, "satis@okt.example"), (Kind.DOMAIN, "okt.example")]
    bills = [(Kind.TRANSACTION, f"BILL-{at}") for at in range(3)]
    filed, seen = [], []
    for at, (group, sector) in enumerate(firms):
        firm = ledger.enrol(f"m{at:02d}", group=f"g-{group}", sector=sector)
        for _ in range(drawn.draw(st.integers(1, 2))):
            told = drawn.draw(st.lists(st.sampled_from(contacts), min_size=1, max_size=2, unique=True))
            told += drawn.draw(st.lists(st.sampled_from(bills), max_size=1))
            one = ledger.file(firm, *told)
            filed.append(one)
            by_kind = {
                lockable: frozenset(
                    tag_of_value(*key) for key in told if (key[0] is Kind.TRANSACTION) != lockable
                )
                for lockable in (True, False)
            }
            header = one.signed.header
            seen.append(
                Sighting(firm.id, header.report_id, firm.group, sector, by_kind[True], by_kind[False])
            )
    k = drawn.draw(st.integers(2, 3))
    quarantined = frozenset(drawn.draw(st.lists(st.sampled_from([tag_of_value(*PHONE)]), max_size=1)))
    by_id = {one.report_id: report for one, report in zip(seen, filed, strict=True)}
    target = seen[0]
    for some in combinations(seen[1:], k - 1):
        beside = [by_id[one.report_id] for one in some]
        verdict = ledger.judge(by_id[target.report_id], *beside, k=k, quarantined=list(quarantined))
        assert verdict.ok == slow_rule(target, some, quarantined)
    chosen = choose(target, seen[1:], k, quarantined)
    assert len(chosen) == slow_most(target, seen[1:], k, quarantined)


def sighting(group: str, *transactions: Tag, sector: Sector = Sector.EXPORTER) -> Sighting:
    return Sighting(
        f"m-{group}", UUID(int=1), group, sector, frozenset(CONTACTS[:1]), frozenset(transactions)
    )


def test_greed_does_not_miss_the_list_that_fits() -> None:
    """Whoever takes the first report of each group first ends with one: B's bill is in both others' events."""
    first, second, third = BILLS[:3]
    candidates = [
        sighting("b", first, second),
        sighting("c", first),
        sighting("d", second),
        sighting("b", third),
    ]
    chosen = choose(sighting("a"), candidates, k=4)
    assert {one.group for one in chosen} == {"b", "c", "d"}


def test_the_sector_with_enough_groups_is_found_behind_one_with_too_few() -> None:
    candidates = [sighting("b", sector=Sector.INSURER), sighting("c"), sighting("d")]
    assert choose(sighting("a"), candidates, k=3) == candidates[1:]


def test_a_search_that_someone_made_hard_ends() -> None:
    """Hundreds of groups in overlapping events: what is found may be less than there is, and comes soon."""
    bills = [Tag(bytes([at]) * 32) for at in range(9)]
    pairs = [(at % 9, (at % 9 + 1 + at % 8) % 9) for at in range(500)]
    crowd = [sighting(f"{at}", bills[one], bills[other]) for at, (one, other) in enumerate(pairs)]
    chosen = choose(sighting("a"), crowd, k=9)
    assert 3 <= len(chosen) <= 4 and slow_rule(sighting("a"), chosen, frozenset())


DAYS = st.integers(0, 900)


@given(filed=DAYS, asked=DAYS, week=st.integers(-120, 120))
def test_weeks_count_within_a_year_of_the_request_and_of_the_log(filed: int, asked: int, week: int) -> None:
    """By hand, in whole days: Mondays against the day of the request and the Monday of the first cosigning."""
    begin = date(2026, 9, 28)
    seen = datetime(2026, 9, 28, 9, tzinfo=UTC) + timedelta(days=filed)
    requested = datetime(2026, 9, 28, 9, tzinfo=UTC) + timedelta(days=asked)
    monday = begin + timedelta(weeks=week)
    year, number, _ = monday.isocalendar()
    verdict = week_objection(f"{year}-W{number:02d}", int(seen.timestamp()), int(requested.timestamp()))
    weeks_before_the_log = filed // 7 - week
    counts = 0 <= weeks_before_the_log <= 52 and asked - 7 * week <= 365
    assert (verdict is None) == counts


def test_a_week_counts_from_its_first_hour_anywhere_on_earth() -> None:
    """Monday begins in Kiribati 14 hours before it does in Greenwich."""
    monday = int(datetime(2026, 10, 5, tzinfo=UTC).timestamp())
    assert week_objection("2026-W41", monday - 14 * 3_600, NOW) is None
    assert week_objection("2026-W41", monday - 14 * 3_600 - 1, NOW) is Code.POSTDATED


def test_a_week_that_its_year_does_not_have_is_malformed() -> None:
    assert week_objection("2027-W53", NOW, NOW) is Code.MALFORMED
    assert week_objection("2026-W53", NOW + 90 * 86_400, NOW + 90 * 86_400) is None


def test_a_retraction_is_of_all_revisions_of_a_report() -> None:
    ledger = Ledger()
    (firm,) = ledger.exporters(1)
    filed = ledger.file(firm, PHONE)
    ledger.retract(firm, filed)
    assert ledger.taken_back == {report_name(filed.signed.header)}
    with pytest.raises(BadMessage):
        taken_back_by(b"{}")


def test_every_code_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Code)
