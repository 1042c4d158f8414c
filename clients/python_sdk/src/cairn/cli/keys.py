"""`cairn keys`: a backup of what can't be made again, and its return."""

from pathlib import Path
from typing import Annotated

import typer

from cairn.cli.app import HomeOption, JsonOption, group
from cairn.cli.opening import folder_of, new_passphrase, passphrase_of
from cairn.cli.outcome import emit, say
from cairn.home import Home, HomeError, write_private

keys = group("keys", "Back up and bring back the keys that your reports and register hang on.")

PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="Read the passphrase from this file instead of asking for it."),
]


@keys.command("backup")
def backup(
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    home: HomeOption = None,
    passphrase_file: PassphraseFile = None,
    as_json: JsonOption = False,
) -> None:
    """Write keys, profile and the list of cards seen to a file, under your passphrase or the one in a file."""
    from cairn.raw.keys import back_up, load
    from cairn.raw.register import Register

    folder = folder_of(home)
    own = Home(folder)
    word = passphrase_of(folder)
    opened = load(own, word)
    with Register(own.register, opened.register) as register:
        seen = tuple(register.told.cards())
    back_up(out, opened, own.profile(), seen, new_passphrase(passphrase_file) if passphrase_file else word)
    if as_json:
        emit({"status": "backed-up", "file": str(out)})
    else:
        say(f"{out} holds your keys. Keep it away from this computer, and its passphrase away from it.")
    raise typer.Exit(0)


@keys.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="The backup file.")],
    home: HomeOption = None,
    passphrase_file: PassphraseFile = None,
    as_json: JsonOption = False,
) -> None:
    """Bring keys and profile back into a home. A register that is already there stays as it is."""
    from cairn.raw.keys import MemberKeys, load, read_backup, save
    from cairn.raw.register import Register

    folder = folder_of(home)
    own = Home(folder)
    word = new_passphrase(passphrase_file) if passphrase_file else passphrase_of(folder)
    content = read_backup(file, word)
    restored = MemberKeys.of(content.keys)
    if own.keys.exists() and load(own, word).content() != content.keys:
        raise HomeError(f"{folder} holds other keys: restore into an empty folder, or move them aside first")
    own.create()
    save(own, restored, word)
    own.save_profile(content.profile)
    if passphrase_file is not None and own.stored_passphrase() is None:
        write_private(folder / "passphrase", word.encode())
    with Register(own.register, restored.register) as register:
        register.told.keep_cards(content.seen)
    if as_json:
        emit({"status": "restored", "party": content.profile.party})
    else:
        say(
            f"The keys of {content.profile.party} are back. File what you filed before: the report ids stay the same."
        )
    raise typer.Exit(0)


@keys.command("change")
def change(
    invitation: Annotated[Path, typer.Argument(help="A new invitation for this party.", exists=True)],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the trustees to take new keys for you. The old ones stay in use until they did."""
    from cairn.enrolling import change_keys, read_invitation

    folder = folder_of(home)
    act = change_keys(Home(folder), read_invitation(invitation), passphrase_of(folder))
    if as_json:
        emit({"status": "proposed", "act": act})
    else:
        say(
            f"The trustees now decide on request {act}. Run `cairn status` until it says that the new keys are in use."
        )
    raise typer.Exit(0)
