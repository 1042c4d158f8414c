"""`cairn score` and `cairn lint`: the firm's own weighing of flags, and of a text before it leaves."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cairn.cli.app import HomeOption, JsonOption, app
from cairn.cli.outcome import Exit, emit, say


@app.command()
def score(
    flags: Annotated[str, typer.Option(help="Red-flag codes, separated by commas.")] = "",
    groups: Annotated[int, typer.Option(min=0, help="Independent groups that saw the buyer, you too.")] = 0,
    cleared: Annotated[int, typer.Option(min=0, help="Clearances by others in the last 180 days.")] = 0,
    age_days: Annotated[float, typer.Option(min=0, help="Age of the network's evidence, in days.")] = 0,
    typologies: Annotated[str, typer.Option(help="Typologies that fired, such as T2,T3.")] = "",
    weights: Annotated[
        Path | None,
        typer.Option("--weights", help="Your own weights, a TOML file.", exists=True, dir_okay=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Points and attention level of an inquiry, with a reason for each. You decide; nothing is sent."""
    from cairn.raw.own_weights import own_weights
    from cairn.raw.scoring import Network, score

    network = Network(groups, frozenset(_codes(typologies)), cleared, age_days)
    result = score(_codes(flags), network, own_weights(weights) if weights else None)
    if as_json:
        emit(result.as_json())
    else:
        say(f"{result.attention}, {result.points:g} points")
        for reason in result.reasons:
            say(f"    {reason}")
    raise typer.Exit(Exit.CLEAR)


@app.command()
def lint(
    text: Annotated[str, typer.Option(help="The text, or - to read it from standard input.")],
    as_json: JsonOption = False,
) -> None:
    """Look for what must not leave in a text: contacts, names, specifications, prices, marked matters."""
    from cairn.raw.sanitise.lint import lint

    findings = lint(sys.stdin.read() if text == "-" else text)
    if as_json:
        emit({"findings": [finding.as_json() for finding in findings]})
    else:
        for finding in findings:
            say(f"{finding.code} at {finding.start}-{finding.end}: {finding.why}")
        if not findings:
            say("Nothing was found that must not leave. A name in running text can be missed.")
    raise typer.Exit(Exit.REFUSED if findings else Exit.CLEAR)


@app.command()
def options(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What a firm can do about an inquiry, and where it can turn to by itself. Dated lists; nothing is sent."""
    from cairn.actions import actions, referrals
    from cairn.cli.opening import folder_of

    known, turn_to = actions(), referrals(folder_of(home))
    if as_json:
        emit(
            {
                "as_of": known.as_of,
                "options": [{"code": a.code, "title": a.title, "text": a.text} for a in known.actions],
                "notices": list(known.notices),
                "referrals_as_of": turn_to.as_of,
                "referrals": [
                    {
                        "code": one.code,
                        "jurisdiction": one.jurisdiction,
                        "name": one.name,
                        "channel": one.channel,
                        "about": one.about,
                        "basis": one.basis,
                    }
                    for one in turn_to.referrals
                ],
            }
        )
    else:
        for action in known.actions:
            say(f"{action.code}: {action.title}. {action.text}")
        say(
            f"Where you can turn to by yourself, as of {turn_to.as_of}; take addresses from the authority's own site:"
        )
        for one in turn_to.referrals:
            unchecked = "" if one.basis == "checked" else " (from memory: check before use)"
            say(f"    {one.code} {one.name}, {one.channel}: {one.about}{unchecked}")
        for notice in known.notices:
            say(notice)
    raise typer.Exit(Exit.CLEAR)


def _codes(typed: str) -> list[str]:
    return [part.strip().upper() for part in typed.split(",") if part.strip()]
