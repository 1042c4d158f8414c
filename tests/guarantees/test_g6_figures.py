"""G6: figures from OPEN codes pass the rules exactly, and the budget is accounted for, however much an analyst asks."""

import asyncio
import datetime as dt
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.trends import QUERIES, Query, Step, TrendQuestion
from hub.disclosure.budget import Account, BudgetSpent, Unit
from hub.disclosure.rules import disclose
from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.envelopes import Envelopes
from hub.trends import ledger
from hub.trends.answering import ANALYSTS, answer, sums_told
from hub.trends.disclosing import Memory
from hub.trends.snapshots import make, newest
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
