"""One whole Cairn for a test session: real processes, set up by the real commands, with a wire before each.

Tests that ask for `town` are marked so (tests/conftest.py) and run in one process, one after the other.
Tests share it: they use buyers of their own (`tests.support.buyers`), and whoever stops a process
or damages a row puts it right again.
"""

import contextlib
import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import psutil
import psycopg
import pytest

from tests.support.wire import Wire

PREFIX = "cairn-test-town-"
PATIENCE_SECONDS = 40

_T = TypeVar("_T")


@dataclass
class RunningTown:
    """A town that is up. Processes are called "hub", "t1", "t2", "t3"; so are their wires."""

    local: Any  # local.running.Local: loaded late, for sessions that need no town
    wires: Mapping[str, Wire]

    @property
    def place(self) -> Any:
        """The folders (`local.town.Town`)."""
        return self.local.town

    @property
    def hub_home(self) -> Path:
        """The operator's home."""
        home: Path = self.place.hub
        return home

    def home(self, firm: str) -> Path:
        """A firm's home."""
        home: Path = self.place.party(firm)
        return home

    def hub(self, firm: str | Path, **options: Any) -> Any:
        """`AsyncHub` of a firm, by its name or its home."""
        from cairn import AsyncHub

        return AsyncHub(self.home(firm) if isinstance(firm, str) else firm, **options)

    def cairn(
        self, firm: str | Path, *words: str | Path, patience: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run the firm's command to its end."""
        from local.processes import BIN

        home = self.home(firm) if isinstance(firm, str) else firm
        return subprocess.run(
            [str(BIN / "cairn"), *map(str, words), "--home", str(home)],
            capture_output=True,
            text=True,
            timeout=patience,
            check=False,
        )

    def publish(self) -> None:
        """The operator publishes the index. As the command does it, less the second of starting one."""
        from hub.index.publishing import publish

        self.operate(publish)

    def operate(self, work: Callable[[Any], Awaitable[_T]]) -> _T:
        """Something that the operator does with the hub's services."""
        from hub.verbs.saying import with_services

        with ThreadPoolExecutor(1) as elsewhere:  # a test may be in an event loop already
            return elsewhere.submit(with_services, self.hub_home, work).result()

    # Processes

    def pid(self, name: str) -> int:
        """The process of that name."""
        pid: int = self.local.processes[name].pid
        return pid

    def kill(self, name: str) -> None:
        """kill -9."""
        assert self.is_alive(name), "its pid may be another's by now"
        os.kill(self.pid(name), signal.SIGKILL)
        until(lambda: not self.is_alive(name))

    def is_alive(self, name: str) -> bool:
        """Whether it runs."""
        from local.processes import alive

        running = self.local.processes[name]
        return alive(running.pid, running.started)

    def up(self) -> None:
        """Start whatever does not run, and wait until it answers."""
        self.local.ensure_up()

    @contextlib.contextmanager
    def without(self, *names: str) -> Iterator[None]:
        """Kill these processes; at the end of the block they are started again."""
        for name in names:
            self.kill(name)
        try:
            yield
        finally:
            self.up()

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """The process stands still in this block, as on a machine that hangs."""
        os.kill(self.pid(name), signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid(name), signal.SIGCONT)

    # The hub's database, as its operator or a thief has it

    @property
    def database_url(self) -> str:
        """In libpq's form."""
        from local.running import database_url

        url: str = database_url(self.place)
        return url

    @property
    def postgres(self) -> Any:
        """The private server (`hub.storage.embedded.EmbeddedPostgres`)."""
        from hub.storage.embedded import EmbeddedPostgres

        return EmbeddedPostgres(self.hub_home / "postgres")

    def kill_database(self) -> None:
        """kill -9 of the database's server, if the last command that used it has not stopped it."""
        server = self.postgres._server()
        if server is None:
            return
        backends = server.children()
        server.kill()
        psutil.wait_procs([server, *backends], timeout=PATIENCE_SECONDS)

    def start_database(self) -> None:
        """Bring the database back while the hub runs, as any of the operator's commands does."""

        async def look(_: Any) -> None:
            """The command's own work: none."""

        self.operate(look)

    @contextlib.contextmanager
    def without_database(self) -> Iterator[None]:
        """kill -9 of the database's server; at the end of the block it is started again."""
        self.kill_database()
        try:
            yield
        finally:
            self.start_database()

    def query(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Rows of the hub's database; a statement without rows gives none."""
        with psycopg.connect(self.database_url, autocommit=True) as database:
            cursor = database.execute(statement, parameters)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def dump(self, *options: str) -> bytes:
        """The whole database as pg_dump writes it."""
        done = subprocess.run(
            [str(self.postgres.bin_dir / "pg_dump"), *options, self.database_url],
            capture_output=True,
            check=True,
        )
        return done.stdout

    def report_leaves(self) -> int:
        """Leaves of kind report that have their place, once none waits for one."""
        until(lambda: not self.query("SELECT 1 FROM translog_promised LIMIT 1"))
        ((count,),) = self.query("SELECT count(*) FROM translog_leaves WHERE kind = 'report'")
        return int(count)

    def settle(self) -> None:
        """Wait until every leaf has its place under a checkpoint that t trustees cosigned, and no job waits."""

        def settled() -> bool:
            ((waiting,),) = self.query("SELECT count(*) FROM translog_promised")
            ((jobs,),) = self.query("SELECT count(*) FROM procrastinate_jobs")
            ((size,),) = self.query("SELECT count(*) FROM translog_leaves")
            complete = self.query("SELECT 1 FROM translog_checkpoints WHERE complete AND size = %s", size)
            return not waiting and not jobs and bool(complete)

        until(settled)

    # Homes

    def copy_home(
        self, firm: str, folder: Path, *, hub: str | None = None, trustees: Mapping[str, str] | None = None
    ) -> Path:
        """A throw-away copy of a firm's home, which talks to other addresses where they are named."""
        from cairn.home import Home

        copy = folder / f"{firm}-copy"
        shutil.copytree(self.home(firm), copy)
        if hub is not None:
            profile = Home(copy).profile()
            Home(copy).save_profile(msgspec.structs.replace(profile, hub=hub))
        self.readdress(copy, **(trustees or {}))
        return copy

    def readdress(self, home: Path, **trustees: str) -> None:
        """Have a home talk to trustees at other addresses."""
        from cairn.home import Home

        profile = Home(home).profile()
        addresses = tuple(
            msgspec.structs.replace(one, url=trustees.get(one.id, one.url)) for one in profile.trustees
        )
        Home(home).save_profile(msgspec.structs.replace(profile, trustees=addresses))

    def enrol(self, party: str, group: str, folder: Path) -> Path:
        """One more exporter joins, and two trustees approve it. Returns its home."""
        from cairn.enrolling import enrol_with, family_codes
        from cairn.home import Home, write_private
        from cairn_protocol.messages.parties import Invitation, Role, Sector
        from hub.members.invitations import Invited, invite
        from hub.services import Services
        from local.town import approve

        async def work(services: Services) -> Invitation:
            invited = Invited(party, Role.MEMBER, group, Sector.EXPORTER)
            return await services.store.transact("invite", lambda db: invite(db, services, invited))

        invitation: Invitation = self.operate(work)
        home, word = Home(folder / party), f"a passphrase for {party}"
        home.create()
        write_private(home.folder / "passphrase", word.encode())
        with ThreadPoolExecutor(1) as elsewhere:
            act = elsewhere.submit(enrol_with, home, invitation, family_codes("all"), word).result()
        approve(self.place, [act])
        self.settle()
        return home.folder


def until(happened: Callable[[], bool], patience: float = PATIENCE_SECONDS) -> None:
    """Wait for something that is bound to happen."""
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def town() -> Iterator[RunningTown]:
    """Hub, three trustees and thirteen firms, with an empty index published."""
    from urllib.parse import urlsplit

    from hub.home import keep_settings, keep_trustees
    from local import filing
    from local import town as setting_up
    from local.passing import passing_town
    from local.processes import free_port
    from local.running import Local

    def say(_: str) -> None:
        """Nobody listens."""

    wires: dict[str, Wire] = {}
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(passing_town(PREFIX))
        hub_url, trustee_urls = setting_up.found(place, say)
        # Everybody is told the wires' addresses; the hub's own becomes another one, behind its wire.
        behind = free_port()
        keep_settings(place.hub, {"CAIRN_HUB_PORT": str(behind)})
        wires["hub"] = Wire(behind, urlsplit(hub_url).port or 0)
        wires |= {name: Wire(urlsplit(url).port or 0) for name, url in trustee_urls.items()}
        for wire in wires.values():
            stack.callback(wire.close)
        keep_trustees(place.hub, {name: wires[name].url for name in trustee_urls})
        # A trustee answers only what was signed for an address of its own.
        os.environ["CAIRN_TRUSTEE_ADDRESSES"] = json.dumps([wires[name].url for name in trustee_urls])
        local = Local(place, hub_url, trustee_urls)
        local.ensure_up()
        setting_up.enrol_everybody(place, say)
        today = dt.datetime.now(dt.UTC).date()
        setting_up.allow_bulk(place, [today, today + dt.timedelta(days=1)])
        filing.publish(place)
        yield RunningTown(local, wires)
