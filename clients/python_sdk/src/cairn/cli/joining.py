"""`cairn enrol`, `cairn status`, `cairn doctor`: becoming a member, and whether all is well."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cairn.cli.app import HomeOption, JsonOption, app
from cairn.cli.opening import folder_of, new_passphrase, with_hub
from cairn.cli.outcome import Exit, emit, say
from cairn.home import Home, HomeError, write_private

if TYPE_CHECKING:
    from cairn.api import AsyncHub


@app.command()
def enrol(
    invitation: Annotated[
        Path, typer.Argument(help="The invitation file from the hub's operator.", exists=True)
    ],
    families: Annotated[
        str, typer.Option(help="The item families you deal in, such as FAM-VAC,FAM-ENR; or 'all'.")
    ] = "all",
    passphrase_file: Annotated[
        Path | None, typer.Option("--passphrase-file", help="Read the new passphrase from this file.")
    ] = None,
    keep_passphrase: Annotated[
        bool,
        typer.Option(
            "--keep-passphrase", help="Keep the passphrase beside the keys: no questions, less protection."
        ),
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make your keys and ask the trustees to take you in."""
    from cairn.enrolling import enrol_with, family_codes, read_invitation

    folder = folder_of(home)
    own = Home(folder)
    if own.has_profile():
        raise HomeError(
            f"{folder} already belongs to {own.profile().party}; choose another folder with --home"
        )
    content = read_invitation(invitation)
    chosen = family_codes(families)
    word = new_passphrase(passphrase_file)
    act = enrol_with(own, content, chosen, word)
    if keep_passphrase:
        write_private(folder / "passphrase", word.encode())
    if as_json:
        emit({"status": "proposed", "party": content.party, "act": act})
    else:
        say(f"{content.party}: your keys are in {folder}. The trustees now decide on request {act}.")
        say("Run `cairn status` to see when you are on the roster, then `cairn index sync`.")
    raise typer.Exit(Exit.CLEAR)


@app.command()
def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Your place on the roster, your reports and proofs, your index, and what you should know."""
    from cairn.standing import standing_of

    async def work(hub: "AsyncHub") -> Exit:
        standing = await standing_of(await hub.session())
        if as_json:
            emit(standing.as_json())
        else:
            for line in standing.lines():
                say(line)
        return Exit.CLEAR

    raise typer.Exit(with_hub(home, work))


@app.command()
def doctor(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Look for what is wrong: files, clock, hub, trustees, index, version; and say what to do."""
    from cairn.doctor import examine

    async def work(hub: "AsyncHub") -> Exit:
        findings = await examine(await hub.session())
        for finding in findings:
            if as_json:
                emit({"check": finding.check, "ok": finding.ok, "detail": finding.detail})
            else:
                say(f"{'ok  ' if finding.ok else 'LOOK'}  {finding.check}: {finding.detail}")
        return Exit.CLEAR if all(finding.ok for finding in findings) else Exit.ERROR

    raise typer.Exit(with_hub(home, work))
