"""A group's return of a period: built from the register, shown before it leaves, sent once, followed to its sum.

    preview(session)   what would be sent, in the clear, on this machine alone
    submit(session)    encrypted, proven, signed; the bytes are kept before they are sent
    status(session)    each period's stage, and whether our return is in its sum

A group has one return: its other members hand their counts to the one that files (`hand_over`, `read_tally`). What is
refused as late, and what the close left out, counts in the next period by itself.
Source: design.md 4.7.
"""

import asyncio
import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from cairn.client.errors import Misconfigured, Rejected, Unreachable
from cairn.client.returns import Proven, ReturnsClient, receipt_for
from cairn.home import write_private
from cairn.raw.building import earlier_report, report_id_for
from cairn.raw.counting import count
from cairn.raw.inquiry import Inquiry
from cairn.raw.register import ReturnKept, Sent, State
from cairn.raw.sanitise import leaving
from cairn.raw.stored import from_bytes
from cairn.session import Session
from cairn_protocol.contributing import make_return
from cairn_protocol.errors import BadMessage
from cairn_protocol.messages.returns import Period, SumState
from cairn_protocol.messages.returns_exchange import PeriodState
from cairn_protocol.messages.wire import Bytes32, Message, Name, Signed, decode, digest_of, encode, sign
from cairn_protocol.returns_layout import HANDLED, Layout, finish

# What a refusal means for the counts: the group has its return, or the sum is fixed.
_ROLLS = frozenset({"period-closed", "return-exists"})
_TAKEN = (Sent.READY, Sent.SENT, Sent.HANDED)
_MOST_INQUIRIES = 10_000_000


class Tally(Message, frozen=True, tag="cairn/tally/1"):
    """One affiliate's counters, in the clear, on its way to the member of its own group that files."""

    MAX_BYTES = 256 * 1024
    terms: Bytes32
    period: Period
    group: Name
    member: Name
    counters: Annotated[tuple[Annotated[int, Meta(ge=0, le=2**31)], ...], Meta(max_length=4_096)]


@dataclass(frozen=True, slots=True)
class Drafted:
    """A return as it would leave.

    own       this firm's counters, not clipped; `counters` the group's, clipped at the caps
    clipped   the cells whose count was above the cap
    late      how many inquiries were received before the period
    """

    proven: Proven
    group: str
    own: list[int]
    counters: list[int]
    clipped: list[str]
    counted: tuple[tuple[str, tuple[str, ...]], ...]
    late: int
    affiliates: tuple[str, ...]

    @property
    def period(self) -> str:
        """The period's name."""
        return self.proven.period.terms.period

    def named(self) -> dict[str, int]:
        """The counters above 0, by name."""
        return _named(self.proven.period.layout, self.counters)


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a return: sent, queued (the hub does not answer), refused, or handed to an affiliate."""

    period: str
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PeriodStatus:
    """A period and our part in it.

    ours      ready, sent, handed, rolled, left-out, or none
    in_sum    whether our group is in the sum, once it is closed
    figures   how many counters are published; None before
    """

    period: str
    state: str
    ours: str
    in_sum: bool | None
    groups: int | None
    figures: int | None


async def preview(
    session: Session,
    period: str | None = None,
    *,
    handled: int | None = None,
    affiliates: Sequence[Tally] = (),
) -> Drafted:
    """What `submit` would send.

    handled  how many inquiries this firm handled in the period, told to the hub or not; by default those it told

    Raises Misconfigured without a period or for no member; BadMessage for a tally that does not fit.
    """
    client = _client(session)
    proven = await client.proven(period or await _next_period(session, client))
    return await asyncio.to_thread(_draft, session, proven, handled, affiliates)


def _client(session: Session) -> ReturnsClient:
    return ReturnsClient(session.connection, session.genesis, session.log)


async def _next_period(session: Session, client: ReturnsClient) -> str:
    """The oldest open period that this firm has not dealt with."""
    dealt = {kept.period for kept in session.register.returns.every() if kept.state is not Sent.READY}
    for standing in await client.periods():
        if standing.state is PeriodState.OPEN and standing.period not in dealt:
            return standing.period
    raise Misconfigured("no period waits for your return: `cairn return status` shows them")


def _came_back(session: Session, inquiries: Sequence[Inquiry]) -> dict[str, str]:
    """By inquiry_id, the inquiry of ours that it says it is another attempt of."""
    key = session.keys.register
    linked = {one.inquiry_id: earlier_report(key, one.attempt_link) for one in inquiries if one.attempt_link}
    if not linked:
        return {}
    ids = {report_id_for(key, one.inquiry_id): one.inquiry_id for one in inquiries}
    return {inquiry_id: ids[report] for inquiry_id, report in linked.items() if report in ids}


def _draft(session: Session, proven: Proven, handled: int | None, affiliates: Sequence[Tally]) -> Drafted:
    period, group = proven.period, _group(session)
    layout, name = period.layout, period.terms.period
    first, last = _days(name)
    records = session.register.in_state(*_COUNTED, limit=_MOST_INQUIRIES)
    inquiries = [from_bytes(record.inquiry) for record in records]
    due = [inquiry for inquiry in inquiries if inquiry.received_on <= last]
    counted = count(
        layout,
        due,
        _counted_earlier(session, name),
        _came_back(session, inquiries),
        lambda inquiry: leaving(inquiry, session.rules_for(inquiry)).codes,
    )
    own = list(counted.counters)
    slot = layout.slots[HANDLED]
    if handled is not None:
        if handled < own[slot]:
            raise Misconfigured(
                f"your register alone has {own[slot]} inquiries for this period: handled is at least that"
            )
        own[slot] = handled
    for tally in affiliates:
        _check_tally(tally, proven, group, session.profile.party)
    tallies = [own, *(list(tally.counters) for tally in affiliates)]
    totals = [sum(place) for place in zip(*tallies, strict=True)]
    caps = layout.caps(period.terms.caps)
    before = {inquiry.inquiry_id for inquiry in due if inquiry.received_on < first}
    return Drafted(
        proven=proven,
        group=group,
        own=own,
        counters=finish(layout, tallies, period.terms.caps),
        clipped=[
            cell.name for cell, total, cap in zip(layout.cells, totals, caps, strict=True) if total > cap
        ],
        counted=counted.by_inquiry,
        late=sum(inquiry_id in before for inquiry_id, _ in counted.by_inquiry),
        affiliates=tuple(tally.member for tally in affiliates),
    )


_COUNTED = tuple(state for state in State if state not in (State.REFUSED, State.WITHDRAWN))


def _counted_earlier(session: Session, period: str) -> Mapping[str, frozenset[str]]:
    """By inquiry, the counters it moved in returns that went out, but for this period's own."""
    moved: dict[str, set[str]] = {}
    for kept in session.register.returns.every():
        if kept.state in _TAKEN and kept.period != period:
            for inquiry_id, names in kept.counted:
                moved.setdefault(inquiry_id, set()).update(names)
    return {inquiry_id: frozenset(names) for inquiry_id, names in moved.items()}


def _group(session: Session) -> str:
    if session.profile.group is None:
        raise Misconfigured("only a member firm files returns")
    return session.profile.group


def _days(period: str) -> tuple[dt.date, dt.date]:
    """The first and the last day of a month like 2026-10."""
    year, month = (int(part) for part in period.split("-"))
    return dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1])


async def submit(
    session: Session,
    period: str | None = None,
    *,
    handled: int | None = None,
    affiliates: Sequence[Tally] = (),
) -> Submitted:
    """Send the group's return, or go on with the one that waits. A period with nothing sends zeros.

    Raises as `preview`; Unauthorised, ProofInvalid. A hub that does not answer leaves it queued.
    """
    kept = _kept(session, period)
    if kept is None:
        drafted = await preview(session, period, handled=handled, affiliates=affiliates)
        kept = await asyncio.to_thread(_make, session, drafted)
        session.register.returns.keep(kept)
    if kept.state is Sent.READY:
        return await _send(session, kept)
    return Submitted(kept.period, kept.state.value)


def _kept(session: Session, period: str | None) -> ReturnKept | None:
    """The period's return if it was made; without a period, one that was made and not acknowledged."""
    for kept in session.register.returns.every():
        wanted = kept.period == period if period else kept.state is Sent.READY
        if wanted and kept.state in _TAKEN:
            return kept
    return None


def _make(session: Session, drafted: Drafted) -> ReturnKept:
    period = drafted.proven.period
    made = make_return(period, drafted.group, session.profile.party, drafted.counters, comb=period.key.comb())
    return ReturnKept(
        period=drafted.period,
        state=Sent.READY,
        counters=drafted.named(),
        counted=drafted.counted,
        signed=encode(sign(made, session.keys.signing)),
    )


async def _send(session: Session, kept: ReturnKept) -> Submitted:
    assert kept.signed is not None
    signed = decode(kept.signed, Signed)
    expected = receipt_for(signed, kept.period, _group(session), session.profile.party)
    try:
        receipt = await _client(session).file(signed, expected)
    except Unreachable as error:
        return Submitted(kept.period, "queued", str(error))
    except Rejected as error:
        if error.slug not in _ROLLS:
            raise
        _keep(session, kept, state=Sent.ROLLED)
        return Submitted(kept.period, "refused", f"{error.slug}: its inquiries count in the next period")
    _keep(session, kept, state=Sent.SENT, receipt=encode(receipt))
    return Submitted(kept.period, Sent.SENT.value)


def _keep(session: Session, kept: ReturnKept, *, state: Sent, receipt: bytes | None = None) -> None:
    session.register.returns.keep(msgspec.structs.replace(kept, state=state, receipt=receipt or kept.receipt))


# Affiliates


async def hand_over(
    session: Session, out: Path, period: str | None = None, *, handled: int | None = None
) -> Submitted:
    """Write this firm's counts for the member of its group that files; nothing is sent. They count as told here."""
    if (kept := _kept(session, period)) is not None and kept.state is not Sent.HANDED:
        raise Misconfigured("this firm has made its group's return of that period itself")
    drafted = await preview(session, period, handled=handled)
    tally = Tally(
        terms=digest_of(drafted.proven.period.terms),
        period=drafted.period,
        group=drafted.group,
        member=session.profile.party,
        counters=tuple(drafted.own),
    )
    write_private(out, encode(tally))
    session.register.returns.keep(
        ReturnKept(
            period=drafted.period,
            state=Sent.HANDED,
            counters=_named(drafted.proven.period.layout, drafted.own),
            counted=drafted.counted,
        )
    )
    return Submitted(drafted.period, Sent.HANDED.value)


def read_tally(path: Path) -> Tally:
    """An affiliate's counts. Raises BadMessage."""
    return decode(path.read_bytes(), Tally)


def _check_tally(tally: Tally, proven: Proven, group: str, party: str) -> None:
    if tally.terms != digest_of(proven.period.terms) or tally.group != group or tally.member == party:
        raise BadMessage("the counts of another group or period, or this firm's own")
    if len(tally.counters) != len(proven.period.layout.cells):
        raise BadMessage("counts for another layout")


def _named(layout: Layout, counters: Sequence[int]) -> dict[str, int]:
    return {cell.name: value for cell, value in zip(layout.cells, counters, strict=True) if value}


# Following


async def status(session: Session) -> list[PeriodStatus]:
    """Every period, and our part in it; a return that the close left out counts in the next from now on.

    Raises Unreachable, ProofInvalid.
    """
    client = _client(session)
    ours = {kept.period: kept for kept in session.register.returns.every()}
    return [
        await _status_of(session, client, standing.period, standing.state, ours.get(standing.period))
        for standing in await client.periods()
    ]


async def _status_of(
    session: Session, client: ReturnsClient, period: str, state: PeriodState, kept: ReturnKept | None
) -> PeriodStatus:
    told = "none" if kept is None else kept.state.value
    if state in (PeriodState.OPEN, PeriodState.CLOSING):
        return PeriodStatus(period, state.value, told, None, None, None)
    proven = await client.proven(period)
    if proven.closed is None:
        return PeriodStatus(period, state.value, told, None, None, None)
    in_sum = _is_in(proven, _group(session), kept)
    if kept is not None and kept.state is Sent.SENT and not in_sum:
        _keep(session, kept, state=Sent.LEFT_OUT)
        told = Sent.LEFT_OUT.value
    result = proven.result
    return PeriodStatus(
        period,
        "closed" if result is None else "void" if result.state is SumState.VOID else "published",
        told,
        in_sum,
        len(proven.closed.statement.contributions),
        None if result is None else len(result.figures),
    )


def _is_in(proven: Proven, group: str, kept: ReturnKept | None) -> bool:
    """Whether the group's return is in the sum; for whoever sent it, whether it is that very one."""
    assert proven.closed is not None
    digests = {one.group: one.digest for one in proven.closed.statement.contributions}
    if kept is not None and kept.signed is not None and kept.state is Sent.SENT:
        return digests.get(group) == digest_of(decode(kept.signed, Signed))
    return group in digests
