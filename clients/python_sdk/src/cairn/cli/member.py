"""The member's daily verbs: check, report, withdraw, and what waits or is proven."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cairn.cli.app import HomeOption, JsonOption, app, group
from cairn.cli.opening import with_hub
from cairn.cli.outcome import Exit, emit, of_batch, say

if TYPE_CHECKING:
    from cairn.advice import Advice
    from cairn.api import AsyncHub
    from cairn.raw.inquiry import Inquiry
    from cairn.raw.register import Filed

outbox = group("outbox", "What waits on this computer because the hub or the trustees did not answer.")
receipts = group("receipts", "The hub's promises, and the proofs that it kept them.")

FileArgument = Annotated[
    Path | None,
    typer.Argument(
        help="A .jsonl or .csv file; without one you are asked for a single inquiry.",
        show_default=False,
        exists=True,
        dir_okay=False,
    ),
]


MapOption = Annotated[
    Path | None,
    typer.Option(
        "--map",
        help="How another program's CSV becomes our columns: a TOML file.",
        show_default=False,
        exists=True,
        dir_okay=False,
    ),
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Go on with this file where an earlier run was cut off.")
]
UserOption = Annotated[
    str | None,
    typer.Option(
        "--user",
        envvar="CAIRN_USER",
        help="Who you are, by name. Stays in your register.",
        show_default=False,
    ),
]


@app.command()
def template(as_json: JsonOption = False) -> None:
    """Print an empty CSV with every column, to fill in; with --json the names of the columns."""
    from cairn.raw.reading import template_csv

    columns = template_csv()
    if as_json:
        emit({"columns": columns.strip().split(",")})
    else:
        print(columns, end="")


@app.command()
def check(
    file: FileArgument = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    mapping: MapOption = None,
    resume: ResumeOption = False,
    full: Annotated[
        bool, typer.Option("--full", help="The whole card: what resolves each flag, and what you can do.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write the whole cards to a page to print.", dir_okay=False),
    ] = None,
    user: UserOption = None,
) -> None:
    """Has this buyer been seen elsewhere? Answered on this computer; the hub doesn't learn that you asked."""
    from cairn import checking
    from cairn.advice_text import as_html
    from cairn.cli.batch import Source, go_through
    from cairn.cli.telling import tell_advice, tell_unread_check
    from cairn.home import write_private
    from cairn.raw.reading import mapping_of

    source = Source(file, mapping_of(mapping) if mapping else None, resume)

    shown: list[Advice] = []

    async def work(hub: "AsyncHub") -> Exit:
        session = await hub.session()

        async def answer(inquiries: "Sequence[Inquiry]") -> list[Exit]:
            advices = await checking.check_all(session, inquiries, user=user or "")
            if html is not None:
                shown.extend(advices)
            return [tell_advice(advice, as_json, full=full) for advice in advices]

        return await go_through(
            source,
            answer,
            lambda row: tell_unread_check(row, as_json),
            size=checking.BATCH,
            show_progress=not as_json,
            register=session.register,
            verb="check",
        )

    code = with_hub(home, work)
    if html is not None:
        write_private(html, as_html(shown).encode())
    raise typer.Exit(code)


@app.command()
def report(
    file: FileArgument = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    mapping: MapOption = None,
    resume: ResumeOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would leave; send no report.")
    ] = False,
    narrative: Annotated[
        bool, typer.Option("--narrative", help="Seal the narrative too, scrubbed of names and contacts.")
    ] = False,
    user: UserOption = None,
) -> None:
    """Tell the hub about inquiries: codes and sealed details leave, names don't. Filing again changes nothing."""
    from cairn import filing
    from cairn.cli.batch import Source, go_through
    from cairn.cli.dry_run import tell_what_would_leave
    from cairn.cli.telling import tell_receipt, tell_unread_report
    from cairn.raw.reading import mapping_of

    source = Source(file, mapping_of(mapping) if mapping else None, resume)

    async def work(hub: "AsyncHub") -> Exit:
        session = await hub.session()

        async def answer(inquiries: "Sequence[Inquiry]") -> list[Exit]:
            if dry_run:
                return await tell_what_would_leave(session, inquiries, as_json, narrative)
            return [
                tell_receipt(receipt, as_json)
                for receipt in await filing.file_all(session, inquiries, narrative=narrative, user=user)
            ]

        return await go_through(
            source,
            answer,
            lambda row: tell_unread_report(row, as_json),
            size=filing.BATCH,
            show_progress=not as_json,
            register=session.register,
            verb="dry-run" if dry_run else "report",
        )

    raise typer.Exit(with_hub(home, work))


@app.command()
def preview(
    file: FileArgument = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    mapping: MapOption = None,
    narrative: Annotated[
        bool, typer.Option("--narrative", help="As if the narrative were sealed too.")
    ] = False,
) -> None:
    """Show what would leave, compartment by compartment and byte for byte. The hub gets nothing."""
    report(file, home, as_json, mapping, dry_run=True, narrative=narrative)


@app.command()
def withdraw(
    inquiry_id: Annotated[str, typer.Argument(help="Your own number of the inquiry.")],
    user: UserOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a report back: from the next index on it links, counts and shows nothing."""
    from cairn.home import HomeError

    try:
        receipt = with_hub(home, lambda hub: hub.withdraw(inquiry_id, user))
    except KeyError:
        raise HomeError("nothing was filed under that inquiry_id from this home") from None
    if as_json:
        emit(
            {"inquiry_id": inquiry_id, "report_id": receipt.report_id, "status": "withdrawn", "reason": None}
        )
    else:
        say(f"{inquiry_id}: withdrawn. The log keeps that there was a report, and that you took it back.")
    raise typer.Exit(Exit.CLEAR)


@outbox.command("send")
def send(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Go on with everything that waits."""
    from cairn import checking
    from cairn.advice import Status
    from cairn.cli.telling import tell_advice, tell_receipt
    from cairn.raw.stored import from_bytes

    async def work(hub: "AsyncHub") -> list[Exit]:
        codes = [tell_receipt(receipt, as_json) for receipt in await hub.send_outbox()]
        session = await hub.session()
        for raw in session.register.unfinished.checks():
            (advice,) = await checking.check_all(session, [from_bytes(raw)])
            code = tell_advice(advice, as_json)
            # A card found is this check's answer, not the outbox's failure.
            codes.append(Exit.CLEAR if advice.status is Status.SEEN else code)
        return codes

    codes = with_hub(home, work)
    if not codes and not as_json:
        say("Nothing waits to be sent. What is held for a second person is in `cairn outbox list`.")
    raise typer.Exit(of_batch(codes))


@outbox.command("list")
def list_outbox(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What waits, and what is held until a second person releases it."""
    from cairn.raw.register import State

    async def work(hub: "AsyncHub") -> "list[Filed]":
        register = (await hub.session()).register
        return register.in_state(State.HELD, State.READY, State.WAITING, limit=1_000_000)

    waiting = with_hub(home, work)
    for filed in waiting:
        if as_json:
            emit({"inquiry_id": filed.inquiry_id, "state": filed.state.value, "filed_by": filed.filed_by})
        else:
            say(
                f"{filed.inquiry_id}: {filed.state.value}"
                + (f", filed by {filed.filed_by}" * bool(filed.filed_by))
            )
    if not waiting and not as_json:
        say("Nothing waits.")
    raise typer.Exit(Exit.CLEAR)


@outbox.command("release")
def release(
    inquiry_id: Annotated[str, typer.Argument(help="Your own number of the inquiry.")],
    user: UserOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a held report, as the second person: exactly the bytes that were built when it was filed."""
    from cairn import filing
    from cairn.cli.telling import tell_receipt
    from cairn.home import HomeError

    async def work(hub: "AsyncHub") -> "filing.Receipt":
        return await filing.release(await hub.session(), inquiry_id, user or "")

    try:
        receipt = with_hub(home, work)
    except KeyError:
        raise HomeError("nothing was filed under that inquiry_id from this home") from None
    raise typer.Exit(tell_receipt(receipt, as_json))


@receipts.command("verify")
def verify(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Ask for the proof of every promise, against a log that the trustees cosigned."""
    proofs = with_hub(home, lambda hub: hub.verify_receipts())
    if as_json:
        emit({"proven": proofs.proven, "promised": proofs.promised, "overdue": proofs.overdue})
    else:
        say(f"{proofs.proven} reports are proven in the log, {proofs.promised} still promised.")
        if proofs.overdue:
            say(f"{proofs.overdue} promises are overdue: tell your trustees, and keep the receipts.")
    raise typer.Exit(Exit.PROOF_FAILED if proofs.overdue else Exit.CLEAR)
