"""The table of a release: made from a snapshot, the same each time.

Members' tables are answers to the calendar's questions, judged with all that members were told of the snapshot
before. The public's are counts with noise, drawn from a keystream of the hub's secret and the inputs' digests: made
again they are the same, so making them often averages nothing out. Their cost is taken from the ledger in
the commit that keeps the draft.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol import __version__, kdf
from cairn_protocol.messages.releases import Detail, ReleasedFigure, ReleaseInputs, ReleaseTable
from cairn_protocol.messages.trends import TrendQuestion
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.noise import Dice, keystream
from hub.disclosure.budget import Account, Unit
from hub.disclosure.policy import DEFAULT
from hub.disclosure.public_noise import public_figures
from hub.releases.calendar import Planned, period_of
from hub.releases.tables import ReleaseRow
from hub.services import Services
from hub.trends.answering import SOURCE, answer, answered_before
from hub.trends.expressions import Engine, events_in, public_tiers
from hub.trends.ledger import spend
from hub.trends.rows import NONE
from hub.trends.snapshots import Snapshot, newest

MEMBERS: Final = "members"
PUBLIC: Final = "public"
# All of them, whether anybody reported one or not: which cells there are tells nothing.
PUBLIC_TIERS: Final = ("1", "2", "3.A", "3.B", "4.A", "4.B", NONE)
_NOTES: Final = {
    MEMBERS: (
        "Counts of events in bands. A cell is kept back by the rule that is named; cells that are not listed could "
        "not be told either.",
        "Reports are observations of inquiries, never findings about parties; many are cleared.",
    ),
    PUBLIC: (
        "Counts with discrete Laplace noise; 95 of 100 true counts lie between low and high. At most 10 reports of "
        "one group count in a quarter.",
        "Reports are observations of inquiries, never findings about parties; many are cleared.",
    ),
}


async def draft(services: Services, table: Planned) -> ReleaseTable:
    """The table for the latest period, made and kept; one that was made for it already stays as it is.

    Raises NoSnapshot, BudgetSpent.
    """
    snapshot, _ = await newest(services)
    release = f"{table.name}-{period_of(table, snapshot)}"

    async def find(db: AsyncSession) -> ReleaseRow | None:
        return await db.get(ReleaseRow, release)

    if kept := await services.store.read("release", find):
        return table_of(kept)
    made = (
        await _members_table(services, table, table.question, snapshot, release)
        if table.question is not None
        else public_table(services, table, snapshot, release)
    )

    async def keep(db: AsyncSession) -> ReleaseTable:
        if there := await db.scalar(select(ReleaseRow).where(ReleaseRow.id == release).with_for_update()):
            return table_of(there)
        if made.inputs.epsilon is not None:
            await spend(db, public_account(made.period), Fraction(made.inputs.epsilon))
        db.add(
            ReleaseRow(
                id=release,
                name=table.name,
                audience=table.audience.value,
                period=made.period,
                snapshot=snapshot.number,
                table=encode(made),
            )
        )
        return made

    return await services.store.transact("draft release", keep, serializable=True)


def public_account(period: str) -> Account:
    """What the public may learn of a quarter, as it begins."""
    return Account(SOURCE, PUBLIC, period, Unit.EPSILON, DEFAULT.public_epsilon)


async def _members_table(
    services: Services, table: Planned, question: TrendQuestion, snapshot: Snapshot, release: str
) -> ReleaseTable:
    told = await answer(services, question, MEMBERS)
    before = await answered_before(services, snapshot.number, MEMBERS, question)
    return members_table(table, question, snapshot, release, told, before)


def members_table(
    table: Planned,
    question: TrendQuestion,
    snapshot: Snapshot,
    release: str,
    told: Mapping[str, Any],
    before: Sequence[bytes],
) -> ReleaseTable:
    """The members' table of an answer.

    before  the questions that members' tables had answered before this one
    """
    return ReleaseTable(
        release=release,
        name=table.name,
        title=table.title,
        audience=table.audience,
        period=period_of(table, snapshot),
        inputs=ReleaseInputs(
            snapshot=snapshot.digest, method=_method(encode(question), *before), epsilon=None
        ),
        figures=tuple(figure_of(cell) for cell in told["cells"]),
        notes=_NOTES[MEMBERS],
    )


def public_table(services: Services, table: Planned, snapshot: Snapshot, release: str) -> ReleaseTable:
    """The public's table, with its noise. The same snapshot gives the same."""
    period = period_of(table, snapshot)
    method = _method(table.name.encode(), period.encode())
    with Engine() as engine:
        counted = engine.contributions(public_tiers(events_in(snapshot.table), period))
    cells = [("", f"tier={tier}", f"quarter={period}") for tier in PUBLIC_TIERS]
    secret = services.hub_key.private_bytes_raw()  # under a label of its own: it tells nothing of signatures
    dice = Dice(keystream(secret, b"public-release", snapshot.digest, method))
    figures = public_figures(cells, {place: counted.get(place, {}) for place in cells}, dice)
    return ReleaseTable(
        release=release,
        name=table.name,
        title=table.title,
        audience=table.audience,
        period=period,
        inputs=ReleaseInputs(snapshot=snapshot.digest, method=method, epsilon=str(DEFAULT.public_epsilon)),
        figures=tuple(
            ReleasedFigure(
                cell=f"{row}|{column}",
                value=max(0, figures["", row, column].value),
                low=max(0, figures["", row, column].low),
                high=max(0, figures["", row, column].high),
            )
            for _, row, column in cells
        ),
        notes=_NOTES[PUBLIC],
    )


def figure_of(cell: Mapping[str, Any]) -> ReleasedFigure:
    """A cell of an answer as it is released."""
    details = [
        Detail(name=name, value=json.dumps(value))
        for name, value in sorted(cell.items())
        if name not in ("cell", "verdict", "rule", "band", "groups") and value is not None
    ]
    return ReleasedFigure(
        cell=cell["cell"],
        count=cell["band"],
        groups=cell["groups"],
        rule=cell["rule"],
        details=tuple(details),
    )


def table_of(row: ReleaseRow) -> ReleaseTable:
    """The table that a row keeps."""
    return decode(row.table, ReleaseTable)


def _method(*parts: bytes) -> bytes:
    """What a table was made by: question, what was told before, the policy's numbers, the software's version."""
    policy = (
        json.dumps({name: str(value) for name, value in asdict(DEFAULT).items()}, sort_keys=True)
        + __version__
    )
    return kdf.digest(kdf.Use.MESSAGE, policy.encode(), *(hashlib.sha256(part).digest() for part in parts))
