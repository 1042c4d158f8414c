"""Before a trustee serves: its own keys, the key generation with the others, the genesis."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from cairn_protocol.errors import BadMessage, BadRoster, ProtocolError
from cairn_protocol.messages.parties import Genesis, TrusteeKeys, sign_genesis
from cairn_protocol.messages.trustee import CeremonyPlan, CeremonyResult, CeremonyTrustee
from cairn_protocol.messages.wire import Signed, decode, digest_of, encode, open_signed
from cairn_protocol.private_files import write_private
from cairn_protocol.sharing import Index
from trustee import keys as key_file
from trustee.addresses import listening_address
from trustee.errors import HomeError
from trustee.home import Home
from trustee.settings import Settings
from trustee.verbs.saying import AsJson, HomeOption, HubOption, PassphraseFile, passphrase, say, verb

app = typer.Typer()


@app.command()
def init(
    identity: Annotated[str, typer.Option("--id", help="The trustee's name, such as t1.")],
    index: Annotated[int, typer.Option(min=1, max=255, help="Its place in the joint keys, 1 to n.")],
    url: Annotated[str, typer.Option(help="The address members and hub reach it at.")],
    home: HomeOption,
    hub: HubOption = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a home: this trustee's own keys under a passphrase, and its public descriptor."""
    with verb(as_json):
        own = Home(home)
        url = url.rstrip("/")
        _check_descriptor(CeremonyTrustee(keys=_public(identity, index, bytes(32), bytes(32)), url=url))
        own.create()
        keys = key_file.create(own, passphrase(own, passphrase_file, new=True), Index(index))
        signing, sealing = keys.signing.public_key(), keys.sealing.public_key()
        public = _public(identity, index, signing.public_bytes_raw(), sealing.public_bytes_raw())
        own.save_descriptor(CeremonyTrustee(keys=public, url=url))
        if hub is not None:
            own.save_hub_url(hub)
        say(
            as_json,
            f"{identity} is ready. Give {home}/descriptor.json to the other trustees.",
            status="made",
            id=identity,
            descriptor=str(home / "descriptor.json"),
        )


@app.command()
def plan(
    descriptors: Annotated[list[Path], typer.Argument(help="Every trustee's descriptor.json.", exists=True)],
    threshold: Annotated[int, typer.Option(min=1, max=255, help="How many trustees must act together.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    epoch: Annotated[int, typer.Option(min=1, help="The epoch of the keys.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Write the plan of a key generation. It is public; all trustees must use the same."""
    with verb(as_json):
        trustees = [decode(path.read_bytes(), CeremonyTrustee) for path in descriptors]
        content = CeremonyPlan(
            epoch=epoch, t=threshold, trustees=tuple(sorted(trustees, key=lambda t: t.keys.index))
        )
        if not len(trustees) < 2 * threshold <= 2 * len(trustees):
            raise HomeError(f"{threshold} of {len(trustees)} is no quorum: more than half must be needed")
        write_private(out, encode(content))
        digest = digest_of(content).hex()
        say(as_json, f"Plan {digest}: compare it with the other trustees.", status="written", digest=digest)


@app.command()
def keygen(
    plan: Annotated[Path, typer.Option(help="The plan all trustees agreed on.", exists=True)],
    home: HomeOption,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make the joint keys with the other trustees, all at the same time, over HTTP."""
    with verb(as_json):
        from trustee.ceremony.dealing import Made, Part
        from trustee.ceremony.meeting import Meeting  # its server takes half a second to load

        own, settings = Home(home), Settings()
        me = own.descriptor()
        key_file.require_no_genesis(own)
        word = passphrase(own, passphrase_file)
        keys = key_file.load(own, word)
        content = decode(plan.read_bytes(), CeremonyPlan)

        def keep(made: Made) -> None:
            key_file.keep_shares(own, word, keys, *made.shares)
            own.save_ceremony(content, made.result)

        meeting = Meeting(Part(content, me, keys), keep)
        host, port = listening_address(me.url, settings.listen)
        try:
            asyncio.run(meeting.hold(host, port, settings.ceremony_seconds))
        except ProtocolError as error:
            write_private(own.fault, _fault(error, content, meeting.heard))
            raise
        say(
            as_json,
            f"Three joint keys are made; this trustee holds one share of each. "
            f"Give {home}/ceremony.json to the hub's operator.",
            status="made",
            plan=digest_of(content).hex(),
            result=str(home / "ceremony.json"),
        )


@app.command("sign-genesis")
def sign_the_genesis(
    genesis: Annotated[Path, typer.Option(help="The genesis that the hub's operator drafted.", exists=True)],
    out: Annotated[Path, typer.Option(help="The file to write the signature to.")],
    home: HomeOption,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Sign the log's first leaf, if it says exactly what this trustee's key generation made."""
    with verb(as_json):
        own = Home(home)
        content = decode(genesis.read_bytes(), Genesis)
        me = own.descriptor().keys
        _require_ceremony(content, own, me)
        if own.has_genesis() and own.genesis() != content:
            raise BadRoster("another genesis was signed with these keys: there is one log for them")
        keys = key_file.load(own, passphrase(own, passphrase_file))
        key_file.require_shares_of(content, me, keys)
        own.save_genesis(content)
        write_private(out, b64encode(sign_genesis(content, keys.signing)) + b"\n")
        digest = digest_of(content).hex()
        names = ", ".join(trustee.id for trustee in content.trustees)
        say(
            as_json,
            f"Signed genesis {digest}\n"
            f"  of the log {content.origin}, epoch {content.epoch}: {content.t} of {names}\n"
            f"  hub's key {content.hub_key.hex()}\n"
            f"  normaliser {content.normaliser.hex()}",
            status="signed",
            digest=digest,
            origin=content.origin,
            epoch=content.epoch,
            t=content.t,
            trustees=[trustee.id for trustee in content.trustees],
            hub_key=content.hub_key.hex(),
            normaliser=content.normaliser.hex(),
        )


def _public(identity: str, index: int, signing_key: bytes, sealing_key: bytes) -> TrusteeKeys:
    return TrusteeKeys(id=identity, index=index, signing_key=signing_key, sealing_key=sealing_key)


def _check_descriptor(descriptor: CeremonyTrustee) -> None:
    try:
        decode(encode(descriptor), CeremonyTrustee)
    except BadMessage as cause:
        raise HomeError(
            "an id is up to 32 small letters, digits and hyphens; a url begins with http:// or https://"
        ) from cause


def _require_ceremony(genesis: Genesis, own: Home, me: TrusteeKeys) -> None:
    """Raise BadRoster unless the genesis has the trustees, t, epoch and keys of the key generation."""
    plan, result = own.ceremony()
    made = open_signed(result, CeremonyResult, me.signing_key, culprit=f"trustee:{me.id}")
    if made.plan != digest_of(plan):
        raise HomeError("the plan in the home is not that of the key generation: run keygen again")
    differing = [
        what
        for what, said, agreed in (
            ("trustees", genesis.trustees, tuple(trustee.keys for trustee in plan.trustees)),
            ("number of trustees that must act together", genesis.t, plan.t),
            ("epoch", genesis.epoch, plan.epoch),
            ("joint keys", genesis.keys, made.keys),
        )
        if said != agreed
    ]
    if differing:
        raise BadRoster(
            f"the draft's {' and '.join(differing)} differ from this trustee's key generation", culprit="hub"
        )


def _fault(error: ProtocolError, plan: CeremonyPlan, heard: Mapping[str, Sequence[Signed]]) -> bytes:
    """What happened, and every signed message of the culprit: shares in them are sealed."""
    culprit = (error.culprit or "").removeprefix("trustee:")
    said = heard.get(culprit, [])
    record = {
        "culprit": error.culprit,
        "slug": error.slug,
        "detail": error.detail,
        "plan": digest_of(plan).hex(),
        "messages": [json.loads(msgspec.json.encode(signed)) for signed in said],
    }
    return json.dumps(record, indent=1).encode() + b"\n"
