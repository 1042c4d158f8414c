"""`cairn record`: what you were shown, how you resolved each flag, what you decided. It stays on this computer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cairn.cli.app import HomeOption, JsonOption, group
from cairn.cli.member import UserOption
from cairn.cli.opening import with_hub
from cairn.cli.outcome import Exit, emit, say

if TYPE_CHECKING:
    from cairn.api import AsyncHub
    from cairn.raw.resolution import Entry
    from cairn.record import Export

record = group("record", "Your record of flags and decisions: local, kept five years, exported with proofs.")


@record.command("add")
def add(
    inquiry_id: Annotated[str, typer.Argument(help="Your own number of the inquiry.")],
    flag: Annotated[str | None, typer.Option("--flag", help="The red flag that you resolved.")] = None,
    resolution: Annotated[str | None, typer.Option("--resolution", help="How you resolved it.")] = None,
    decision: Annotated[
        str | None, typer.Option("--decision", help="Your decision, one of the options of an advice.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why you decided so.")] = None,
    user: UserOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Note how a flag was resolved, or a decision with its reason, and who says so."""
    from cairn.record import decide, resolve_flag

    if (flag is None) == (decision is None):
        raise typer.BadParameter("give either --flag with --resolution, or --decision with --reason")

    async def work(hub: "AsyncHub") -> "Entry":
        session = await hub.session()
        if flag is not None:
            return resolve_flag(session, inquiry_id, flag.upper(), resolution or "", user or "")
        assert decision is not None
        return decide(session, inquiry_id, decision.upper(), reason or "", user or "")

    entry = with_hub(home, work)
    if as_json:
        emit({"number": entry.number, "inquiry_id": entry.inquiry_id, "digest": entry.digest().hex()})
    else:
        say(f"{entry.inquiry_id}: noted as entry {entry.number} of your record.")
    raise typer.Exit(Exit.CLEAR)


@record.command("list")
def list_entries(
    inquiry_id: Annotated[str | None, typer.Argument(help="Only this inquiry.", show_default=False)] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """The record, in order."""
    from cairn.record import entries_of, told

    async def work(hub: "AsyncHub") -> "list[Entry]":
        return (await hub.session()).register.record.entries()

    for entry in entries_of(with_hub(home, work), inquiry_id):
        if as_json:
            emit(
                {
                    "number": entry.number,
                    "inquiry_id": entry.inquiry_id,
                    "made_at": entry.made_at,
                    "user": entry.user,
                    "about": entry.about.value,
                    "code": entry.code,
                    "text": entry.text,
                }
            )
        else:
            what = " ".join(part for part in (entry.about.value, entry.code, entry.text) if part)
            say(
                f"{entry.number}. {told(entry.made_at)} {entry.inquiry_id} {entry.user or '(unnamed)'}: {what}"
            )
    raise typer.Exit(Exit.CLEAR)


@record.command("anchor")
def anchor_record(
    inquiry_id: Annotated[str, typer.Argument(help="An inquiry of yours whose report the hub has.")],
    user: UserOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a digest of the whole record into the network's log, under a key of yours: shows later that it was there."""
    from cairn.record import anchor

    async def work(hub: "AsyncHub") -> "Entry":
        return await anchor(await hub.session(), inquiry_id, user or "")

    entry = with_hub(home, work)
    if as_json:
        emit({"number": entry.number, "anchored": (entry.advice or {}).get("number"), "status": "promised"})
    else:
        say(
            f"The record so far is anchored; entry {entry.number} holds what shows it, and every export from now on."
        )
    raise typer.Exit(Exit.CLEAR)


@record.command("export")
def export_record(
    out: Annotated[
        Path, typer.Option("--out", help="Where to write it; .html makes a page.", dir_okay=False)
    ],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the whole record with the proofs of its reports, as JSON or as a page to print."""
    from cairn.home import write_private
    from cairn.record import as_html, export
    from cairn.record import as_json as json_of

    async def work(hub: "AsyncHub") -> "Export":
        return await export(await hub.session())

    exported = with_hub(home, work)
    text = as_html(exported) if out.suffix.lower() in (".html", ".htm") else json_of(exported)
    write_private(out, text.encode())
    if as_json:
        emit({"status": "exported", "entries": len(exported.entries), "receipts": len(exported.receipts)})
    else:
        say(f"{len(exported.entries)} entries and {len(exported.receipts)} receipts are in {out}.")
    raise typer.Exit(Exit.CLEAR)


@record.command("verify")
def verify_record(
    file: Annotated[Path, typer.Argument(help="An export, JSON or page.", exists=True, dir_okay=False)],
    genesis: Annotated[
        str | None, typer.Option("--genesis", help="The network's genesis digest in hex, as you know it.")
    ] = None,
    evidence: Annotated[
        list[Path] | None,
        typer.Option("--evidence", help="A file: did a report tell of it?", exists=True, dir_okay=False),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check an export without any network: its chain of entries, and the proof of each report.

    A home says by itself which genesis it pins; a stranger without one gives --genesis, or compares by eye.
    """
    from cairn.home import Home
    from cairn.record import verify

    try:
        pinned = bytes.fromhex(genesis) if genesis else Home(home).profile().genesis_digest if home else None
    except ValueError:
        raise typer.BadParameter("64 hex digits", param_hint="--genesis") from None
    hashes = [_sha256(path) for path in evidence or ()]
    verdict = verify(file.read_text("utf-8"), pinned, hashes)
    if as_json:
        emit(
            {
                "status": "verified",
                "party": verdict.party,
                "genesis": verdict.genesis_digest.hex(),
                "entries": verdict.entries,
                "proven": verdict.proven,
                "promised": verdict.promised,
                "anchored": verdict.anchored,
                "evidence": list(verdict.files),
            }
        )
    else:
        say(f"{verdict.party}: {verdict.entries} entries, each following the one before.")
        say(f"{verdict.proven} reports are proven in the log, {verdict.promised} only promised.")
        if verdict.anchored:
            say(f"The log shows that entries up to {verdict.anchored} were there then.")
        for path, report_id in zip(evidence or (), verdict.files, strict=True):
            say(f"{path.name}: {f'told of by report {report_id}' if report_id else 'no report told of it'}.")
        if pinned is None:
            say(f"All of it under genesis {verdict.genesis_digest.hex()}: compare it with an invitation.")
    raise typer.Exit(Exit.CLEAR)


def _sha256(path: Path) -> bytes:
    from hashlib import file_digest

    with path.open("rb") as file:
        return file_digest(file, "sha256").digest()
