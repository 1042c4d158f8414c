"""Real trustees for tests: three homes after a key generation by real processes, and a log to push to them.

`founded` is made once a session and never changed: a test copies the homes it needs (`home`), serves one
in this process (`serving`) or as a process of its own (`process`), and plays the hub with a `Log`.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner, Result

from cairn_protocol import merkle
from cairn_protocol.checkpoint import Checkpoint, sign_checkpoint
from cairn_protocol.http_signatures import sign_request
from cairn_protocol.kinds import KeyName
from cairn_protocol.messages.log import LeafKind, LogEntry, Push, content_digest, hash_of
from cairn_protocol.messages.parties import Act, Approval, ApprovedAct, Entry, Genesis, prove_possession
from cairn_protocol.messages.trustee import CeremonyResult
from cairn_protocol.messages.wire import Message, decode, encode
from cairn_protocol.roster import kind_of
from local.processes import free_port
from tests.support.cosigner import serving as in_thread
from tests.support.parties import Parties
from trustee import keys as key_file
from trustee.cli import app as cli
from trustee.home import Home
from trustee.main import create_app
from trustee.serving import Serving
from trustee.settings import Settings

NAMES = ("t1", "t2", "t3")
THRESHOLD = 2
PASSPHRASE = "a passphrase of tests"
ORIGIN = "cairn.example/log"
COMMAND = Path(sys.executable).parent / "cairn-trustee"
PATIENCE_SECONDS = 60


def run(*words: str | Path) -> Result:
    """One of the staff's commands, in this process."""
    return CliRunner().invoke(cli, [str(word) for word in words])


def done(*words: str | Path) -> str:
    """What a command printed, after it succeeded."""
    result = run(*words)
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def init(home: Path, name: str, index: int, url: str, *words: str) -> None:
    """A trustee's home, its passphrase kept in it."""
    home.mkdir(mode=0o700, parents=True)
    (home / "passphrase").touch(mode=0o600)
    (home / "passphrase").write_text(PASSPHRASE)
    done("init", "--home", home, "--id", name, "--index", str(index), "--url", url, *words)


@dataclass(frozen=True)
class Founded:
    """Three trustees that made their keys together and signed a genesis. None of them runs.

    parties  the genesis, and every key behind it
    """

    folder: Path
    parties: Parties

    def home(self, name: str, folder: Path) -> Home:
        """A copy of a trustee's home, for one test to use up."""
        return Home(Path(shutil.copytree(self.folder / name, folder / name)))


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    """Made by the real commands; the key generation by three processes at a time."""
    folder = tmp_path_factory.mktemp("trustees")
    for index, name in enumerate(NAMES, start=1):
        init(folder / name, name, index, f"http://127.0.0.1:{free_port()}")
    plan = make_plan(folder)
    generate_keys(folder, plan)
    return Founded(folder, _with_genesis(folder))


def make_plan(folder: Path, names: Sequence[str] = NAMES, threshold: int = THRESHOLD) -> Path:
    """The plan of the trustees whose homes are in `folder`."""
    plan = folder / "plan.json"
    descriptors = [folder / name / "descriptor.json" for name in names]
    done("plan", "--threshold", str(threshold), "--epoch", "1", "--out", plan, *descriptors)
    return plan


def generate_keys(folder: Path, plan: Path) -> None:
    """Three real processes meet over HTTP."""
    words = [[COMMAND, "keygen", "--home", folder / name, "--plan", plan] for name in NAMES]
    running = [subprocess.Popen(one, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for one in words]
    told = [process.communicate(timeout=PATIENCE_SECONDS * 2)[0].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], told


def draft(folder: Path, hub_key: Ed25519PrivateKey) -> Genesis:
    """The genesis as the hub's operator would draft it."""
    home = Home(folder / NAMES[0])
    plan, result = home.ceremony()
    return Genesis(
        origin=ORIGIN,
        epoch=plan.epoch,
        t=plan.t,
        hub_key=hub_key.public_key().public_bytes_raw(),
        normaliser=bytes(range(32)),
        trustees=tuple(one.keys for one in plan.trustees),
        keys=decode(result.body, CeremonyResult).keys,
    )


def sign_genesis(home: Path, genesis: Genesis, folder: Path) -> bytes:
    """A trustee's signature by its command."""
    (folder / "genesis.json").write_bytes(encode(genesis))
    out = folder / "genesis.sig"
    done("sign-genesis", "--home", home, "--genesis", folder / "genesis.json", "--out", out)
    return b64decode(out.read_bytes())


def _with_genesis(folder: Path) -> Parties:
    hub_key = Ed25519PrivateKey.generate()
    genesis = draft(folder, hub_key)
    homes = {name: Home(folder / name) for name in NAMES}
    for home in homes.values():
        sign_genesis(home.folder, genesis, folder)
    opened = {name: key_file.load(home, PASSPHRASE) for name, home in homes.items()}
    shares = {
        name: {
            **{key.value: opened[name].share(key) for key in KeyName},
            "assent": key_file.load_assent(home, PASSPHRASE),
        }
        for name, home in homes.items()
    }
    return Parties(
        plan=homes["t1"].ceremony()[0],
        results=[home.ceremony()[1] for home in homes.values()],
        genesis=genesis,
        hub_key=hub_key,
        trustee_keys={name: keys.signing for name, keys in opened.items()},
        shares=shares,
    )


def signed_headers(
    method: str, url: str, body: bytes, party: str, key: Ed25519PrivateKey, *, at: float | None = None
) -> dict[str, str]:
    """The headers of a request signed now, or at another time."""
    created = int(time.time() if at is None else at)
    return sign_request(method, url, body, party, key, created, b64encode(os.urandom(16)).decode())


@dataclass
class Trustee:
    """A trustee that is up.

    url      the address it is known by, which requests are signed for
    address  where it listens
    """

    url: str
    address: str
    home: Home

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> httpx2.Response:
        return httpx2.request(
            method, self.address + path, content=body, headers=dict(headers), timeout=PATIENCE_SECONDS
        )

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(self.address + path, timeout=PATIENCE_SECONDS)

    def call(
        self, path: str, body: bytes, party: str, key: Ed25519PrivateKey, *, at: float | None = None
    ) -> httpx2.Response:
        """A request signed by a party."""
        return self.send("POST", path, body, signed_headers("POST", self.url + path, body, party, key, at=at))


@contextlib.contextmanager
def serving(
    home: Home, *, settings: Settings | None = None, now: Callable[[], float] = time.time
) -> Iterator[Trustee]:
    """A trustee in this process, over HTTP on a port of its own."""
    opened = Serving(home, key_file.load(home, PASSPHRASE), settings or Settings(), now)
    with in_thread(create_app(opened), lifespan="on") as address:
        yield Trustee(home.descriptor().url, address, home)


@dataclass
class Process(Trustee):
    """A trustee as a process of its own."""

    running: subprocess.Popen[bytes] = field(repr=False)
    log: Path

    def kill(self) -> None:
        """kill -9."""
        self.running.kill()
        self.running.wait(PATIENCE_SECONDS)


@contextlib.contextmanager
def process(home: Home, **environment: str) -> Iterator[Process]:
    """`cairn-trustee serve`, until the block ends."""
    url, log = home.descriptor().url, home.folder / "log"
    with log.open("ab") as out:
        started = subprocess.Popen(
            [COMMAND, "serve", "--home", home.folder],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
        )
    running = Process(url, url, home, started, log)
    try:
        until(lambda: _answers(running))
        yield running
    finally:
        started.terminate()
        started.wait(PATIENCE_SECONDS)


def _answers(running: Process) -> bool:
    assert running.running.poll() is None, running.log.read_text()
    try:
        return running.get("/healthz").status_code == 200
    except httpx2.TransportError:
        return False


def until(happened: Callable[[], bool]) -> None:
    """Wait for something that is bound to happen."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


class Log:
    """The hub's log, kept by a test: what it holds, and how the hub pushes it."""

    def __init__(self, parties: Parties) -> None:
        self.parties = parties
        self.entries: list[LogEntry] = []

    def begin(self) -> "Log":
        """Leaf 0."""
        return self.add(LeafKind.GENESIS, self.parties.signed)

    def add(self, kind: LeafKind, message: Message) -> "Log":
        """A leaf with content."""
        content = encode(message)
        self.entries.append(LogEntry(kind=kind, digest=content_digest(content), content=content))
        return self

    def report(self, count: int = 1) -> "Log":
        """Leaves of reports, of which only digests travel."""
        self.entries += [
            LogEntry(kind=LeafKind.REPORT, digest=os.urandom(32), content=None) for _ in range(count)
        ]
        return self

    def act(self, act: Act, possession: bytes | None = None, *, by: Sequence[str] = ("t1", "t2")) -> "Log":
        """An act with these trustees' approvals."""
        return self.add(kind_of(act), self.parties.approved(act, possession, by=tuple(by)))

    def enter(self, entry: Entry, key: Ed25519PrivateKey, *, by: Sequence[str] = ("t1", "t2")) -> "Log":
        """A party's entry."""
        return self.act(entry, prove_possession(entry, key), by=by)

    def forged(self, act: Act, possession: bytes | None, trustee: str) -> "Log":
        """An act of which the second approval is no signature of that trustee's."""
        real = self.parties.approval(act, "t1")
        false = Approval(trustee=trustee, signature=real.signature)
        return self.add(kind_of(act), ApprovedAct(act=act, possession=possession, approvals=(real, false)))

    def hashes(self) -> list[bytes]:
        return [hash_of(entry.kind, entry.digest) for entry in self.entries]

    def note(self, size: int | None = None, *, root: bytes | None = None) -> str:
        """The hub's signed checkpoint of the first `size` leaves."""
        size = len(self.entries) if size is None else size
        root = merkle.root_of(self.hashes()[:size]) if root is None else root
        return sign_checkpoint(Checkpoint(ORIGIN, size, root), self.parties.hub_key)

    def push(self, trustee: Trustee, start: int = 0, end: int | None = None, **told: Any) -> httpx2.Response:
        """Push leaves with the checkpoint after them.

        told  `checkpoint` for another one or None; `key` for another signer's; `at` for the hub's clock
        """
        key = told.pop("key", self.parties.hub_key)
        at = told.pop("at", None)
        end = len(self.entries) if end is None else end
        note = told.pop("checkpoint") if "checkpoint" in told else self.note(end)
        body = encode(Push(start=start, entries=tuple(self.entries[start:end]), checkpoint=note))
        return trustee.call("/v1/log/push", body, "hub", key, at=at)

    def pushed(self, trustee: Trustee, start: int = 0, *, at: float | None = None) -> None:
        """Push all from `start` on, which the trustee takes."""
        for first in range(start, len(self.entries), 1_000):
            last = min(first + 1_000, len(self.entries))
            note = self.note() if last == len(self.entries) else None
            answer = self.push(trustee, first, last, checkpoint=note, at=at)
            assert answer.status_code == 200, answer.text
