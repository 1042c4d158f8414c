"""`cairn log`: check the hub's log without trusting the hub."""

import typer

from cairn.cli.app import HomeOption, JsonOption, group
from cairn.cli.opening import with_hub
from cairn.cli.outcome import Exit, emit, say

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


@log.command("conflict")
def conflict(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the kept proofs that the hub showed two logs, and what to do with them. Ends with 5 if there are any."""
    from cairn.cli.opening import folder_of
    from cairn.client.state import StateFolder
    from cairn.home import Home
    from cairn_protocol.signed_note import parse_note

    own = Home(folder_of(home))
    own.profile()  # in a folder that is nobody's home "no conflict" would be no news, but sound like it
    kept = StateFolder(own.state).conflicts()
    for at, giver, note in kept:
        origin, size, root = parse_note(note).text.splitlines()
        if as_json:
            emit(
                {
                    "kept_at": at,
                    "giver": giver,
                    "origin": origin,
                    "size": int(size),
                    "root": root,
                    "note": note,
                }
            )
        else:
            say(f"{giver} gave {origin} with {size} leaves and root {root}")
    if kept and not as_json:
        say("These notes contradict each other, and the hub signed both: that is proof, whoever holds them.")
        say(f"They are in {own.state / 'conflicts'}: copy them to another place first.")
        say(
            "Send them to every trustee and to other members by mail or phone, not through the hub. File nothing until"
        )
        say("the trustees have explained it; what waits in your outbox is safe there.")
    elif not as_json:
        say("No conflict was ever found here.")
    raise typer.Exit(Exit.PROOF_FAILED if kept else Exit.CLEAR)
