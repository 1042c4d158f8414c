"""`cairn benchmark`: the firm's own flagged rate against its peers', worked out here. With --json a line a period."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from cairn.cli.app import HomeOption, JsonOption, app
from cairn.cli.bulletin_telling import run
from cairn.cli.outcome import Exit, emit, say

if TYPE_CHECKING:
    from cairn.benchmark import Compared
    from cairn.session import Session


@app.command()
def benchmark(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Your flagged rate against your peers' pooled rate. Your own is worked out here and asked of nobody."""
    from cairn.benchmark import compare

    async def work(session: "Session") -> "list[Compared]":
        return await compare(session)

    found = run(home, as_json, work)
    for one in found:
        if as_json:
            emit(asdict(one))
            continue
        own = "unknown" if one.own_percent is None else f"{one.own_percent} % ({one.own_band})"
        say(f"{one.period}: you flagged {own} of what you handled")
        if one.peers_percent is not None:
            say(
                f"    {one.peers} other groups together: {one.peers_percent} % "
                f"({one.low_percent} to {one.high_percent} %, for the noise that hides single inquiries)"
            )
        for band, groups in one.bands.items():
            say(f"    a rate {band}: {groups} groups")
        for reason in one.not_shown:
            say(f"    not shown: {reason}")
    if not found and not as_json:
        say("no period was summed yet")
    raise typer.Exit(Exit.CLEAR)
