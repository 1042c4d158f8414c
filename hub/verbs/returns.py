"""`cairn-hub returns`: enter the key, open a period, close it, and see what it waits for."""

import re
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.errors import BadMessage, BadPaillierKey
from cairn_protocol.messages.parties import Approval
from cairn_protocol.messages.returns import Caps, CloseStatement, ReturnTerms
from cairn_protocol.messages.returns_exchange import ApprovedKey, Dealing
from cairn_protocol.messages.wire import Signed, decode
from hub.returns import periods, summing
from hub.returns.periods import Stage
from hub.services import Services
from hub.verbs.genesis import signature_in
from hub.verbs.saying import AsJson, Home, say, verb, with_services

app = typer.Typer(no_args_is_help=True, help="Returns: sums over groups that nobody can see through.")

_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
PeriodOption = Annotated[str, typer.Option("--period", help="A calendar month, such as 2026-10.")]


@app.command("key")
def enter_key(
    home: Home,
    dealing: Annotated[
        Path, typer.Option(help="The dealing that `cairn-trustee paillier deal` wrote.", exists=True)
    ],
    approval: Annotated[
        list[str], typer.Option(help="t1=FILE: a trustee's approval; one for every trustee.")
    ],
    as_json: AsJson = False,
) -> None:
    """Use a key that every trustee approved, from the next period on. It goes into the log."""
    with verb(as_json):
        key = decode(decode(dealing.read_bytes(), Signed).body, Dealing).key
        given = dict(signature_in(one) for one in approval)

        async def work(services: Services) -> bytes:
            order = [one.id for one in services.genesis.trustees if one.id in given]
            if set(order) != set(given):
                raise BadPaillierKey("an approval by nobody the genesis names")
            approvals = tuple(Approval(trustee=name, signature=given[name]) for name in order)
            approved = ApprovedKey(key=key, approvals=approvals)
            return await services.store.transact(
                "enter key", lambda db: periods.enter_key(db, services.genesis, approved)
            )

        digest = with_services(home, work).hex()
        say(as_json, f"Returns are encrypted under key {digest[:16]} from now on.", key=digest)


@app.command("open")
def open_period(
    home: Home,
    period: PeriodOption,
    handled: Annotated[
        int, typer.Option(min=1, help="Most inquiries a group may count.")
    ] = periods.CAPS.handled,
    flagged: Annotated[int, typer.Option(min=1, help="Most flagged ones.")] = periods.CAPS.flagged,
    cell: Annotated[
        int, typer.Option(min=1, help="Most in a family by destination, or a corridor.")
    ] = periods.CAPS.cell,
    code: Annotated[
        int, typer.Option(min=1, help="Most of a red flag, outcome or stage.")
    ] = periods.CAPS.code,
    rho: Annotated[
        int, typer.Option(min=1, help="zCDP of one inquiry, in thousandths, from each trustee's noise.")
    ] = periods.RHO_THOUSANDTHS,
    as_json: AsJson = False,
) -> None:
    """Fix a period's terms: layout, caps, noise. They are public, in the log, and never change."""
    with verb(as_json):
        caps = Caps(handled=handled, flagged=flagged, band=1, cell=cell, code=code)

        async def work(services: Services) -> ReturnTerms:
            async def body(db: AsyncSession) -> ReturnTerms:
                return await periods.open_period(db, services.genesis, _month(period), caps, rho)

            return await services.store.transact("open period", body)

        terms = with_services(home, work)
        say(
            as_json,
            f"{period} takes returns. Each trustee now runs `cairn-trustee returns answer`.",
            period=period,
            status="open",
            noise_from=list(terms.noise_from),
        )


@app.command("close")
def close_period(home: Home, period: PeriodOption, as_json: AsJson = False) -> None:
    """Fix a period's one sum, over five groups or more. Trustees then sign and open it."""
    with verb(as_json):

        async def work(services: Services) -> CloseStatement:
            return await summing.close_period(services, _month(period))

        groups = len(with_services(home, work).contributions)
        say(
            as_json,
            f"{period} is closed over {groups} groups. Each trustee now runs `cairn-trustee returns answer --wait 60`.",
            period=period,
            status="closing",
            groups=groups,
        )


@app.command()
def status(home: Home, as_json: AsJson = False) -> None:
    """Show every period, how many groups are there, and whose noise or signature is missing."""
    with verb(as_json):

        async def work(services: Services) -> list[Stage]:
            return await services.store.read("periods", periods.stages)

        for stage in with_services(home, work):
            missing = "".join(
                f", {what} missing of {', '.join(names)}"
                for what, names in (("noise", stage.noise_missing), ("signature", stage.signatures_missing))
                if names
            )
            say(
                as_json,
                f"{stage.period}  {stage.state:10} {stage.groups} groups{missing}",
                period=stage.period,
                status=stage.state.value,
                groups=stage.groups,
                noise_missing=list(stage.noise_missing),
                signatures_missing=list(stage.signatures_missing),
            )


def _month(typed: str) -> str:
    if not _MONTH.fullmatch(typed):
        raise BadMessage("a period is a month, such as 2026-10")
    return typed
