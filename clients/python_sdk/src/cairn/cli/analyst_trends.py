"""`cairn analyst trends|corridors|surge|clearance|benchmark|coverage|budget`: figures over reports, never a report.

What can be asked is a few questions over published axes. Every cell has its band and that of its groups, or the rule
that keeps it back. With --json a line a cell; refused questions end with 6.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cairn.cli.analyst import analyst
from cairn.cli.app import HomeOption, JsonOption
from cairn.cli.bulletin_telling import run
from cairn.cli.figures import CsvOption, SvgOption, VegaOption, tell_figures
from cairn.cli.outcome import Exit, emit, note, say
from cairn_protocol.messages.trends import QUERIES, Axis, Query, Step, TrendQuestion

if TYPE_CHECKING:
    from cairn.session import Session

PeriodOption = Annotated[
    str, typer.Option(help='A quarter such as 2026-Q3, or "year": the twelve months that are over.')
]


@analyst.command()
def trends(
    by: Annotated[
        list[Axis] | None,
        typer.Option(help="Axis; twice for two, as `family` and `region`. Default: family."),
    ] = None,
    step: Annotated[Step, typer.Option(help="How long a period is.")] = Step.QUARTER,
    home: HomeOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    vega: VegaOption = None,
    svg: SvgOption = None,
) -> None:
    """Series of events by family, tier, destination or region; the latest against what is usual."""
    axes = _published(Query.TRENDS, tuple(by) if by else (Axis.FAMILY,))
    question = TrendQuestion(query=Query.TRENDS, by=axes, step=step)
    title = f"Events by {', '.join(axes)} and {step}"
    _ask(question, title, home, as_json=as_json, as_csv=as_csv, vega=vega, svg=svg)


@analyst.command()
def corridors(
    period: PeriodOption = "year",
    by_family: Annotated[bool, typer.Option("--by-family", help="A table for each family.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    vega: VegaOption = None,
    svg: SvgOption = None,
) -> None:
    """Corridors that stand out: origin, first place of transit, destination; share, and lift over chance."""
    by = (Axis.FAMILY,) if by_family else ()
    question = TrendQuestion(query=Query.CORRIDORS, by=by, period=period)
    _ask(question, f"Corridors, {period}", home, as_json=as_json, as_csv=as_csv, vega=vega, svg=svg)


@analyst.command()
def surge(
    event: Annotated[
        str | None, typer.Option(help="A control event's id. Default: the newest on the calendar.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    vega: VegaOption = None,
    svg: SvgOption = None,
) -> None:
    """What changed in the eight weeks after a control, against the year before and a control set."""
    from cairn.client.trends import TrendsClient

    async def work(session: "Session") -> dict[str, Any]:
        client = TrendsClient(session.connection)
        chosen = event or next((one["id"] for one in (await client.questions())["events"]), None)
        if chosen is None:
            raise typer.BadParameter("there is no control event on the calendar", param_hint="--event")
        return await client.ask(TrendQuestion(query=Query.SURGE, event=chosen))

    told = run(home, as_json, work)
    title = f"Surge after {told['event']['id']} ({told['event']['title']}, {told['event']['week']})"
    tell_figures(told, title, as_json=as_json, as_csv=as_csv, vega=vega, svg=svg)
    raise typer.Exit(Exit.CLEAR)


@analyst.command()
def clearance(
    by: Annotated[Axis, typer.Option(help="flag or family.")] = Axis.FLAG,
    period: PeriodOption = "year",
    home: HomeOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    vega: VegaOption = None,
    svg: SvgOption = None,
) -> None:
    """How many closed events were cleared: what an innocent explanation turned out to be likely for."""
    question = TrendQuestion(query=Query.CLEARANCE, by=_published(Query.CLEARANCE, (by,)), period=period)
    _ask(question, f"Cleared, by {by}, {period}", home, as_json=as_json, as_csv=as_csv, vega=vega, svg=svg)


@analyst.command()
def benchmark(
    home: HomeOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    vega: VegaOption = None,
    svg: SvgOption = None,
) -> None:
    """Of all inquiries that the groups handled, how many they flagged: two totals of the encrypted returns."""
    question = TrendQuestion(query=Query.BENCHMARK)
    _ask(question, "Flagged of handled, by period", home, as_json=as_json, as_csv=as_csv, vega=vega, svg=svg)


@analyst.command()
def coverage(
    home: HomeOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    vega: VegaOption = None,
    svg: SvgOption = None,
) -> None:
    """How many groups take part, by sector and by family they deal in: what can be seen at all."""
    question = TrendQuestion(query=Query.COVERAGE)
    _ask(question, "Groups that could have seen it", home, as_json=as_json, as_csv=as_csv, vega=vega, svg=svg)


@analyst.command()
def budget(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What each audience may still learn, of what, in which period."""
    from cairn.client.trends import TrendsClient

    async def work(session: "Session") -> list[dict[str, Any]]:
        return await TrendsClient(session.connection).budget()

    for account in run(home, as_json, work):
        if as_json:
            emit(account)
        else:
            say(
                f"{account['source']} for {account['audience']}, {account['period']}: "
                f"{account['left']:g} of {account['limit']:g} {account['unit']} left"
            )
    raise typer.Exit(Exit.CLEAR)


def _published(query: Query, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
    """The axes, if the query is published by them. Else refused as the hub would, with what there is."""
    from cairn.client.errors import Rejected

    if axes not in QUERIES[query]:
        listed = ", ".join(" with ".join(each) for each in sorted(QUERIES[query]) if each)
        detail = f"nothing is published by {' with '.join(axes)}: published are {listed}"
        raise Rejected("unknown-question", detail)
    return axes


def _ask(question: TrendQuestion, title: str, home: Path | None, *, as_json: bool, **how: Any) -> None:
    from cairn.client.trends import TrendsClient

    async def work(session: "Session") -> dict[str, Any]:
        return await TrendsClient(session.connection).ask(question)

    told = run(home, as_json, work)
    tell_figures(told, title, as_json=as_json, **how)
    if not told["cells"]:
        note("cairn: nothing was found that a figure could be of")
    raise typer.Exit(Exit.CLEAR)
