"""`cairn-trustee`: the staff's commands. Exit codes: 0 done, 1 error, 2 usage, 5 a proof failed, 6 refused."""

import asyncio
import getpass
import json
import sys
from base64 import b64encode
from pathlib import Path
from typing import Annotated

import typer

from cairn_protocol.errors import BadRoster, CairnError, ProtocolError
from cairn_protocol.messages.parties import Genesis, TrusteeKeys, sign_genesis
from cairn_protocol.messages.trustee import CeremonyPlan, CeremonyResult, CeremonyTrustee
from cairn_protocol.messages.wire import Signed, decode, digest_of, encode, open_signed
from cairn_protocol.sharing import Index
from trustee import keys as key_file
from trustee.errors import HomeError
from trustee.home import Home, write_private
from trustee.hub_link import HubLink
from trustee.keys import ServingKeys
from trustee.settings import Settings

app = typer.Typer(
    name="cairn-trustee",
    help="Hold one share of Cairn's joint keys: evaluate for members, cosign the log, decide on the roster.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
HomeOption = Annotated[Path, typer.Option("--home", envvar="CAIRN_HOME", help="The trustee's home folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line on standard output.")]
PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", help="Read the passphrase from this file.")
]
HubOption = Annotated[
    str | None, typer.Option("--hub", help="The hub's address; else the one kept in the home.")
]


def main() -> None:
    """The entry point: every known failure is a sentence and an exit code."""
    try:
        app()
    except CairnError as error:
        if "--json" in sys.argv:
            print(
                json.dumps(
                    {"status": "error", "reason": getattr(error, "slug", "error"), "detail": str(error)}
                )
            )
        print(f"cairn-trustee: {error}", file=sys.stderr)
        refused = isinstance(error, BadRoster)
        sys.exit(
            6 if refused else 5 if isinstance(error, ProtocolError) and error.slug.startswith("bad-") else 1
        )


def _word(home: Home, path: Path | None) -> str:
    if path is not None:
        return path.read_text().strip()
    if (kept := home.stored_passphrase()) is not None:
        return kept
    if not sys.stdin.isatty():
        raise HomeError(
            "the keys are under a passphrase: run this in a terminal, or name a file with --passphrase-file"
        )
    return getpass.getpass("Passphrase: ")


def _say(as_json: bool, record: dict[str, object], words: str) -> None:
    print(json.dumps(record) if as_json else words, flush=True)


@app.command()
def init(
    identity: Annotated[str, typer.Option("--id", help="The trustee's name, such as t1.")],
    index: Annotated[int, typer.Option(min=1, max=255, help="Its place in the joint keys, 1 to n.")],
    url: Annotated[str, typer.Option(help="The address members and hub reach it at.")],
    home: HomeOption,
    hub: HubOption = None,
    passphrase_file: PassphraseFile = None,
    as_json: JsonOption = False,
) -> None:
    """Make this trustee's own keys and its public descriptor."""
    own = Home(home)
    own.create()
    keys = key_file.create(own, _word(own, passphrase_file), Index(index))
    public = TrusteeKeys(
        id=identity,
        index=index,
        signing_key=keys.signing.public_key().public_bytes_raw(),
        sealing_key=keys.sealing.public_key().public_bytes_raw(),
    )
    own.save_descriptor(decode(encode(CeremonyTrustee(keys=public, url=url)), CeremonyTrustee))
    if hub is not None:
        own.save_hub_url(hub)
    _say(
        as_json, {"status": "made", "id": identity}, f"{identity}: give {home}/descriptor.json to the others."
    )


@app.command()
def plan(
    descriptors: Annotated[list[Path], typer.Argument(help="Every trustee's descriptor.json.", exists=True)],
    threshold: Annotated[int, typer.Option(min=1, help="How many trustees must act together.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    epoch: Annotated[int, typer.Option(min=1, help="The epoch of the keys.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Write the plan of a key generation; all trustees must use the same."""
    trustees = sorted(
        (decode(path.read_bytes(), CeremonyTrustee) for path in descriptors), key=lambda t: t.keys.index
    )
    content = CeremonyPlan(epoch=epoch, t=threshold, trustees=tuple(trustees))
    write_private(out, encode(content))
    digest = digest_of(content).hex()
    _say(
        as_json,
        {"status": "written", "digest": digest},
        f"Plan {digest}: compare it with the other trustees.",
    )


@app.command()
def keygen(
    plan: Annotated[Path, typer.Option(help="The plan all trustees agreed on.", exists=True)],
    home: HomeOption,
    passphrase_file: PassphraseFile = None,
    as_json: JsonOption = False,
) -> None:
    """Make the joint keys together with the other trustees, who run this at the same time."""
    from trustee.ceremony.meeting import meet

    own = Home(home)
    word = _word(own, passphrase_file)
    keys = key_file.load(own, word)
    if keys.names is not None:
        raise HomeError("this trustee has its shares already")
    content = decode(plan.read_bytes(), CeremonyPlan)
    made, result = asyncio.run(meet(content, own.descriptor(), keys, Settings().ceremony_seconds))
    names, values, assent = made.shares
    key_file.keep_shares(own, word, keys, names, values, assent.scalar)
    write_private(own.ceremony, encode(result))
    _say(as_json, {"status": "made"}, "Three joint keys are made; this trustee holds one share of each.")


@app.command("sign-genesis")
def sign_the_genesis(
    genesis: Annotated[Path, typer.Option(help="The genesis that the hub's operator drafted.", exists=True)],
    out: Annotated[Path, typer.Option(help="The file to write the signature to.")],
    home: HomeOption,
    passphrase_file: PassphraseFile = None,
    as_json: JsonOption = False,
) -> None:
    """Sign the log's first leaf, if it holds this trustee's keys and the ceremony's."""
    own = Home(home)
    keys = key_file.load(own, _word(own, passphrase_file))
    me = own.descriptor().keys
    content = decode(genesis.read_bytes(), Genesis)
    made = open_signed(decode(own.ceremony.read_bytes(), Signed), CeremonyResult, me.signing_key)
    if me not in content.trustees or content.keys != made.keys:
        raise BadRoster("the draft holds other keys than this trustee's ceremony made", culprit="hub")
    write_private(out, b64encode(sign_genesis(content, keys.signing)) + b"\n")
    own.save_genesis_digest(digest_of(content))
    digest = digest_of(content).hex()
    _say(
        as_json,
        {"status": "signed", "digest": digest},
        f"Signed genesis {digest}: {content.t} of {len(content.trustees)} trustees, epoch {content.epoch}.",
    )


@app.command()
def serve(home: HomeOption, passphrase_file: PassphraseFile = None) -> None:
    """Answer members and the hub until stopped."""
    import uvicorn

    from trustee.logs import set_up
    from trustee.main import create_app
    from trustee.serving import Serving, port_of

    own = Home(home)
    word = _word(own, passphrase_file)
    settings = Settings()
    set_up(settings.log_level)
    host, port = port_of(own.descriptor().url)
    uvicorn.run(
        create_app(lambda: Serving(own, word, settings)),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
    )


@app.command()
def status(home: HomeOption, as_json: JsonOption = False) -> None:
    """What this trustee has and has seen."""
    from cairn_protocol.messages.parties import Role
    from trustee.inside import look

    inside = look(Home(home), Settings())
    counts = {role.value: count for role, count in inside.parties.items()}
    record: dict[str, object] = {
        "id": inside.id,
        "mirror": inside.size,
        "checkpoint": inside.checkpoint_size,
        "roster": counts,
        "today": inside.today,
    }
    words = (
        f"{inside.id}: {inside.size} leaves mirrored, the first {inside.checkpoint_size} cosigned; "
        f"{counts.get(Role.MEMBER.value, 0)} members; subjects evaluated today: {inside.today}"
    )
    _say(as_json, record, words)


@app.command()
def requests(
    home: HomeOption,
    hub: HubOption = None,
    passphrase_file: PassphraseFile = None,
    as_json: JsonOption = False,
) -> None:
    """What waits for this trustee's decision, and what its own log bears out."""
    from trustee.inside import desk

    _, _, link = _at_the_desk(home, passphrase_file, hub)
    waiting = desk(Home(home), link)
    for record, words in waiting.told():
        _say(as_json, record, words)
    if not waiting.told() and not as_json:
        print("Nothing waits.")


@app.command()
def approve(
    home: HomeOption,
    ids: Annotated[list[str] | None, typer.Argument(help="Ids as `requests` shows them.")] = None,
    every: Annotated[
        bool,
        typer.Option("--all", help="All roster acts that are borne out; openings are approved by id alone."),
    ] = False,
    hub: HubOption = None,
    passphrase_file: PassphraseFile = None,
    as_json: JsonOption = False,
) -> None:
    """Agree to roster acts and openings, each checked against this trustee's own log first."""
    from trustee import requests as roster_acts
    from trustee.inside import assent, desk

    if bool(ids) == every:
        raise typer.BadParameter("name the ids to approve, or --all")
    own = Home(home)
    word, keys, link = _at_the_desk(home, passphrase_file, hub)
    waiting = desk(own, link)
    acts = {one.id: one for one in waiting.acts}
    openings = {one.id: one for one in waiting.openings}
    wanted = [one.id for one in waiting.acts if one.objection is None] if every else list(ids or [])
    if missing := [identity for identity in wanted if identity not in acts and identity not in openings]:
        raise HomeError(f"nothing waits under {', '.join(missing)}; see `cairn-trustee requests`")
    for identity in wanted:
        if identity in acts:
            roster_acts.sign(link, acts[identity], link.trustee, keys.signing)
        else:
            assent(own, word, keys, link, openings[identity])
        _say(as_json, {"id": identity, "status": "approved"}, f"{identity}: approved")


@app.command()
def refuse(
    ids: Annotated[list[str], typer.Argument(help="Ids as `requests` shows them.")],
    home: HomeOption,
    hub: HubOption = None,
    passphrase_file: PassphraseFile = None,
    as_json: JsonOption = False,
) -> None:
    """Refuse: it is not shown here again, and the hub hears of a refused opening. No reason is asked for."""
    from trustee.inside import desk, refuse_opening, remember_refusals

    own = Home(home)
    _, keys, link = _at_the_desk(home, passphrase_file, hub)
    openings = {one.id: one for one in desk(own, link).openings}
    remember_refusals(own, ids)
    for identity in ids:
        if identity in openings:
            refuse_opening(keys, link, openings[identity])
        _say(as_json, {"id": identity, "status": "refused"}, f"{identity}: refused")


def _at_the_desk(
    home: Path, passphrase_file: Path | None, hub: str | None
) -> tuple[str, ServingKeys, HubLink]:
    """The passphrase, the opened keys, and the hub to talk to in this trustee's name."""
    own = Home(home)
    word = _word(own, passphrase_file)
    keys = key_file.load(own, word)
    identity = own.descriptor().keys.id
    return word, keys, HubLink(hub or own.hub_url(), identity, keys.signing, Settings().hub_seconds)
