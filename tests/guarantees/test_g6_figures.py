"""G6: figures from OPEN codes pass the rules exactly, and the budget is accounted for, however much an analyst asks."""

import asyncio
import datetime as dt
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.codes import items
from cairn_protocol.codes.m49 import subregion_of
from cairn_protocol.messages.trends import QUERIES, Axis, Query, Step, TrendQuestion
from hub.disclosure.budget import Account, BudgetSpent, Unit
from hub.disclosure.rules import disclose
from hub.releases.drafting import MEMBERS
from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.envelopes import Envelopes
from hub.trends import ledger
from hub.trends.answering import ANALYSTS, answer, sums_told, work
from hub.trends.blanks import Blanks
from hub.trends.disclosing import events_of_totals, with_totals
from hub.trends.expressions import Engine, Numbers, Place, cells_of, events_in
from hub.trends.remembering import Memory
from hub.trends.rows import periods_of, table_of
from hub.trends.snapshots import Snapshot, make, newest
from tests.support.planted import Planted, plant
from tests.support.reports import exporters
from tests.support.seated import seated

pytestmark = pytest.mark.anyio

PLACES, ITEMS = ("KZ", "AE", "TR", "MX"), ("854231", "854232", "903020")


def given_away(sums: Sequence[Sequence[int]], groups: Mapping[int, str]) -> list[list[int]]:
    """The sets of events, told apart by the sums, whose count follows from them though it may not be told.

    By linear algebra over floating point, where the auditor reduces modulo a prime.
    """
    events = sorted({event for each in sums for event in each})
    table = np.array([[event in each for event in events] for each in map(set, sums)], dtype=float)
    classes: dict[tuple[bool, ...], list[int]] = {}
    for at, event in enumerate(events):
        classes.setdefault(tuple(table[:, at] > 0), []).append(event)
    matrix = np.array([list(signature) for signature in classes], dtype=float).T
    found = []
    for at, members in enumerate(classes.values()):
        counted = [[groups[event] for event in members].count(group) for group in set(groups.values())]
        if disclose(counted).published:
            continue
        unit = np.zeros(len(classes))
        unit[at] = 1
        solved, *_ = np.linalg.lstsq(matrix.T, unit, rcond=None)
        if np.allclose(matrix.T @ solved, unit, atol=1e-6):
            found.append(members)
    return found


def overlapping(rng: random.Random, count: int) -> tuple[dict[int, str], list[set[int]]]:
    """Events of eight groups on a grid, and questions that each take a random part of its rows and columns."""
    groups = {event: f"g{rng.randrange(8)}" for event in range(400)}
    row, column = ({event: rng.randrange(6) for event in groups} for _ in range(2))
    asked = []
    for _ in range(count):
        rows, columns = (set(rng.sample(range(6), rng.randint(1, 6))) for _ in range(2))
        asked.append({event for event in groups if row[event] in rows and column[event] in columns})
    return groups, asked


async def test_a_thousand_overlapping_questions_give_no_cell_away() -> None:
    groups, asked = overlapping(random.Random(6), 1_000)
    memory = Memory(groups)

    for start in range(0, len(asked), 50):
        part = {
            ("", str(at), ""): np.array(sorted(each), dtype=np.int64)
            for at, each in enumerate(asked[start : start + 50])
        }
        memory.ask({place: numbers for place, numbers in part.items() if len(numbers)})

    assert len(memory.sums) > 20
    assert given_away([each.tolist() for each in memory.sums], groups) == []


async def test_the_same_questions_judged_each_alone_would() -> None:
    """The attack works where nothing remembers: so the test above tests something."""
    groups, asked = overlapping(random.Random(6), 1_000)
    names = sorted(set(groups.values()))

    alone = [
        each
        for each in asked
        if disclose([[groups[e] for e in each].count(name) for name in names]).published
    ]

    assert given_away([sorted(each) for each in alone], groups) != []


async def test_no_cell_of_a_published_question_can_be_put_together_from_other_answers() -> None:
    """Not asked for, or asked for and refused: what may not be told does not follow from what is told."""
    now = made_up(random.Random(2), events=700, groups=14)
    groups = now.group_by_event()
    memory = Memory(groups, Blanks(now, groups))
    asked = [
        TrendQuestion(query=Query.TRENDS, by=by, step=step)
        for by, step in [
            ((Axis.FAMILY,), Step.QUARTER),
            ((Axis.DESTINATION,), Step.MONTH),
            ((Axis.FAMILY, Axis.DESTINATION), Step.QUARTER),
            ((Axis.SECTOR,), Step.MONTH),
            ((Axis.TIER, Axis.REGION), Step.QUARTER),
        ]
    ]

    for question in asked:
        work(now, None, question, None, memory)

    assert len(memory.sums) > 60
    assert put_together(memory.sums, now, groups, asked) == []


async def test_without_knowing_those_cells_some_could_be() -> None:
    """The attack works where only what was asked is looked at: so the test above tests something."""
    now = made_up(random.Random(2), events=700, groups=14)
    groups = now.group_by_event()
    apart, family = (TrendQuestion(query=Query.TRENDS, by=(axis,), step=Step.QUARTER) for axis in APART)
    memory = Memory(groups)

    for question in (apart, family):
        work(now, None, question, None, memory)

    assert put_together(memory.sums, now, groups, [apart, family]) != []


async def test_every_published_question_asked_of_a_real_hub_gives_no_cell_away(
    settings: Settings, database_url: str, store: Store, envelopes: Envelopes
) -> None:
    firms = exporters(8)
    hub = seated(settings, database_url, store, envelopes)
    await hub.seat(firms)
    rng = random.Random(60)
    weeks = [f"2026-W{week:02d}" for week in range(2, 20, 3)]
    lots = [
        Planted(
            [rng.randrange(2) for _ in firms],
            [rng.choice(weeks)],
            rng.choice(PLACES),
            {"hs6": rng.choice(ITEMS), "via": (rng.choice(("TR", "HK")),)},
        )
        for _ in range(22)
    ]
    await plant(hub, firms, lots)
    await make(hub.services, dt.date(2026, 6, 1))

    for question in every_question():
        await answer(hub.services, question)

    now, _ = await newest(hub.services)
    told = await sums_told(hub.services, now, ANALYSTS)
    assert len(told) > 10
    assert given_away([each.tolist() for each in told], now.group_by_event()) == []


async def test_what_analysts_and_members_are_told_gives_no_cell_away_together(
    settings: Settings, database_url: str, store: Store, envelopes: Envelopes
) -> None:
    """Analysts read members' tables too."""
    firms = exporters(9)
    hub = seated(settings, database_url, store, envelopes)
    await hub.seat(firms)
    rng = random.Random(4)
    lots = [
        Planted(
            [rng.choice((0, 1, 1, 2)) for _ in firms],
            [rng.choice(("2026-W03", "2026-W09", "2026-W16"))],
            rng.choice(PLACES),
            {"hs6": rng.choice(ITEMS), "via": (rng.choice(("TR", "HK")),)},
        )
        for _ in range(24)
    ]
    await plant(hub, firms, lots)
    await make(hub.services, dt.date(2026, 6, 1))

    questions = every_question()
    for at, question in enumerate(questions):
        await answer(hub.services, question, (ANALYSTS, MEMBERS)[at % 2])

    now, _ = await newest(hub.services)
    told = [await sums_told(hub.services, now, audience) for audience in (ANALYSTS, MEMBERS)]
    assert all(told)
    groups = now.group_by_event()
    together = [*told[0], *told[1]]
    assert given_away([each.tolist() for each in together], groups) == []
    assert put_together(together, now, groups, [q for q in questions if q.query is Query.TRENDS]) == []


APART = (Axis.SECTOR, Axis.FAMILY)


def made_up(rng: random.Random, events: int, groups: int) -> Snapshot:
    """Events of a year by groups of which a few make most, over few axes: many cells are just too dominated."""
    chosen = [(number, items().by_number[number]) for number in sorted(items().by_number)[::9]]
    rows = []
    for event in range(events):
        number, item = rng.choice(chosen)
        country = rng.choice(("KZ", "AE", "MX", "IN"))
        week = rng.choice([f"2026-W{at:02d}" for at in range(1, 44)])
        group = min(groups - 1, int(rng.expovariate(3 / groups)))
        rows.append(
            (
                event, event, f"g{group}", rng.choice(("exporter", "logistics", "insurer")), True, True,
                *periods_of(week), "inquiry", "EMAIL", number, item.family, item.chpl_tier or "none", "none",
                rng.choice(("DE", "US")), rng.choice(("TR", "none")), country, subregion_of(country),
                ["RF-ENU-01"], rng.choice(("DECLINED", "CLEARED")),
            )
        )  # fmt: skip
    return Snapshot(1, dt.date(2026, 11, 1), dt.date(2026, 11, 2), b"made up", table_of(rows))


def put_together(
    sums: Sequence[Numbers], now: Snapshot, groups: Mapping[int, str], asked: Sequence[TrendQuestion]
) -> list[Place]:
    """The cells and totals of these questions that may not be told and are a combination of the sums.

    By elimination over the events themselves, modulo another prime than the auditor's.
    """
    prime, every = 2**31 - 1, sorted(groups)
    pivots: list[int] = []
    rows = np.zeros((0, len(every)), dtype=np.int64)
    for numbers in sums:
        row = np.isin(every, numbers).astype(np.int64)
        row = (row - rows[row[pivots] != 0].sum(axis=0)) % prime if pivots else row
        if row.any():
            pivot = int(np.flatnonzero(row)[0])
            row = row * pow(int(row[pivot]), -1, prime) % prime
            rows = np.vstack([(rows - rows[:, [pivot]] * row) % prime, row])
            pivots.append(pivot)
    found = []
    with Engine() as engine:
        for question in asked:
            cells = cells_of(events_in(now.table), question, now.month, now.made_on)
            counted = with_totals(engine.contributions(cells))
            events = events_of_totals(counted, engine.events(cells, list(engine.contributions(cells))))
            for place, by_group in counted.items():
                wanted = np.isin(every, events[place]).astype(np.int64)
                follows = not ((rows[wanted[pivots] != 0].sum(axis=0) - wanted) % prime).any()
                if follows and not disclose(list(by_group.values())).published:
                    found.append(place)
    return found


def every_question() -> list[TrendQuestion]:
    trends = [
        TrendQuestion(query=Query.TRENDS, by=by, step=step)
        for by in sorted(QUERIES[Query.TRENDS])
        for step in (Step.MONTH, Step.QUARTER)
    ]
    return [
        *trends,
        *(
            TrendQuestion(query=query, by=by, period=period)
            for query in (Query.CORRIDORS, Query.CLEARANCE)
            for by in sorted(QUERIES[query])
            for period in ("year", "2026-Q1")
        ),
    ]


# The budget

ACCOUNT = Account("open-codes", "public", "2026-Q3", Unit.EPSILON, Fraction(1, 2))


async def test_fifty_requests_at_once_do_not_overspend(store: Store) -> None:
    async def ask() -> bool:
        try:
            await store.transact("spend", lambda db: ledger.spend(db, ACCOUNT, Fraction(1, 20)))
        except BudgetSpent:
            return False
        return True

    answered = await asyncio.gather(*(ask() for _ in range(50)))

    assert sum(answered) == 10
    left = await store.read("account", lambda db: ledger.standing(db, ACCOUNT))
    assert (left.spent, left.left) == (Fraction(1, 2), 0)


async def test_what_was_not_answered_was_not_paid_and_what_was_paid_is_kept(
    settings: Settings, database_url: str, store: Store, envelopes: Envelopes
) -> None:
    class Cut(Exception):
        pass

    async def paid_then_cut(db: AsyncSession) -> None:
        await ledger.spend(db, ACCOUNT, Fraction(1, 4))
        raise Cut

    with pytest.raises(Cut):
        await store.transact("spend", paid_then_cut)
    assert (await store.read("account", lambda db: ledger.standing(db, ACCOUNT))).spent == 0

    await store.transact("spend", lambda db: ledger.spend(db, ACCOUNT, Fraction(1, 4)))
    async with Store.connect(database_url, settings) as restarted:
        kept = await restarted.read("account", lambda db: ledger.standing(db, ACCOUNT))
    assert kept.spent == Fraction(1, 4)


async def test_a_question_asked_again_has_the_same_answer_and_costs_nothing_and_one_too_many_is_refused(
    settings: Settings, database_url: str, store: Store, envelopes: Envelopes
) -> None:
    firms = exporters(8)
    hub = seated(settings.model_copy(update={"trend_cells_per_quarter": 4}), database_url, store, envelopes)
    await hub.seat(firms)
    await plant(
        hub, firms, [Planted([1] * 8, [week]) for week in ("2026-W02", "2026-W07", "2026-W11", "2026-W15")]
    )
    await make(hub.services, dt.date(2026, 6, 1))
    quarters = TrendQuestion(query=Query.TRENDS, step=Step.QUARTER)

    first = await answer(hub.services, quarters)
    again = await answer(hub.services, quarters)

    assert first == again and first["budget"]["spent"] > 0
    with pytest.raises(BudgetSpent):
        for question in every_question():
            await answer(hub.services, question)
    (account,) = await store.read("accounts", ledger.accounts)
    assert account.spent <= account.limit == 4
