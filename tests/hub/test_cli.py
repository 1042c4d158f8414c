"""`cairn-hub` as an operator uses it: from an empty folder to a served log and an invited firm."""

import base64
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from cairn_protocol.messages.parties import Enrolment, Genesis, Invitation, Proposal, Proposals
from cairn_protocol.messages.trustee import CeremonyResult
from cairn_protocol.messages.wire import decode, digest_of, encode, sign
from cairn_protocol.roster import act_id
from hub.cli import app
from tests.support.cosigner import Cosigner
from tests.support.hub import until
from tests.support.parties import Parties, parties, possession

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Operator:
    """An operator with a home and a database."""

    home: Path
    url: str

    def run(self, *words: str | Path, expect: int = 0) -> list[dict[str, object]]:
        """A verb with --json; what it printed. In this process, for starting Python takes longer than most verbs."""
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        try:
            done = CliRunner().invoke(
                app, [*map(str, words), "--json"], env={"CAIRN_HUB_HOME": str(self.home)}
            )
        finally:
            root.handlers, root.level = handlers, level
        assert done.exit_code == expect, done.output
        return [json.loads(line) for line in done.stdout.splitlines()]

    def serve(self, log: Path) -> "subprocess.Popen[bytes]":
        """The server, in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "hub.cli", "serve"],
            cwd=ROOT,
            env=self.environment(),
            stderr=log.open("ab"),
        )

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(ROOT / "protocol/src"), str(ROOT)])
        return {"PATH": os.environ["PATH"], "PYTHONPATH": path, "CAIRN_HUB_HOME": str(self.home)}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def operator(tmp_path: Path, database_url: str) -> Operator:
    """One whose hub was just made, on a database of the test server."""
    secret = tmp_path / "database"
    secret.write_text(database_url + "\n")
    operator = Operator(tmp_path / "home", f"http://127.0.0.1:{free_port()}")
    operator.run("init", "--public-url", operator.url, "--database-url-file", secret)
    return operator


@pytest.fixture
def trustees() -> Iterator[tuple[Parties, dict[str, str]]]:
    known = parties()
    cosigners = [Cosigner(known, name) for name in known.trustee_keys]
    with cosigners[0].serving() as t1, cosigners[1].serving() as t2, cosigners[2].serving() as t3:
        yield known, {"t1": t1, "t2": t2, "t3": t3}


def draft(operator: Operator, folder: Path, known: Parties, *options: str, expect: int = 0) -> Genesis | None:
    """The genesis from the ceremony's files."""
    (folder / "plan.json").write_bytes(encode(known.plan))
    results: list[str | Path] = []
    for at, result in enumerate(known.results):
        (folder / f"result-{at}.json").write_bytes(encode(result))
        results += ["--results", folder / f"result-{at}.json"]
    operator.run(
        "genesis", "draft", "--plan", folder / "plan.json", *results, "--origin", known.genesis.origin,
        "--normaliser", known.genesis.normaliser.hex(), "--out", folder / "genesis.json", *options, expect=expect,
    )  # fmt: skip
    return decode((folder / "genesis.json").read_bytes(), Genesis) if not expect else None


def seal(operator: Operator, folder: Path, signatures: dict[str, bytes], *, expect: int = 0) -> None:
    """The genesis with these signatures."""
    given = []
    for name, signature in signatures.items():
        (folder / f"{name}.sig").write_bytes(base64.b64encode(signature) + b"\n")
        given += ["--signatures", f"{name}={folder / name}.sig"]
    operator.run("genesis", "seal", "--genesis", folder / "genesis.json", *given, expect=expect)


def begin(operator: Operator, folder: Path, known: Parties, addresses: dict[str, str]) -> Parties:
    """A sealed hub; the parties with the genesis that names its key."""
    plan = replace_urls(known, addresses)
    genesis = draft(operator, folder, plan)
    assert genesis is not None
    sealed = replace(plan, genesis=genesis)
    seal(operator, folder, sealed.signatures())
    return sealed


def replace_urls(known: Parties, addresses: dict[str, str]) -> Parties:
    """The same parties, with the trustees at these addresses; their results name the new plan."""
    listed = tuple(msgspec.structs.replace(one, url=addresses[one.keys.id]) for one in known.plan.trustees)
    plan = msgspec.structs.replace(known.plan, trustees=listed)
    results = [
        sign(CeremonyResult(plan=digest_of(plan), trustee=name, keys=known.genesis.keys), key)
        for name, key in known.trustee_keys.items()
    ]
    return replace(known, plan=plan, results=results)


def test_init_makes_files_for_the_owner_alone(operator: Operator) -> None:
    files = {path.name: path.stat().st_mode & 0o777 for path in operator.home.iterdir()}

    assert files == {"settings.env": 0o600, "hub_key.pem": 0o600, "keys.json": 0o600}


def test_init_never_touches_a_home_that_is_there(operator: Operator) -> None:
    key = (operator.home / "hub_key.pem").read_bytes()
    operator.run("init", expect=1)

    assert (operator.home / "hub_key.pem").read_bytes() == key


def test_a_folder_that_is_no_home_is_told(tmp_path: Path) -> None:
    (told,) = Operator(tmp_path / "nothing", "").run("members", "list", expect=1)
    assert "cairn-hub init" in str(told["detail"])


def test_serve_without_a_genesis_says_what_is_missing(operator: Operator) -> None:
    (told,) = operator.run("serve", expect=1)
    assert "genesis seal" in str(told["detail"])


def test_a_database_of_another_hub_is_left_alone(
    operator: Operator, tmp_path: Path, database_url: str, trustees: tuple[Parties, dict[str, str]]
) -> None:
    begin(operator, tmp_path, *trustees)
    other = Operator(tmp_path / "other", operator.url)
    other.run("init", "--public-url", other.url, "--database-url-file", tmp_path / "database")

    (told,) = other.run("members", "list", expect=1)
    assert "another hub's key" in str(told["detail"])
    (told,) = other.run("serve", expect=1)
    assert "another hub's key" in str(told["detail"])


def test_a_genesis_is_not_sealed_without_every_trustees_signature(operator: Operator, tmp_path: Path) -> None:
    known = parties()
    genesis = draft(operator, tmp_path, known)
    assert genesis is not None
    right = replace(known, genesis=genesis).signatures()

    seal(operator, tmp_path, {"t1": right["t1"], "t2": right["t2"]}, expect=6)
    seal(operator, tmp_path, right | {"t3": right["t2"]}, expect=5)
    seal(operator, tmp_path, known.signatures(), expect=5)  # of another genesis
    seal(operator, tmp_path, right)


def test_results_that_differ_make_no_genesis(operator: Operator, tmp_path: Path) -> None:
    known = parties()
    keys = tuple(reversed(known.genesis.keys))
    lie = sign(CeremonyResult(plan=digest_of(known.plan), trustee="t3", keys=keys), known.trustee_keys["t3"])

    draft(operator, tmp_path, replace(known, results=[*known.results[:2], lie]), expect=6)
    draft(operator, tmp_path, replace(known, results=known.results[:2]), expect=6)
    forged = sign(
        CeremonyResult(plan=digest_of(known.plan), trustee="t3", keys=known.genesis.keys),
        Ed25519PrivateKey.generate(),
    )
    draft(operator, tmp_path, replace(known, results=[*known.results[:2], forged]), expect=5)
    draft(operator, tmp_path, known, "--threshold", "3", expect=6)


def test_from_nothing_to_a_firm_on_the_roster(
    operator: Operator, tmp_path: Path, trustees: tuple[Parties, dict[str, str]]
) -> None:
    known = begin(operator, tmp_path, *trustees)
    server = operator.serve(tmp_path / "log")
    try:
        until(lambda: is_ready(operator.url))
        file = tmp_path / "invitation"
        (told,) = operator.run(
            "members", "invite", "--id", "m13", "--group", "meridian", "--sector", "exporter", "--out", file
        )  # fmt: skip
        assert (told["party"], told["group_index"], file.stat().st_mode & 0o777) == ("m13", 1, 0o600)
        invitation = decode(file.read_bytes().strip(), Invitation)
        assert (invitation.hub, len(invitation.trustees)) == (operator.url, 3)
        assert invitation.genesis_digest == digest_of(known.genesis)

        key = Ed25519PrivateKey.generate()
        entry = invitation.entry(key.public_key().public_bytes_raw(), None, ("ALL",))
        enrolment = encode(Enrolment(word=invitation.word, entry=entry, possession=possession(entry, key)))
        answer = httpx2.post(f"{operator.url}/v1/enrolments", content=enrolment)
        assert answer.status_code == 202
        assert status_of(operator, "m13") == "proposed"

        approve(operator.url, known, decode(answer.content, Proposal))
        until(lambda: status_of(operator, "m13") == "in-force")

        (revoked,) = operator.run("members", "revoke", "--id", "m13")
        (allowed,) = operator.run(
            "members", "allow", "--group", "meridian", "--day", "2026-11-24", "--subjects", "20000"
        )
        waiting = decode(httpx2.get(f"{operator.url}/v1/roster/proposals").content, Proposals).proposals
        assert {act_id(one.act) for one in waiting} == {revoked["act"], allowed["act"]}
        for proposal in waiting:
            approve(operator.url, known, proposal)
        until(lambda: status_of(operator, "m13") == "revoked")

        (published,) = operator.run("index", "publish")
        assert published == {"number": 1, "cards": 0, "tags": 0}

        checks = operator.run("doctor")
        assert {"database", "sequencer", "trustee t1", "trustee t3", "server"} <= {
            str(one["name"]) for one in checks
        }
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
    assert b"m13" not in (tmp_path / "log").read_bytes()  # G4


def test_what_contradicts_the_roster_is_refused(
    operator: Operator, tmp_path: Path, trustees: tuple[Parties, dict[str, str]]
) -> None:
    begin(operator, tmp_path, *trustees)

    operator.run("members", "revoke", "--id", "m00", expect=6)
    operator.run("members", "allow", "--group", "nobody", "--day", "2026-11-24", "--subjects", "1", expect=6)
    operator.run("members", "invite", "--id", "m00", "--group", "aldous", expect=6)
    operator.run("members", "invite", "--id", "a0", "--role", "analyst", "--group", "aldous", expect=6)
    operator.run(
        "members", "invite", "--id", "Not A Name", "--group", "aldous", "--sector", "exporter", expect=1
    )
    operator.run("members", "invite", "--id", "a0", "--role", "analyst")


def test_doctor_names_what_is_not_well(
    operator: Operator, tmp_path: Path, trustees: tuple[Parties, dict[str, str]]
) -> None:
    known, addresses = trustees
    begin(operator, tmp_path, known, addresses | {"t2": f"http://127.0.0.1:{free_port()}"})
    (operator.home / "settings.env").chmod(0o644)

    bad = {str(one["name"]) for one in operator.run("doctor", expect=1) if not one["ok"]}
    assert {"key files", "trustee t2", "server"} <= bad
    assert "trustee t1" not in bad


def is_ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/readyz").status_code == 200
    except httpx2.HTTPError:
        time.sleep(0.1)
        return False


def approve(url: str, known: Parties, proposal: Proposal) -> None:
    for trustee in ("t1", "t3"):
        approval = encode(known.approval(proposal.act, trustee))
        answer = httpx2.post(f"{url}/v1/roster/proposals/{act_id(proposal.act)}", content=approval)
        assert answer.status_code == 200, answer.text


def status_of(operator: Operator, party: str) -> object:
    listed = {one["party"]: one["status"] for one in operator.run("members", "list")}
    return listed.get(party)
