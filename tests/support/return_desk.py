"""A town's periods of returns as each party has them: members that file, trustees that answer, a hub that may lie."""

import asyncio
import atexit
import itertools
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from functools import cached_property
from typing import Any, TypeVar

from cairn_protocol.closing import AcceptedDeposit, AcceptedReturn, accept_deposit, accept_return, multiply
from cairn_protocol.contributing import ReturnPeriod, make_return
from cairn_protocol.messages.parties import Entry, Genesis
from cairn_protocol.messages.returns import Caps, CloseStatement
from cairn_protocol.messages.returns_exchange import Wanted
from cairn_protocol.messages.wire import Signed, decode, encode, sign
from tests.support.town import RunningTown, until

_T = TypeVar("_T")
CAPS = Caps(handled=100, flagged=40, band=1, cell=5, code=20)
# Months before any inquiry of a test: what a register holds never counts in them.
_months = (f"{year}-{month:02}" for year, month in itertools.product(range(2011, 2020), range(1, 13)))


class ReturnDesk:
    """One period of a town. Its key is dealt once a session."""

    def __init__(self, town: RunningTown, caps: Caps = CAPS) -> None:
        from local import returns

        self.town = town
        self.name = next(_months)
        if not town.query("SELECT 1 FROM return_keys"):
            returns.make_key(town.place)
        returns.open_period(town.place, self.name, caps)
        self.firms = returns.FILERS
        self._members: dict[str, tuple[Entry, Callable[..., Signed]]] = {}
        self.genesis: Genesis = town.operate(_genesis)
        until(lambda: not town.query("SELECT 1 FROM translog_promised"))

    @cached_property
    def period(self) -> ReturnPeriod:
        """The period with its key and layout."""
        from hub.returns.periods import period_named

        async def work(hub: Any) -> ReturnPeriod:
            period: ReturnPeriod = await hub.store.read(
                "period", lambda db: period_named(db, self.genesis, self.name)
            )
            return period

        return self.town.operate(work)

    def deposit(self) -> None:
        """Every trustee's noise."""
        from local import returns

        returns.answer(_offices(self.town), self.name, Wanted.DEPOSIT)

    def file(self, handled: Mapping[str, int]) -> None:
        """These firms file, with so many inquiries handled."""
        from local import returns

        told = asyncio.run(returns.file_all(self.town.place, self.name, dict(handled)))
        assert {one.status for one in told} == {"sent"}

    def close(self) -> int:
        """The operator closes the period; over how many groups."""
        from local import returns

        return returns.close(self.town.place, self.name)

    def open(self) -> Any:
        """Trustees sign, open and check; what was published (`hub.returns.results.PeriodResult`)."""
        from local import returns
        from trustee.returns.duties import RESULT

        returns.answer(_offices(self.town), self.name, RESULT)
        return returns.opened(self.town.place, self.name)

    def office(self, trustee: str) -> Any:
        """A trustee's office, opened from its home (`trustee.returns.duties.Office`)."""
        return _offices(self.town)[trustee]

    def answer(self, trustee: str) -> list[Any]:
        """What became of this period's duties at a trustee (`trustee.returns.duties.Told`)."""
        from trustee.returns import duties

        return [one for one in duties.answer(self.office(trustee)) if one.period == self.name]

    def refusal(self, trustee: str) -> str:
        """The slug that the trustee refuses the period's one duty with."""
        (told,) = self.answer(trustee)
        assert told.error is not None
        return str(getattr(told.error, "problem", told.error.slug))

    # What a firm sends, honest or not

    def acting(self, firm: str, work: Callable[[Any], Awaitable[_T]]) -> _T:
        """Something that a firm's own software does, with its home opened (`cairn.session.Session`)."""

        async def act() -> _T:
            async with self.town.hub(firm) as hub:
                return await work(await hub.session())

        return asyncio.run(act())

    def member(self, firm: str) -> tuple[Entry, Callable[..., Signed]]:
        """The firm's entry, and its signature under any message."""
        if firm not in self._members:
            self._members[firm] = self.acting(firm, _member)
        return self._members[firm]

    def post(self, firm: str, signed: Signed) -> str:
        """Send a return in the firm's name, however it was made: "kept", or the slug it is refused with."""

        async def send(session: Any) -> str:
            from cairn.client.errors import Rejected, Unauthorised

            try:
                await session.connection.post("hub", "/v1/returns", encode(signed), limit=10_000)
            except (Rejected, Unauthorised) as refused:
                return str(refused.slug)
            return "kept"

        return self.acting(firm, send)

    def honest(self, firm: str, handled: int = 10) -> Signed:
        """A return as the firm's software makes it."""
        entry, signing = self.member(firm)
        period = self.period
        counters = [0] * len(period.layout.cells)
        counters[period.layout.slots["handled"]] = handled
        return signing(make_return(period, entry.group or "", entry.party, counters))

    # What a hub has, and may put together

    def filed(self) -> list[AcceptedReturn]:
        """Every return that the hub holds, by group."""
        rows = self.town.query(
            "SELECT member, signed FROM returns WHERE period = %s ORDER BY group_name", self.name
        )
        period = self.period
        return [
            accept_return(period, decode(bytes(raw), Signed), self.member(member)[0]) for member, raw in rows
        ]

    def noise(self) -> list[AcceptedDeposit]:
        """Every trustee's noise that the hub holds."""
        rows = self.town.query(
            "SELECT trustee, signed FROM return_deposits WHERE period = %s ORDER BY trustee", self.name
        )
        period = self.period
        return [accept_deposit(period, decode(bytes(raw), Signed), who, self.genesis) for who, raw in rows]

    def forge(self, returns: list[AcceptedReturn]) -> CloseStatement:
        """A statement over just these, whatever the rules say, in the hub's database."""
        period, deposits = self.period, self.noise()
        statement = CloseStatement(
            terms=period.terms,
            contributions=tuple(one.contribution for one in returns),
            deposits=tuple(one.deposit for one in deposits),
            total=tuple(period.key.encode(one) for one in multiply(period, returns, deposits)),
        )
        self.town.query(
            "UPDATE return_periods SET statement = %s WHERE period = %s", encode(statement), self.name
        )
        return statement

    def end(self) -> None:
        """Nothing of the period waits for anybody any more."""
        for table in ("return_parts", "return_approvals", "return_deposits", "returns", "return_periods"):
            self.town.query(f"DELETE FROM {table} WHERE period = %s", self.name)


_opened: dict[str, Any] = {}


def _offices(town: RunningTown) -> Any:
    """Every trustee's office (`local.returns.Offices`), opened once: it takes a second."""
    from local import returns

    if not _opened:
        _opened.update(_open.enter_context(returns.trustees(town.place)))
    return _opened


_open = ExitStack()
atexit.register(_open.close)


async def _member(session: Any) -> tuple[Entry, Callable[..., Signed]]:
    entry = (await session.log.follow()).entry(session.profile.party, int(session.now()))
    return entry, lambda message: sign(message, session.keys.signing)


async def _genesis(hub: Any) -> Genesis:
    genesis: Genesis = hub.genesis
    return genesis
