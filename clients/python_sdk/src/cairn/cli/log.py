"""`cairn log`: check the hub's log without trusting the hub."""

import typer

from cairn.cli.app import HomeOption, JsonOption, group
from cairn.cli.opening import with_hub
from cairn.cli.outcome import emit, say

log = group("log", "The transparency log that the trustees cosign.")


@log.command("verify")
def verify(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Recompute the whole log and compare it with what the trustees signed. Says where it was changed."""
    audit = with_hub(home, lambda hub: hub.verify_log())
    if as_json:
        emit(
            {
                "status": "verified",
                "size": audit.size,
                "leaves": {kind.value: count for kind, count in audit.leaves_by_kind.items()},
                "cosigners": list(audit.cosigners),
            }
        )
    else:
        say(f"All {audit.size} leaves are as the trustees signed them ({', '.join(audit.cosigners)}).")
        for kind, count in audit.leaves_by_kind.items():
            say(f"  {kind.value}: {count}")
    raise typer.Exit(0)
