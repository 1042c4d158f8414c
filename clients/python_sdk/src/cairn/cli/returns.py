"""`cairn return`: show, send and follow a group's encrypted counters of a period."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cairn.cli.app import HomeOption, JsonOption, group
from cairn.cli.opening import with_hub
from cairn.cli.outcome import Exit, emit, say

if TYPE_CHECKING:
    from cairn.api import AsyncHub
    from cairn.returning import Drafted, PeriodStatus, Submitted

returns = group(
    "return", "Your group's counters of a month, encrypted: only the sum of many groups is ever opened."
)

PeriodOption = Annotated[
    str | None,
    typer.Option(
        "--period", help="A month such as 2026-10. Default: the oldest that waits.", show_default=False
    ),
]
HandledOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Inquiries you handled in the period in all. Default: those you told Cairn of.",
        show_default=False,
    ),
]
AffiliateOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--with", help="An affiliate's counts, from its `return submit --hand-to FILE`.", exists=True
    ),
]
_EXITS = {"sent": Exit.CLEAR, "handed": Exit.CLEAR, "queued": Exit.QUEUED, "refused": Exit.REFUSED}
_WORDS = {
    "sent": "sent; the hub's receipt is kept",
    "handed": "handed to your affiliate; nothing was sent",
    "queued": "waiting on this computer",
    "refused": "refused",
}


@returns.command("preview")
def preview(
    period: PeriodOption = None,
    handled: HandledOption = None,
    affiliates: AffiliateOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what would be sent, in the clear. It stays on this computer."""
    from cairn import returning

    async def work(hub: "AsyncHub") -> "Drafted":
        tallies = [returning.read_tally(path) for path in affiliates or []]
        return await returning.preview(await hub.session(), period, handled=handled, affiliates=tallies)

    drafted = with_hub(home, work)
    counters = drafted.named()
    if as_json:
        emit(
            {
                "period": drafted.period,
                "group": drafted.group,
                "counters": counters,
                "clipped": drafted.clipped,
                "inquiries": len(drafted.counted),
                "late": drafted.late,
                "affiliates": list(drafted.affiliates),
            }
        )
    else:
        say(
            f"{drafted.period}, group {drafted.group}: {len(drafted.counted)} inquiries, {drafted.late} of them late"
        )
        for name, value in counters.items():
            say(f"  {value:6}  {name}" + ("  (clipped)" if name in drafted.clipped else ""))
        cells = len(drafted.counters)
        say(f"{len(counters)} of {cells} counters; all {cells} are sent, encrypted, also those that are 0.")


@returns.command("submit")
def submit(
    period: PeriodOption = None,
    handled: HandledOption = None,
    affiliates: AffiliateOption = None,
    hand_to: Annotated[
        Path | None,
        typer.Option(help="Write your counts for the member of your group that files, and send nothing."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send your group's return of a period; the same again changes nothing. With nothing to tell, zeros are sent."""
    from cairn import returning

    if hand_to is not None and affiliates:
        raise typer.BadParameter("either you hand your counts over, or you file and add others'")

    async def work(hub: "AsyncHub") -> "Submitted":
        session = await hub.session()
        if hand_to is not None:
            return await returning.hand_over(session, hand_to, period, handled=handled)
        tallies = [returning.read_tally(path) for path in affiliates or []]
        return await returning.submit(session, period, handled=handled, affiliates=tallies)

    done = with_hub(home, work)
    if as_json:
        emit({"period": done.period, "status": done.status, "reason": done.reason})
    else:
        say(f"{done.period}: {_WORDS[done.status]}" + (f" ({done.reason})" if done.reason else ""))
    raise typer.Exit(_EXITS[done.status])


@returns.command("status")
def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show every period, and whether your group's return is in its sum."""
    from cairn import returning

    async def work(hub: "AsyncHub") -> "list[PeriodStatus]":
        return await returning.status(await hub.session())

    told = with_hub(home, work)
    for one in told:
        if as_json:
            emit(
                {
                    "period": one.period,
                    "status": one.state,
                    "ours": one.ours,
                    "in_sum": one.in_sum,
                    "groups": one.groups,
                    "figures": one.figures,
                }
            )
        else:
            say(_line(one))
    if not told and not as_json:
        say("There are no periods yet.")
    left_out = any(one.ours == "left-out" for one in told)
    if left_out and not as_json:
        say(
            "Left out: the hub acknowledged your return and did not sum it. Its receipt is kept; tell your trustees."
        )
    raise typer.Exit(Exit.PROOF_FAILED if left_out else Exit.CLEAR)


def _line(one: "PeriodStatus") -> str:
    line = f"{one.period}  {one.state:10} yours: {one.ours}"
    if one.in_sum is not None:
        line += f"; {'in' if one.in_sum else 'NOT in'} the sum of {one.groups} groups"
    if one.figures is not None:
        line += f"; {one.figures} counters published"
    return line
