"""`cairn amend`, `clear`, `not-ours` and `alerts`: what a firm corrects of its own, and what changed elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cairn.cli.app import HomeOption, JsonOption, app
from cairn.cli.member import UserOption
from cairn.cli.opening import with_hub
from cairn.cli.outcome import Exit, emit, note, say
from cairn_protocol.codes import Outcome
from cairn_protocol.messages.corrections import ClearReason

if TYPE_CHECKING:
    from cairn.alerts import Alert
    from cairn.api import AsyncHub
    from cairn.raw.register import Stated

InquiryId = Annotated[str, typer.Argument(help="Your own number of the inquiry.")]


@app.command()
def amend(
    inquiry_id: InquiryId,
    outcome: Annotated[Outcome | None, typer.Option(help="What became of the inquiry.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", help="A .jsonl or .csv file with the inquiry anew.", exists=True, dir_okay=False
        ),
    ] = None,
    user: UserOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """File the next revision of a report: another outcome, the commonest change, or the whole inquiry anew."""
    from cairn.cli.telling import tell_receipt
    from cairn.correcting import NothingFiled
    from cairn.raw.reading import read_inquiries

    inquiry = None
    if file is not None:
        rows = list(read_inquiries(file))
        inquiry = next(
            (row.inquiry for row in rows if row.inquiry and row.inquiry.inquiry_id == inquiry_id), None
        )
        if inquiry is None:
            raise NothingFiled("the file has no readable inquiry of that inquiry_id")
    if outcome is None and inquiry is None:
        raise typer.BadParameter("give --outcome or --file")
    receipt = with_hub(home, lambda hub: hub.amend(inquiry_id, outcome=outcome, inquiry=inquiry, user=user))
    raise typer.Exit(tell_receipt(receipt, as_json))


@app.command()
def clear(
    inquiry_id: InquiryId,
    reason: Annotated[ClearReason, typer.Option(help="Why it is innocent.")],
    user: UserOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that an inquiry turned out to be innocent. Whoever sees the card learns that one was cleared, not whose."""
    stated = with_hub(home, lambda hub: hub.clear(inquiry_id, reason, user))
    _tell(inquiry_id, stated, as_json, "cleared; from the next index on it lowers what the card counts for")


@app.command("not-ours")
def not_ours(
    inquiry_id: InquiryId, user: UserOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Say that your report is not about the subject it was linked with. It counts nothing until that is decided."""
    stated = with_hub(home, lambda hub: hub.dispute(inquiry_id, user))
    _tell(inquiry_id, stated, as_json, "disputed; a reviewer sees it, and until then it counts nothing")


@app.command()
def alerts(
    sync: Annotated[bool, typer.Option("--sync", help="Fetch the latest index first.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """What changed for your own inquiries since this was last asked. Exit code 3 if anything did, for cron."""
    from cairn.alerts import news, remember

    async def work(hub: "AsyncHub") -> "tuple[Alert, ...]":
        if sync:
            await hub.sync()
        session = await hub.session()
        found = news(session)
        for alert in found.alerts:
            _tell_alert(alert, as_json)
        if unheard := await remember(session, found):
            note(f"cairn: the hub could not be told that you saw {', '.join(unheard)}; that is tried again")
        return found.alerts

    found = with_hub(home, work)
    if not found and not as_json:
        say("Nothing changed for your inquiries.")
    raise typer.Exit(Exit.CARD_FOUND if found else Exit.CLEAR)


def _tell_alert(alert: "Alert", as_json: bool) -> None:
    if as_json:
        emit(alert.as_json())
    else:
        say(f"{alert.inquiry_id or 'a card you looked at'}: {alert.text}")


def _tell(inquiry_id: str, stated: "Stated", as_json: bool, words: str) -> None:
    if as_json:
        emit(
            {
                "inquiry_id": inquiry_id,
                "said": stated.said.value,
                "reason": stated.reason.value if stated.reason else None,
                "status": "promised",
            }
        )
    else:
        say(f"{inquiry_id}: {words}.")
    raise typer.Exit(Exit.CLEAR)
