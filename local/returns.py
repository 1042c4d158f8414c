"""Returns of a local Cairn: its key by a ceremony over stored primes, and periods that firms file for.

Operator and trustees do what their commands do, in this process, to save starting Python for each. The primes are
public, so this key protects nothing: they only save the search for fresh ones.
"""

import asyncio
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cairn import AsyncHub, returning
from cairn.client.errors import Rejected
from cairn.returning import Submitted
from cairn_protocol.messages.parties import Approval
from cairn_protocol.messages.returns import Caps
from cairn_protocol.messages.returns_exchange import ApprovedKey, Wanted
from hub.returns import periods, summing
from hub.returns.results import PeriodResult, results
from hub.services import Services
from hub.verbs.saying import with_services
from local.processes import CommandFailed, wait_until
from local.town import FIRMS, TRUSTEES, Town
from trustee import keys as key_file
from trustee.home import Home
from trustee.returns import dealing, duties
from trustee.returns.duties import RESULT, Office, Outcome
from trustee.returns.office import open_office
from trustee.settings import Settings

Offices = Mapping[str, Office]  # by trustee

PRIMES = Path(__file__).parent / "data" / "paillier_primes.json"
_AT_ONCE = 3
_SLOW_LOG_SECONDS = 0.3

# One firm of each group files; who has no inquiry sends zeros.
FILERS = tuple({firm.group: firm.id for firm in reversed(FIRMS)}.values())


def month_before(today: dt.date, months: int = 1) -> str:
    """The calendar month that ended so many months ago, as periods are named."""
    at = today.year * 12 + today.month - 1 - months
    return f"{at // 12}-{at % 12 + 1:02}"


# For a dozen groups with a score of inquiries each: caps that totals, stages and the common flags can clear.
CAPS = Caps(handled=200, flagged=25, band=1, cell=5, code=12)


def handled_by(firms: Sequence[str]) -> dict[str, int]:
    """How many inquiries each firm handled in all: the most of them it told nobody of."""
    return {firm: 110 + 7 * at for at, firm in enumerate(firms)}


def sum_last_month(town: Town, today: dt.date) -> PeriodResult:
    """Key, terms, every group's return, and the month's one sum: what `make run` shows. This month is open then."""
    period = month_before(today)
    make_key(town)
    open_period(town, period, CAPS)
    open_period(town, month_before(today, 0), CAPS)
    with trustees(town) as offices:
        answer(offices, period, Wanted.DEPOSIT)
        asyncio.run(file_all(town, period, handled_by(FILERS)))
        close(town, period)
        answer(offices, period, RESULT)
    return opened(town, period)


def make_key(town: Town) -> None:
    """One trustee deals from the stored primes, every trustee takes its share, the operator enters the key."""
    dealer = Home(town.trustee(TRUSTEES[0]))
    signing = key_file.load(dealer, _word(dealer)).signing
    signed = dealing.deal_for(dealer.genesis(), TRUSTEES[0], signing, dealing.stored_primes(PRIMES))
    homes = {name: Home(town.trustee(name)) for name in TRUSTEES}
    accepted = {name: dealing.accept(home, _word(home), signed) for name, home in homes.items()}
    approved = ApprovedKey(
        key=accepted[TRUSTEES[0]][0].message,
        approvals=tuple(Approval(trustee=name, signature=given) for name, (_, given) in accepted.items()),
    )

    async def enter(hub: Services) -> bytes:
        return await hub.store.transact("enter key", lambda db: periods.enter_key(db, hub.genesis, approved))

    with_services(town.hub, enter)


def _word(home: Home) -> str:
    word = home.stored_passphrase()
    assert word is not None  # a local Cairn keeps it there
    return word


def open_period(town: Town, period: str, caps: Caps) -> None:
    """The operator fixes a period's terms."""

    async def work(hub: Services) -> None:
        await hub.store.transact("open", lambda db: periods.open_period(db, hub.genesis, period, caps))

    with_services(town.hub, work)


@contextmanager
def trustees(town: Town) -> Iterator[Offices]:
    """Every trustee's office, for the block."""
    with ExitStack() as stack:
        homes = {name: Home(town.trustee(name)) for name in TRUSTEES}
        yield {
            name: stack.enter_context(open_office(home, Settings(), _word(home)))
            for name, home in homes.items()
        }


def answer(offices: Offices, period: str, what: str) -> None:
    """Trustees do what waits, one after the other, until each has done this for the period.

    what  Wanted.DEPOSIT for its noise; RESULT once the sum is closed: signed, opened and checked
    """
    left = set(offices)

    def done() -> bool:
        for name, office in offices.items():
            for told in (one for one in duties.answer(office) if one.period == period):
                if told.error is not None:
                    raise CommandFailed(f"trustee {name} refuses: {told.error}")
                if told.outcome is Outcome.DONE and told.what == what:
                    left.discard(name)
        return not left

    wait_until(done)


async def file_all(town: Town, period: str, firms: Mapping[str, int]) -> list[Submitted]:
    """These firms file their groups' returns. The number is how many inquiries each handled in all."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def file(firm: str, handled: int) -> Submitted:
        async with gate, AsyncHub(town.party(firm)) as hub:
            session = await hub.session()
            while True:
                try:
                    return await returning.submit(session, period, handled=handled)
                except Rejected as early:
                    if early.slug != "not-in-log":
                        raise
                    await asyncio.sleep(_SLOW_LOG_SECONDS)  # the terms' leaf waits for its checkpoint

    return await asyncio.gather(*(file(firm, handled) for firm, handled in firms.items()))


def close(town: Town, period: str) -> int:
    """The operator fixes the period's one sum; over how many groups. Raises TooFewGroups, PeriodClosed."""

    async def work(hub: Services) -> int:
        return len((await summing.close_period(hub, period)).contributions)

    return with_services(town.hub, work)


def opened(town: Town, period: str) -> PeriodResult:
    """What an opened period says."""

    async def work(hub: Services) -> list[PeriodResult]:
        return await hub.store.read("results", results)

    return next(one for one in with_services(town.hub, work) if one.period == period)
