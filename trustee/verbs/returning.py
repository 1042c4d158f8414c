"""Returns: the dealer's ceremony for their key, and this trustee's part in each period.

`returns answer` does what waits and ends: run it by a timer. It opens the share; `serve` never does.
Database and arithmetic are imported where they are used: they take most of a second to load.
"""

import time
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cairn_protocol.messages.wire import Signed, decode, encode
from trustee import keys as key_file
from trustee.home import Home, write_private
from trustee.hub_link import HubLink
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
    from cairn_protocol.paillier import PublicKey
    from trustee.returns.duties import Told
    from trustee.returns.holding import Held

paillier = typer.Typer(no_args_is_help=True, help="The key that returns are encrypted under.")
returns = typer.Typer(no_args_is_help=True, help="Periods of returns: noise, signatures, parts of sums.")

_PAUSE_SECONDS = 0.5


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
        from cairn_protocol.messages.returns_exchange import approve_key
        from trustee.returns import holding
        from trustee.returns.dealing import take_share

        own = Home(home)
        word = passphrase(own, passphrase_file)
        keys = key_file.load(own, word)
        signed = decode(dealing.read_bytes(), Signed)
        key, share = take_share(signed, own.genesis(), own.descriptor().keys, keys)
        holding.keep(own, word, key, share)
        write_private(out, b64encode(approve_key(key.message, keys.signing)) + b"\n")
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
        from trustee.inside import opened
        from trustee.returns import duties, holding
        from trustee.returns.duties import Office, Outcome

        own, settings = Home(home), Settings()
        word = passphrase(own, passphrase_file)
        keys = key_file.load(own, word)
        identity = own.descriptor().keys.id
        link = HubLink(
            hub.rstrip("/") if hub else own.hub_url(), identity, keys.signing, settings.hub_seconds
        )
        shares: dict[bytes, Held] = {}

        def held(key: "PublicKey") -> "Held":
            if key.digest not in shares:
                shares[key.digest] = holding.load(own, word, key)
            return shares[key.digest]

        said: list[Told] = []
        until = time.monotonic() + wait
        with opened(own, settings) as store:
            office = Office(
                own.genesis(), identity, keys, store, link, held, settings.returns_rho_thousandths
            )
            while True:
                told = duties.answer(office)
                said += [one for one in told if one.outcome is not Outcome.WAITING]
                for one in told:
                    if one.outcome is not Outcome.WAITING:
                        _tell(one, as_json)
                ended = any(one.outcome is Outcome.REFUSED for one in told) or time.monotonic() > until
                if ended or not (told or duties.is_unfinished(office)):
                    break
                time.sleep(_PAUSE_SECONDS)
        if not said and not as_json:
            say(False, "Nothing waits.")
        errors = [one.error for one in said if one.error is not None]
        if errors:
            raise typer.Exit(code_of(errors[0]))


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
