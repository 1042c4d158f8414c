"""`cairn policy`: how coarse what leaves this firm is, and a pack of the firm's own that makes it coarser."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cairn.cli.app import HomeOption, JsonOption, group
from cairn.cli.opening import with_hub
from cairn.cli.outcome import Exit, emit, say

if TYPE_CHECKING:
    from cairn.api import AsyncHub
    from cairn_protocol.messages.policy import Policy
    from cairn_protocol.messages.wire import Signed

policy = group("policy", "How coarse what leaves this firm is. A pack of the firm's own can only coarsen.")

PackArgument = Annotated[
    Path, typer.Argument(help="A pack: TOML as you write it, or signed.", exists=True, dir_okay=False)
]


@policy.command("show")
def show(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What is in force: the coarser, field by field, of the network's pack and the firm's own."""
    from cairn.policies import written

    async def work(hub: "AsyncHub") -> "tuple[Policy, Policy, Policy | None]":
        policies = (await hub.session()).policies
        return policies.in_force(), policies.network(), policies.firm()

    in_force, network, firm = with_hub(home, work)
    if as_json:
        emit(
            {
                "in_force": written(in_force),
                "network": network.version,
                "firm": firm.version if firm else None,
            }
        )
    else:
        say(f"network's pack: version {network.version}")
        say(f"firm's own pack: {f'{firm.name}, version {firm.version}' if firm else 'none'}")
        for field, value in written(in_force).items():
            say(f"  {field}: {' '.join(map(str, value)) if isinstance(value, list) else value}")
    raise typer.Exit(Exit.CLEAR)


@policy.command("sign")
def sign_pack(
    file: PackArgument,
    out: Annotated[Path, typer.Option("--out", help="Where to write the signed pack.", dir_okay=False)],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign a pack with this home's key, for the other homes of the same group to install."""
    from cairn.home import write_private
    from cairn_protocol.messages.wire import encode

    text = file.read_text("utf-8")

    async def work(hub: "AsyncHub") -> "Signed":
        return await _signed(hub, text)

    write_private(out, encode(with_hub(home, work)))
    if as_json:
        emit({"status": "signed", "out": str(out)})
    else:
        say(f"Signed: {out}. Install it in each home of the group with `cairn policy install`.")
    raise typer.Exit(Exit.CLEAR)


@policy.command("install")
def install(file: PackArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Put a pack in force here. One that would let out more than the network's is refused as a whole."""
    from cairn.policies import read_signed
    from cairn_protocol.errors import RevokedSigner, UnknownSigner
    from cairn_protocol.messages.policy import Policy
    from cairn_protocol.messages.wire import decode
    from cairn_protocol.policy_text import BadPolicy

    text = file.read_text("utf-8") if file.suffix == ".toml" else None
    packed = read_signed(file) if text is None else None

    async def work(hub: "AsyncHub") -> "Policy":
        session = await hub.session()
        if text is not None:
            own = session.keys.signing.public_key().public_bytes_raw()
            return session.policies.install(await _signed(hub, text), own)
        assert packed is not None
        signed = packed
        issuer = decode(signed.body, Policy).issuer
        try:
            entry = (await session.log.follow()).entry(issuer, int(session.now()))
        except (UnknownSigner, RevokedSigner) as cause:
            raise BadPolicy("the pack is signed by nobody on the roster") from cause
        if entry.group is None or entry.group != session.profile.group:
            raise BadPolicy("the pack is signed by another group: only your own can set your policy")
        return session.policies.install(signed, entry.signing_key)

    pack = with_hub(home, work)
    if as_json:
        emit({"status": "installed", "name": pack.name, "version": pack.version})
    else:
        say(f"Pack {pack.name}, version {pack.version}, is in force for whatever is filed from now on.")
    raise typer.Exit(Exit.CLEAR)


async def _signed(hub: "AsyncHub", text: str) -> "Signed":
    from cairn_protocol.messages.wire import sign
    from cairn_protocol.policy_text import read_policy

    session = await hub.session()
    pack = read_policy(
        text, issuer=session.profile.party, issued_at=int(time.time()), base=session.policies.network()
    )
    return sign(pack, session.keys.signing)
