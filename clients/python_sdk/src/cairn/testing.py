"""A whole Cairn for an integrator's own tests: a real hub and three real trustees on this machine, and a few firms.

    # conftest.py
    pytest_plugins = ["cairn.testing"]

    # test_quotes.py
    def test_a_declined_buyer_is_known_next_door(cairn_network):
        with cairn_network.hub("alder") as alder, cairn_network.hub("birch") as birch:
            alder.report(inquiry)
            birch.report(inquiry)
            cairn_network.publish()
            alder.sync()
            assert alder.check(inquiry).status == "seen"

Nothing is imitated: keys, proofs, meters and the log are what production has, so what passes here holds there.
It starts the commands `cairn-hub` and `cairn-trustee`, which must be installed beside the SDK, and takes about
twenty seconds; the fixture is one for the whole test session. Everything lies in a temporary folder and is gone
afterwards.

Not here: a stand-in without processes. For a check that needs no network score flags with `cairn.raw.scoring`.
"""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

from cairn.api import AsyncHub, Hub
from cairn.enrolling import enrol_with, family_codes
from cairn.home import Home, write_private
from cairn.raw.normalise import normaliser_digest
from cairn_protocol.errors import CairnError
from cairn_protocol.messages.parties import Invitation
from cairn_protocol.messages.wire import decode

# Five groups: with fewer the network shows nothing, for too few firms could have been asked.
FIRMS: Final = ("alder", "birch", "cedar", "dogwood", "elm")
TRUSTEES: Final = ("t1", "t2", "t3")
THRESHOLD: Final = 2
_PATIENCE_SECONDS: Final = 90.0
_PASSPHRASE: Final = "a passphrase for tests"  # noqa: S105 - opens nothing but what a test made

_T = TypeVar("_T")


class NetworkFailed(CairnError):
    """The network for tests did not come up. The text has what the failing command said."""

    slug = "testing"


class Network:
    """A running Cairn. Use it as a context manager, or `close` it.

    firms  the members' names, each a group and an exporter of its own
    """

    def __init__(self, firms: Sequence[str] = FIRMS) -> None:
        """Raises NetworkFailed, for one if hub or trustees are not installed."""
        self._commands = {name: _command(name) for name in ("cairn-hub", "cairn-trustee")}
        self._folder = Path(tempfile.mkdtemp(prefix="cairn-testing-"))
        self._folder.chmod(0o755)  # the hub's private database may run under another user
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            self._found()
            self._enrol(firms)
            self.publish()
        except BaseException:
            self.close()
            raise

    def home(self, firm: str) -> Path:
        """A firm's home."""
        return self._folder / "members" / firm

    def hub(self, firm: str) -> Hub:
        """The SDK at work for a firm."""
        return Hub(self.home(firm))

    def async_hub(self, firm: str) -> AsyncHub:
        """The same for event loops."""
        return AsyncHub(self.home(firm))

    def publish(self) -> None:
        """Publish the index: what was reported so far is on cards, and the firms' next sync has them."""
        self._run("cairn-hub", "index", "publish", "--home", self._hub)

    def close(self) -> None:
        """End every process and remove every file."""
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> "Network":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _hub(self) -> Path:
        return self._folder / "hub"

    def _trustee(self, name: str) -> Path:
        return self._folder / "trustees" / name

    def _found(self) -> None:
        """Trustees make the keys together, the hub opens its log with them, all of them serve."""
        hub_url = f"http://127.0.0.1:{_free_port()}"
        urls = {name: f"http://127.0.0.1:{_free_port()}" for name in TRUSTEES}
        for name in TRUSTEES:
            self._trustee(name).mkdir(mode=0o700, parents=True)
            write_private(self._trustee(name) / "passphrase", _PASSPHRASE.encode())
        _each(
            lambda name: self._run(
                "cairn-trustee", "init", "--home", self._trustee(name), "--id", name, "--url", urls[name],
                "--index", str(TRUSTEES.index(name) + 1), "--hub", hub_url,
            ),
            TRUSTEES,
        )  # fmt: skip
        plan, genesis = self._folder / "plan.json", self._folder / "genesis.json"
        self._run(
            "cairn-trustee", "plan", "--threshold", str(THRESHOLD), "--epoch", "1", "--out", plan,
            *(self._trustee(name) / "descriptor.json" for name in TRUSTEES),
        )  # fmt: skip
        _each(
            lambda name: self._run("cairn-trustee", "keygen", "--home", self._trustee(name), "--plan", plan),
            TRUSTEES,
        )
        self._run("cairn-hub", "init", "--home", self._hub, "--public-url", hub_url)
        results = [w for name in TRUSTEES for w in ("--results", self._trustee(name) / "ceremony.json")]
        self._run(
            "cairn-hub", "genesis", "draft", "--home", self._hub, "--threshold", str(THRESHOLD), "--origin",
            "testing.example/log", "--normaliser", normaliser_digest().hex(), "--plan", plan, *results,
            "--out", genesis,
        )  # fmt: skip
        signed = {name: self._folder / f"{name}.sig" for name in TRUSTEES}
        _each(
            lambda name: self._run(
                "cairn-trustee", "sign-genesis", "--home", self._trustee(name), "--genesis", genesis,
                "--out", signed[name],
            ),
            TRUSTEES,
        )  # fmt: skip
        signatures = [w for name in TRUSTEES for w in ("--signatures", f"{name}={signed[name]}")]
        self._run("cairn-hub", "genesis", "seal", "--home", self._hub, "--genesis", genesis, *signatures)
        for name in TRUSTEES:
            self._serve("cairn-trustee", self._trustee(name))
        self._serve("cairn-hub", self._hub)
        for url in (*(f"{url}/healthz" for url in urls.values()), f"{hub_url}/readyz"):
            self._await(url)

    def _enrol(self, firms: Sequence[str]) -> None:
        """Each firm is invited and enrols; as many trustees as are needed take it in."""
        acts = _each(self._enrol_one, firms)
        for name in TRUSTEES[:THRESHOLD]:
            self._run("cairn-trustee", "approve", *acts, "--home", self._trustee(name))

    def _enrol_one(self, firm: str) -> str:
        invitation = self._folder / f"{firm}.invitation"
        self._run(
            "cairn-hub", "members", "invite", "--home", self._hub, "--id", firm, "--group", firm,
            "--sector", "exporter", "--out", invitation,
        )  # fmt: skip
        home = Home(self.home(firm))
        home.create()
        write_private(home.folder / "passphrase", _PASSPHRASE.encode())
        invited = decode(invitation.read_bytes().strip(), Invitation)
        return enrol_with(home, invited, family_codes("all"), _PASSPHRASE)

    def _run(self, command: str, *words: str | Path) -> str:
        done = subprocess.run(
            [self._commands[command], *map(str, words)],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        if done.returncode:
            raise NetworkFailed(f"{command} {words[0]}: {done.stdout[-1_000:]}{done.stderr[-1_000:]}")
        return done.stdout

    def _serve(self, command: str, home: Path) -> None:
        with (home / "log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    [self._commands[command], "serve", "--home", str(home)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )

    def _await(self, url: str) -> None:
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until and all(process.poll() is None for process in self._processes):
            try:
                with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - the loopback
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise NetworkFailed(f"{url} does not answer")


def _command(name: str) -> str:
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise NetworkFailed(
            f"cairn.testing starts a real hub and real trustees, and {name} is not installed: "
            "pip install cairn-hub cairn-trustee, in the tests' environment"
        )
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _each(work: Callable[[str], _T], things: Sequence[str]) -> list[_T]:
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(work, things))


# The SDK itself does not need pytest; whoever asks for this fixture has it.
if find_spec("pytest") is not None:
    import pytest

    @pytest.fixture(scope="session")
    def cairn_network() -> Iterator[Network]:
        """A `Network` of five firms, one for the whole session."""
        with Network() as network:
            yield network
