"""Returns: the dealer's ceremony for their key, and this trustee's part in each period.

`returns answer` does what waits and ends: run it by a timer. It opens the share; `serve` never does.
Database and arithmetic are imported where they are used: they take most of a second to load.
"""

from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cairn_protocol.messages.wire import Signed, decode, encode
from cairn_protocol.private_files import write_private
from trustee import keys as key_file
from trustee.home import Home
from trustee.settings import Settings
from trustee.verbs.saying import (
    AsJson,
    HomeOption,
    HubOption,
    PassphraseFile,
    code_of,
    passphrase,
    reason_of,
    say,
    verb,
)

if TYPE_CHECKING:
    from trustee.returns.duties import Told

paillier = typer.Typer(no_args_is_help=True, help="The key that returns are encrypted under.")
returns = typer.Typer(no_args_is_help=True, help="Periods of returns: noise, signatures, parts of sums.")


@paillier.command("deal")
def deal(
    home: HomeOption,
    out: Annotated[Path, typer.Option(help="The file to write; its shares are sealed to the trustees.")],
    primes: Annotated[
        Path | None,
        typer.Option(help="Use the primes in this file. For trying things out only.", exists=True),
    ] = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make the key and every trustee's share of it. Do it on a machine that is offline, and wipe it afterwards."""
    with verb(as_json):
        from trustee.returns.dealing import deal_for, fresh_primes, stored_primes

        own = Home(home)
        keys = key_file.load(own, passphrase(own, passphrase_file))
        dealer = own.descriptor().keys.id
        chosen = stored_primes(primes) if primes else fresh_primes()
        signed = deal_for(own.genesis(), dealer, keys.signing, chosen)
        write_private(out, encode(signed))
        how = "stored primes, which protect nothing" if primes else "fresh primes"
        say(
            as_json,
            f"Dealt by {how}. Give {out} to every trustee, then wipe this machine: who keeps it reads every return.",
            status="dealt",
            dealing=str(out),
            fresh=primes is None,
        )


@paillier.command("accept")
def accept(
    dealing: Annotated[Path, typer.Argument(help="The dealing that the dealer wrote.", exists=True)],
    home: HomeOption,
    out: Annotated[Path, typer.Option(help="The file to write this trustee's approval to.")],
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Take this trustee's share, if it is the one that the key fixes, and approve the key."""
    with verb(as_json):
        from trustee.returns import dealing as ceremony

        own = Home(home)
        signed = decode(dealing.read_bytes(), Signed)
        key, approval = ceremony.accept(own, passphrase(own, passphrase_file), signed)
        write_private(out, b64encode(approval) + b"\n")
        say(
            as_json,
            f"This trustee holds its share of key {key.digest.hex()[:16]}. Give {out} to the hub's operator.",
            status="accepted",
            key=key.digest.hex(),
            approval=str(out),
        )


@returns.command("answer")
def answer(
    home: HomeOption,
    wait: Annotated[
        float,
        typer.Option(
            min=0, help="Go on for up to so many seconds: until a sum it signs is opened, and checked here."
        ),
    ] = 0,
    hub: HubOption = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Do what periods wait for: deposit noise, sign a close that holds, give the part, check the result."""
    with verb(as_json):
        from trustee.returns import duties
        from trustee.returns.office import open_office

        own = Home(home)
        refused = None
        with open_office(own, Settings(), passphrase(own, passphrase_file), hub) as office:
            done = 0
            for one in duties.answer_until(office, wait):
                _tell(one, as_json)
                done += 1
                refused = refused or one.error
        if not done and not as_json:
            say(False, "Nothing waits.")
        if refused is not None:
            raise typer.Exit(code_of(refused))


def _tell(one: "Told", as_json: bool) -> None:
    why = f": {one.error}" if one.error else ""
    say(
        as_json,
        f"{one.period} {one.what}: {one.outcome}{why}",
        period=one.period,
        what=one.what,
        status=one.outcome.value,
        reason=reason_of(one.error) if one.error else None,
    )
