"""What a period waits for from this trustee: its noise, its signature on the one close, its part, and a last look.

The hub says only what waits. Terms, closes and results count as the log has them and as far as this trustee
cosigned it; every return and every noise of a close is checked here again, against this trustee's own
roster, and the product is multiplied again. What is given is in the journal first.
Source: design.md 4.7.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy.orm import Session

from cairn_protocol.closing import accept_deposit, accept_return, check_close, open_sum, part_of_sum
from cairn_protocol.contributing import ReturnPeriod, make_deposit
from cairn_protocol.errors import BadMessage, BadSumResult, ProtocolError, WrongTerms
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.returns import CloseStatement, Return, sign_close
from cairn_protocol.messages.returns_exchange import (
    CloseApproval,
    CloseCase,
    Contributions,
    Duties,
    Parts,
    Wanted,
)
from cairn_protocol.messages.wire import Signed, decode, digest_of, encode, sign
from cairn_protocol.paillier import PublicKey
from cairn_protocol.returns_log import ReturnsLog
from trustee.errors import HubRefuses, TrusteeError
from trustee.hub_link import HubLink
from trustee.keys import ServingKeys
from trustee.mirror import sums
from trustee.mirror.roster import RosterOfMirror
from trustee.returns import journal
from trustee.returns.holding import Held
from trustee.storage.database import Store

RESULT = "result"  # beside what the hub wants: a last look at what it published
_HUB = "hub"
_PAUSE_SECONDS = 0.5


class Outcome(StrEnum):
    """What became of a duty."""

    DONE = "done"
    WAITING = "waiting"  # its leaf is not in a state of the log that was cosigned here
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Told:
    """One duty and what became of it. `what` is a Wanted or RESULT; `error` says why it was refused."""

    period: str
    what: str
    outcome: Outcome
    error: ProtocolError | TrusteeError | None = None


@dataclass(frozen=True, slots=True)
class Office:
    """Who answers, and with what.

    held      opens this trustee's share of a key
    most_rho  thousandths of zCDP beyond which this trustee's noise would be too little for it
    """

    genesis: Genesis
    trustee: str
    keys: ServingKeys
    store: Store
    hub: HubLink
    held: Callable[[PublicKey], Held] = field(repr=False)
    most_rho: int = 500


def answer(office: Office) -> list[Told]:
    """Do everything that waits now. Raises HubUnreachable, StoreUnavailable, BadMessage.

    A duty that fails is told and keeps no other from being done.
    """
    log = office.store.read(lambda db: sums.cosigned(db, office.genesis))
    waiting = decode(office.hub.get("/v1/returns/duties").content, Duties, culprit=_HUB).duties
    told = [_try(office, log, duty.period, duty.wanted) for duty in waiting]
    unchecked = sorted(set(log.results) - office.store.read(journal.checked))
    return told + [_try(office, log, period, RESULT) for period in unchecked]


def answer_until(office: Office, seconds: float) -> Iterator[Told]:
    """Do what waits, and with it what its answers bring, until nothing does, something is refused or time is up.

    Tells of every duty done or refused. Raises as `answer`.
    """
    until = time.monotonic() + seconds
    while True:
        told = answer(office)
        yield from (one for one in told if one.outcome is not Outcome.WAITING)
        if any(one.outcome is Outcome.REFUSED for one in told) or time.monotonic() > until:
            return
        if not told and not is_unfinished(office):
            return
        time.sleep(_PAUSE_SECONDS)


def is_unfinished(office: Office) -> bool:
    """Whether a sum that this trustee signed for is still to be opened, or its result to be checked."""
    return bool(office.store.read(journal.unfinished))


def _try(office: Office, log: ReturnsLog, period: str, what: str) -> Told:
    acts: dict[str, Callable[[Office, ReturnsLog, str], bool]] = {
        Wanted.DEPOSIT: _deposit,
        Wanted.SIGNATURE: _sign,
        Wanted.PART: _give_part,
        RESULT: _check_result,
    }
    try:
        done = acts[what](office, log, period)
    except (ProtocolError, HubRefuses) as error:
        return Told(period, str(what), Outcome.REFUSED, error)
    return Told(period, str(what), Outcome.DONE if done else Outcome.WAITING)


def _deposit(office: Office, log: ReturnsLog, name: str) -> bool:
    period = log.periods.get(name)
    if period is None:
        return False
    if period.terms.rho_thousandths > office.most_rho:
        raise WrongTerms("terms under which this trustee's noise would be too little", culprit=_HUB)
    signed = office.store.read(lambda db: journal.earlier_deposit(db, name))
    if signed is None:
        noise = office.held(period.key).noise
        made = sign(make_deposit(period, office.trustee, noise), office.keys.signing)
        signed = office.store.transact(lambda db: journal.deposited(db, name, made))
    office.hub.post(f"/v1/returns/{name}/deposits", encode(signed))
    return True


def _sign(office: Office, log: ReturnsLog, name: str) -> bool:
    period = log.periods.get(name)
    if period is None:
        return False
    case = decode(office.hub.get(f"/v1/returns/{name}/close").content, CloseCase, culprit=_HUB)
    _check_case(office, period, case)
    office.store.transact(lambda db: journal.commit_to(db, case.statement))
    approval = CloseApproval(
        close=digest_of(case.statement),
        trustee=office.trustee,
        signature=sign_close(case.statement, office.keys.signing),
    )
    office.hub.post(f"/v1/returns/{name}/approvals", encode(approval))
    return True


def _check_case(office: Office, period: ReturnPeriod, case: CloseCase) -> None:
    """Raise unless the statement is the one that follows from returns and noise that hold here."""
    roster, now = office.store.read(RosterOfMirror(office.genesis).current), int(time.time())
    returns = [
        accept_return(period, signed, roster.entry(_sender(signed), now))
        for signed in _contributions(office, case.statement)
    ]
    if len(case.deposits) != len(period.terms.noise_from):
        raise BadMessage("another number of noises than the terms list", culprit=_HUB)
    deposits = [
        accept_deposit(period, signed, trustee, office.genesis)
        for trustee, signed in zip(period.terms.noise_from, case.deposits, strict=True)
    ]
    check_close(case.statement, period, returns, deposits)


def _sender(signed: Signed) -> str:
    """Whose key to look up; that it is the sender's is checked by its signature."""
    return decode(signed.body, Return, culprit=_HUB).member


def _contributions(office: Office, statement: CloseStatement) -> list[Signed]:
    found: list[Signed] = []
    while len(found) < len(statement.contributions):
        path = f"/v1/returns/{statement.terms.period}/contributions?start={len(found)}"
        page = decode(office.hub.get(path).content, Contributions, culprit=_HUB)
        if not page.returns or page.start != len(found):
            raise BadMessage("the hub shows fewer returns than the statement has", culprit=_HUB)
        found += page.returns
    return found


def _give_part(office: Office, log: ReturnsLog, name: str) -> bool:
    closed = log.closes.get(name)
    if closed is None:
        return False
    period = log.period(name)
    office.store.transact(lambda db: journal.commit_to(db, closed.statement))
    share = office.held(period.key).share
    part = part_of_sum(period, share, office.trustee, closed, office.genesis)
    office.hub.post(f"/v1/returns/{name}/parts", encode(part))
    return True


def _check_result(office: Office, log: ReturnsLog, name: str) -> bool:
    """What the log published is what the parts open to, computed here."""
    shown = decode(office.hub.get(f"/v1/returns/{name}/parts").content, Parts, culprit=_HUB)
    result = open_sum(log.period(name), log.closes[name], shown.parts, office.genesis)
    if result != log.results[name]:
        raise BadSumResult("the published result is not what the sum opens to", culprit=_HUB)

    def note(db: Session) -> None:
        journal.note_checked(db, name)

    office.store.transact(note)
    return True
