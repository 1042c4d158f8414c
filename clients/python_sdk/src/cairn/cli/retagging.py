"""`cairn retag`: reports whose match keys would be others today, filed anew."""

import typer

from cairn.cli.app import HomeOption, JsonOption, app
from cairn.cli.opening import with_hub
from cairn.cli.outcome import Exit, note


@app.command()
def retag(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Bring your reports up to date with the network's normaliser, epoch and policy, as far as the meter goes."""
    from cairn.cli.telling import tell_receipt

    receipts = with_hub(home, lambda hub: hub.retag())
    codes = [tell_receipt(receipt, as_json) for receipt in receipts]
    note(f"{len(receipts)} reports had other keys than they would have today.")
    raise typer.Exit(next((code for code in (Exit.REFUSED, Exit.QUEUED) if code in codes), Exit.CLEAR))
