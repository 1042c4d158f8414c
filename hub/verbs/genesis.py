"""`cairn-hub genesis`: how the log begins. First a draft that every trustee reads and signs, then the seal."""

import asyncio
import base64
from pathlib import Path
from typing import Annotated

import typer

from cairn_protocol.errors import BadMessage, BadRoster
from cairn_protocol.messages.parties import Genesis, SignedGenesis
from cairn_protocol.messages.trustee import CeremonyPlan
from cairn_protocol.messages.wire import Signed, decode, digest_of, encode
from cairn_protocol.private_files import write_private
from hub import founding, logs
from hub.home import keep_trustees, load_settings
from hub.hub_key import load_hub_key, public_bytes
from hub.settings import Settings
from hub.storage.database import Store
from hub.verbs.saying import AsJson, Home, database, say, verb

app = typer.Typer(no_args_is_help=True, help="Begin the log: draft the genesis, then seal it.")

SIGNATURE_BYTES = 64


@app.command()
def draft(
    home: Home,
    plan: Annotated[Path, typer.Option(help="The ceremony's plan.")],
    results: Annotated[list[Path], typer.Option(help="Each trustee's signed result; once for each.")],
    origin: Annotated[str, typer.Option(help="The log's name for ever, such as cairn.example/log.")],
    normaliser: Annotated[str, typer.Option(help="Digest of the normalising data, in hex.")],
    out: Annotated[Path, typer.Option(help="Where to write the genesis for the trustees to sign.")],
    threshold: Annotated[int | None, typer.Option(help="Refuse a plan with another t.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put the genesis together from the trustees' key generation."""
    with verb(as_json):
        settings = load_settings(home)
        agreed = decode(plan.read_bytes().strip(), CeremonyPlan)
        if threshold not in (None, agreed.t):
            raise BadRoster(f"the plan says that {agreed.t} trustees are needed")
        genesis = founding.draft(
            agreed,
            [decode(path.read_bytes().strip(), Signed) for path in results],
            origin=origin,
            normaliser=_from_hex(normaliser),
            hub_key=public_bytes(load_hub_key(settings.hub_key_path)),
        )
        out.write_bytes(encode(genesis))
        keep_trustees(home, {one.keys.id: one.url for one in agreed.trustees})
        say(
            as_json,
            f"{out}: have every trustee read and sign it, then `cairn-hub genesis seal`.",
            genesis=str(out),
            digest=digest_of(genesis).hex(),
        )


@app.command()
def seal(
    home: Home,
    genesis: Annotated[Path, typer.Option(help="The genesis that the trustees signed.")],
    signatures: Annotated[list[str], typer.Option(help="t1=FILE; once for each trustee.")],
    as_json: AsJson = False,
) -> None:
    """Make the signed genesis leaf 0 of the log. Migrates the database."""
    with verb(as_json):
        settings = load_settings(home)
        logs.set_up("ERROR")
        agreed = decode(genesis.read_bytes().strip(), Genesis)
        if agreed.hub_key != public_bytes(load_hub_key(settings.hub_key_path)):
            raise BadRoster("the genesis names another hub's key than the one in this home")
        signed = founding.seal(agreed, dict(map(signature_in, signatures)))
        with database(settings) as url:
            asyncio.run(_begin(settings, url, signed))
        write_private(home / "genesis.json", encode(signed))
        say(
            as_json,
            f"sealed. Its digest, which every invitation carries: {digest_of(agreed).hex()}",
            digest=digest_of(agreed).hex(),
        )


async def _begin(settings: Settings, url: str, signed: SignedGenesis) -> None:
    async with Store.connect(url, settings) as store:
        await store.transact("begin", lambda db: founding.begin(db, signed))


def signature_in(named: str) -> tuple[str, bytes]:
    """t1=FILE, the file holding 64 bytes, raw or in base64."""
    name, equals, path = named.partition("=")
    if not equals:
        raise BadMessage("a signature is given as TRUSTEE=FILE")
    content = Path(path).read_bytes()
    if len(content) != SIGNATURE_BYTES:
        try:
            content = base64.b64decode(content.strip(), validate=True)
        except ValueError:
            raise BadMessage(f"the file of {name} is not a signature of 64 bytes") from None
    return name, content


def _from_hex(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise BadMessage("the normaliser's digest is not in hex") from None
