"""A question answered: from the newest snapshot, judged with all that was answered before, and paid for.

Question, answer, sums and cost are rows of one commit, and askers of one audience take turns: so neither a crash nor
two questions at once can tell more than was judged. The same question of the same snapshot gets the
same answer and costs nothing.
"""

import asyncio
import datetime as dt
import hashlib
import json
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import takewhile
from typing import Any, Final

import ibis.expr.types as ir
import numpy as np
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.trends import Query, Step, TrendQuestion, check_question
from cairn_protocol.messages.wire import encode
from hub.disclosure.budget import Account, Unit
from hub.disclosure.margins import TOTAL
from hub.returns.results import results
from hub.services import Services
from hub.trends import answers, expressions
from hub.trends.answers import Judged
from hub.trends.benchmarking import benchmark
from hub.trends.blanks import Blanks
from hub.trends.coverage import band_of, cover
from hub.trends.disclosing import (
    events_of_totals,
    judge,
    judge_apart,
    with_totals,
    without_empty_rest,
)
from hub.trends.expressions import ControlEvent, Engine, Numbers, Place
from hub.trends.ledger import spend, standing
from hub.trends.refusals import UnknownQuestion
from hub.trends.remembering import Memory
from hub.trends.rows import first_day
from hub.trends.snapshots import Snapshot, newest
from hub.trends.tables import AnswerRow, ControlEventRow

SOURCE: Final = "open-codes"
ANALYSTS: Final = "analysts"
_LOCK: Final = 0x6361_6972_74


@dataclass(frozen=True, slots=True)
class Worked:
    """An answer before it is committed: what is told, and the sums that it tells."""

    told: dict[str, Any]
    sums: list[Numbers]


async def answer(services: Services, question: TrendQuestion, audience: str = ANALYSTS) -> dict[str, Any]:
    """What the audience is told.

    Raises BadMessage and UnknownQuestion for what is not published, NoSnapshot, BudgetSpent.
    """
    check_question(question)
    if question.query in _WITHOUT_SNAPSHOT:
        return await _without_snapshot(services, question, audience)
    now, earlier = await newest(services)
    asked = encode(question)
    ahead: list[tuple[bytes, Memory]] = []  # of analysts: they ask often

    async def body(db: AsyncSession) -> tuple[str, Account]:
        await db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        account = await standing(db, opened_account(services, audience))
        if kept := await _kept(db, now.number, audience, asked):
            return kept.answer, account
        event = await _event(db, question, now)
        told_before = await _answers(db, now.number)
        memories = await asyncio.to_thread(_memories, services, now, audience, told_before)
        worked = await asyncio.to_thread(work, now, earlier, question, event, *memories)
        if worked.sums:
            account = await spend(db, opened_account(services, audience), Fraction(len(worked.sums)))
        told = json.dumps(worked.told, sort_keys=True)
        if audience == ANALYSTS:
            told_now = [*((row.audience, row.question) for row in told_before), (audience, asked)]
            ahead.append((_recollection(now, told_now), memories[-1]))
        db.add(
            AnswerRow(
                snapshot=now.number,
                audience=audience,
                question=asked,
                answer=told,
                sums=services.envelopes.seal(_sums_of(now.number, audience, asked), _packed(worked.sums)),
            )
        )
        return told, account

    told, account = await services.store.transact("answer question", body)
    if ahead:
        _at_hand.clear()
        _at_hand.update(ahead[-1:])  # of the try that was committed
    return {**json.loads(told), "budget": account_as_told(account)}


_WITHOUT_SNAPSHOT: Final = frozenset({Query.COVERAGE, Query.BENCHMARK})


async def _without_snapshot(services: Services, question: TrendQuestion, audience: str) -> dict[str, Any]:
    """Who takes part is the roster's to tell, what was flagged the returns': neither spends of this budget."""

    async def body(db: AsyncSession) -> tuple[list[dict[str, Any]], Account]:
        account = await standing(db, opened_account(services, audience))
        if question.query is Query.BENCHMARK:
            return benchmark(await results(db)), account
        return await cover(db, services, int(time.time())), account

    cells, account = await services.store.read("question", body)
    return {
        "question": _as_told(question),
        "snapshot": None,
        "cells": cells,
        "budget": account_as_told(account),
    }


def opened_account(services: Services, audience: str, today: dt.date | None = None) -> Account:
    """The account of an audience's exact figures in this quarter, as it begins."""
    day = today or dt.datetime.now(dt.UTC).date()
    quarter = f"{day.year}-Q{(day.month + 2) // 3}"
    limit = Fraction(services.settings.trend_cells_per_quarter)
    return Account(SOURCE, audience, quarter, Unit.CELLS, limit)


def account_as_told(account: Account) -> dict[str, Any]:
    """An account for people and programs. Fractions are told as numbers."""
    return {
        "source": account.source,
        "audience": account.audience,
        "period": account.period,
        "unit": account.unit.value,
        "limit": float(account.limit),
        "spent": float(account.spent),
        "left": float(account.left),
    }


def work(
    now: Snapshot,
    earlier: Snapshot | None,
    question: TrendQuestion,
    event: ControlEvent | None,
    *memories: Memory,
) -> Worked:
    """The answer and its sums. Blocks for as long as the engine takes.

    memories  what it is judged with, the audience's own last
    """
    with Engine() as engine:
        asked = _Asked(engine, now, earlier, memories)
        told = _ANSWERED_BY[question.query](asked, question, event)
        return Worked(asked.context() | {"question": _as_told(question)} | told, asked.sums)


class _Asked:
    """One question on its way: the engine, both snapshots, and what it published so far."""

    def __init__(
        self, engine: Engine, now: Snapshot, earlier: Snapshot | None, memories: Sequence[Memory]
    ) -> None:
        self.engine = engine
        self.now = now
        self.events = expressions.events_in(now.table)
        self._earlier = expressions.events_in(earlier.table) if earlier else None
        self._memories = memories
        self.sums: list[Numbers] = []

    def cells(self, events: ir.Table, question: TrendQuestion) -> ir.Table:
        """The cells that a question is about."""
        return expressions.cells_of(events, question, self.now.month, self.now.made_on)

    def judged(
        self,
        cells: Callable[[ir.Table], ir.Table],
        *,
        totals: bool,
        all_of: int | None = None,
        cells_first: bool = False,
    ) -> Judged:
        """Counts and verdicts of an expression's cells.

        all_of       so many cells or none: one that can't be told keeps the others back
        cells_first  cells matter more than their totals, which give way
        """
        expression = cells(self.events)
        counted = self.engine.contributions(expression)
        before = self.engine.contributions(cells(self._earlier)) if self._earlier is not None else None
        if cells_first:
            verdicts = judge_apart(counted, earlier=before)
        else:
            verdicts = judge(counted, totals=totals, earlier=before)
        everything = with_totals(counted) if totals else {place: dict(c) for place, c in counted.items()}
        candidates = [place for place, verdict in verdicts.items() if verdict.published]
        if all_of is not None and len(candidates) < all_of:
            candidates = []
        needed = _finest(candidates, counted)
        events = self.engine.events(expression, needed)
        found = events_of_totals(candidates, events) if totals else events
        already = len(self._memories[-1].sums)
        for memory in self._memories:
            audited = memory.ask(
                {place: found[place] for place in candidates},
                cells_first=cells_first,
                all_or_none=all_of is not None,
            )
            verdicts |= audited
            candidates = [place for place in candidates if audited[place].published]
        self.sums += self._memories[-1].sums[already:]
        counts = {place: sum(counted.values()) for place, counted in everything.items()}
        if cells_first:
            verdicts = without_empty_rest(verdicts, counts)
        return Judged(counts, verdicts)

    def context(self) -> dict[str, Any]:
        """What every answer says of where it comes from, and of how many firms that is."""
        groups = set(self.now.table["group"].to_pylist())
        return {
            "snapshot": {
                "number": self.now.number,
                "made_on": self.now.made_on.isoformat(),
                "digest": self.now.digest.hex(),
            },
            "coverage": {"reporting_groups": band_of(len(groups))},
        }


def _finest(candidates: Sequence[Place], cells: Mapping[Place, object]) -> list[Place]:
    """The cells that the candidates are sums of."""
    asked = set(candidates)
    return [
        place
        for place in cells
        if not asked.isdisjoint(
            {place, (place[0], place[1], TOTAL), (place[0], TOTAL, place[2]), (place[0], TOTAL, TOTAL)}
        )
    ]


def _trends(asked: _Asked, question: TrendQuestion, _: ControlEvent | None) -> dict[str, Any]:
    judged = asked.judged(partial(asked.cells, question=question), totals=True, cells_first=True)
    step = question.step or Step.MONTH
    began = asked.engine.counts(expressions.active_groups(asked.events, step))
    periods = expressions.periods_between(step, *expressions.spans(step, asked.now.month, asked.now.made_on))
    exposure = {
        f"{step.value}={period}": sum(groups for first, groups in began.items() if first <= period)
        for period in periods
    }
    return {"cells": answers.trend_cells(judged, list(exposure), exposure)}


def _corridors(asked: _Asked, question: TrendQuestion, _: ControlEvent | None) -> dict[str, Any]:
    judged = asked.judged(partial(asked.cells, question=question), totals=True, cells_first=True)
    return {"cells": answers.corridor_cells(judged)}


def _clearance(asked: _Asked, question: TrendQuestion, _: ControlEvent | None) -> dict[str, Any]:
    judged = asked.judged(partial(asked.cells, question=question), totals=True)
    return {"cells": answers.clearance_cells(judged)}


def _surge(asked: _Asked, question: TrendQuestion, event: ControlEvent | None) -> dict[str, Any]:
    if event is None:
        raise UnknownQuestion("no control event of that id")
    cells: list[dict[str, Any]] = []
    figures = None
    for rung in expressions.rungs(event):
        judged = asked.judged(partial(expressions.surge, event=event, rung=rung), totals=False, all_of=4)
        judged = answers.all_or_none(judged, rung.name)
        cells += answers.surge_cells(judged, rung.name)
        figures = answers.surge_figures(judged, rung.name)
        if figures is not None:
            break
    return {
        "cells": cells,
        "figures": figures,
        "event": {"id": event.id, "title": event.title, "week": event.week},
    }


_ANSWERED_BY: Final[
    Mapping[Query, Callable[[_Asked, TrendQuestion, ControlEvent | None], dict[str, Any]]]
] = {
    Query.TRENDS: _trends,
    Query.CORRIDORS: _corridors,
    Query.CLEARANCE: _clearance,
    Query.SURGE: _surge,
}


async def _kept(db: AsyncSession, snapshot: int, audience: str, asked: bytes) -> AnswerRow | None:
    kept: AnswerRow | None = await db.scalar(
        select(AnswerRow).where(
            AnswerRow.snapshot == snapshot, AnswerRow.audience == audience, AnswerRow.question == asked
        )
    )
    return kept


async def _answers(
    db: AsyncSession, snapshot: int, until: tuple[str, bytes] | None = None
) -> list[AnswerRow]:
    """What was told of a snapshot, in the order it was; until an audience's question if one is named."""
    rows = await db.scalars(
        select(AnswerRow).where(AnswerRow.snapshot == snapshot).order_by(AnswerRow.number)
    )
    return list(takewhile(lambda row: (row.audience, row.question) != until, rows))


async def answered_before(
    services: Services, snapshot: int, audience: str, question: TrendQuestion
) -> list[bytes]:
    """The questions that were answered before this one, in their order."""

    async def body(db: AsyncSession) -> list[bytes]:
        rows = await _answers(db, snapshot, (audience, encode(question)))
        return [row.question for row in rows if row.audience == audience]

    return await services.store.read("answers", body)


async def sums_told(services: Services, now: Snapshot, audience: str) -> list[Numbers]:
    """The events of every figure that an audience was told of a snapshot: for whoever checks the checking."""

    async def body(db: AsyncSession) -> list[Numbers]:
        rows = [row for row in await _answers(db, now.number) if row.audience == audience]
        return [numbers for row in rows for numbers in _sums_in(services, row)]

    return await services.store.read("answers", body)


async def answer_again(
    services: Services, now: Snapshot, earlier: Snapshot | None, audience: str, question: TrendQuestion
) -> dict[str, Any]:
    """An answer worked out anew from its snapshot and from what was told before it. Nothing is kept."""

    async def body(db: AsyncSession) -> tuple[ControlEvent | None, list[Memory]]:
        told = await _answers(db, now.number, (audience, encode(question)))
        memories = await asyncio.to_thread(_memories, services, now, audience, told)
        return await _event(db, question, now), memories

    event, memories = await services.store.read("answers", body)
    return (await asyncio.to_thread(work, now, earlier, question, event, *memories)).told


# The memory as the last answer left it, under what it remembers: to put it together again takes seconds.
_at_hand: Final[dict[bytes, Memory]] = {}


def _memories(services: Services, now: Snapshot, audience: str, rows: Sequence[AnswerRow]) -> list[Memory]:
    """What these answers told, to judge another by. Who takes them may add to them.

    Analysts read what members read: so all that either was told is one memory, and members' own is another.
    """
    told = [(row.audience, row.question) for row in rows]
    if audience == ANALYSTS and (kept := _at_hand.pop(_recollection(now, told), None)):
        return [kept]
    groups = now.group_by_event()
    each = [rows] if audience == ANALYSTS else [rows, [row for row in rows if row.audience == audience]]
    memories = []
    for some in each:
        memory = Memory(groups, _blanks(now, groups))
        for row in some:
            memory.remember(_sums_in(services, row))
        memories.append(memory)
    return memories


def _recollection(now: Snapshot, answers: Sequence[tuple[str, bytes]]) -> bytes:
    """What stands for a snapshot and what was answered from it to whom, in that order."""
    told = b"".join(hashlib.sha256(b"%s/%s" % (who.encode(), asked)).digest() for who, asked in answers)
    return hashlib.sha256(b"%d/%s/" % (now.number, now.digest) + told).digest()


_blanks_at_hand: Final[dict[bytes, Blanks]] = {}


def _blanks(now: Snapshot, groups: Mapping[int, str]) -> Blanks:
    """The snapshot's cells that may not be told, found once."""
    key = _recollection(now, [])
    if key not in _blanks_at_hand:
        _blanks_at_hand.clear()
        _blanks_at_hand[key] = Blanks(now, groups)
    return _blanks_at_hand[key]


def _sums_in(services: Services, row: AnswerRow) -> list[Numbers]:
    """The events of every figure that an answer told."""
    return _unpacked(services.envelopes.open(_sums_of(row.snapshot, row.audience, row.question), row.sums))


async def _event(db: AsyncSession, question: TrendQuestion, now: Snapshot) -> ControlEvent | None:
    if question.event is None:
        return None
    row = await db.get(ControlEventRow, question.event)
    if row is None:
        raise UnknownQuestion(
            "no control event of that id: `cairn analyst budget` lists those on the calendar"
        )
    after, _ = expressions.windows(row.week)
    if first_day(after[-1]) + dt.timedelta(days=7) > now.made_on:
        raise UnknownQuestion("the eight weeks after the event were not over when the snapshot was made")
    return ControlEvent(
        row.id, row.title, row.week, tuple(row.items), tuple(row.destinations), tuple(row.controls)
    )


def _as_told(question: TrendQuestion) -> dict[str, Any]:
    return {
        "query": question.query.value,
        "by": [axis.value for axis in question.by],
        "step": question.step,
        "period": question.period,
        "event": question.event,
    }


def _sums_of(snapshot: int, audience: str, asked: bytes) -> bytes:
    return b"trend_answers.sums/%d/%s/%s" % (snapshot, audience.encode(), hashlib.sha256(asked).digest())


def _packed(sums: Sequence[Numbers]) -> bytes:
    lengths = np.array([len(sums), *map(len, sums)], dtype="<i8")
    return zlib.compress(lengths.tobytes() + b"".join(each.astype("<i8").tobytes() for each in sums))


def _unpacked(packed: bytes) -> list[Numbers]:
    numbers = np.frombuffer(zlib.decompress(packed), dtype="<i8").astype(np.int64)
    count = int(numbers[0])
    if not count:
        return []
    return np.split(numbers[count + 1 :], np.cumsum(numbers[1 : count + 1])[:-1])
