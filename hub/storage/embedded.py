"""A private PostgreSQL in the hub's data folder, for whoever has no database server.

`EmbeddedPostgres(folder).start()` makes the cluster at the first call, starts it or finds
it running, and returns its URL. The server survives a kill -9 of the hub; the next start
finds it. It listens on 127.0.0.1 alone, on a port chosen once and kept, and lets in only
the role `cairn`, by password; its superuser can't log in at all. Data checksums are on.

Several processes may use one folder at once: each `start` holds a lock that the kernel
releases when the process dies, and the server ends with the `stop` of the last of them.

Run by root, the server has an unprivileged account and yet may live below a HOME closed to
it: it is started inside its data folder and reaches it as /proc/self/cwd, which needs no
way through the folders above. Nothing of theirs is changed.

Not here: where the programs come from (`postgres_binaries`), tables (`migrate`).
"""

import contextlib
import fcntl
import functools
import os
import random
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import psutil

from hub.storage.postgres_binaries import Account, EmbeddedPostgresFailed, installed_bin

ROLE = DATABASE = "cairn"

# Below the range that systems hand out for outgoing connections, so that a kept port stays free.
PORTS = range(20_000, 32_000)
START_ATTEMPTS = 5

# Statements, their parameters and the DETAIL of errors hold rows: none of them goes to the log (G1).
SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
}


class EmbeddedPostgres:
    """One private server and its data.

    folder    the server's own folder; made if missing. The hub gives `<data>/postgres`.
    settings  PostgreSQL settings on top of SERVER_SETTINGS

    All methods block: up to two seconds for the first start, a tenth of one after that.
    """

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._settings = SERVER_SETTINGS | dict(settings or {})
        self._account = Account.for_server()
        self._use: int | None = None  # file descriptor that holds our share of the use lock

    @property
    def data(self) -> Path:
        """The cluster itself, what PostgreSQL calls PGDATA."""
        return self.folder / "data"

    @functools.cached_property
    def bin_dir(self) -> Path:
        """Where pg_dump, psql and the rest of this server's version are."""
        return installed_bin(self._account, (self.folder, Path("/var/tmp"), Path(tempfile.gettempdir())))

    @property
    def url(self) -> str:
        """The database in libpq's form, password included. Raises EmbeddedPostgresFailed before a first start."""
        try:
            password, port = self._kept("password"), self._kept("port")
        except FileNotFoundError:
            raise EmbeddedPostgresFailed(f"no PostgreSQL in {self.folder} yet") from None
        return f"postgresql://{ROLE}:{quote(password)}@127.0.0.1:{port}/{DATABASE}"

    def start(self) -> str:
        """Make the cluster if there is none, start it unless it runs, and return its URL.

        May be called again, and by other processes at the same time. After a crash the
        server's leftovers are cleared and it recovers from its write-ahead log.

        Raises EmbeddedPostgresFailed with the end of the server's log if it doesn't come up.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._alone():
            if not self.data.exists():
                self._create()
            if self._server() is None:
                self._launch()
            if self._use is None:
                self._use = os.open(self.folder / "in-use", os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(self._use, fcntl.LOCK_SH)
        return self.url

    def runs(self) -> bool:
        """Whether the server is up now, whoever started it."""
        return self._server() is not None

    def stop(self) -> bool:
        """End our use; stop the server if nobody else uses it. Returns whether it is stopped now."""
        if not self.folder.exists():
            return True
        with self._alone():
            if self._use is not None:
                os.close(self._use)
                self._use = None
            with open(self.folder / "in-use", "a") as use:
                try:
                    fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                self._shut_down()
                return True

    def _create(self) -> None:
        """initdb, then role and database, in a folder that gets its name only once it is whole."""
        new = self.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        self._account.own(new)
        password = secrets.token_urlsafe(32)
        self._keep("password", password)
        self._run_in(
            new, "initdb", "-D", self._seen_from_inside(new), "-U", "postgres", "--data-checksums", "--encoding=UTF8",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth=reject",
        )  # fmt: skip
        (new / "pg_hba.conf").write_text(f"host all {ROLE} 127.0.0.1/32 scram-sha-256\n")
        # The single-user server asks nobody for a password and is not reachable by anyone else.
        self._run_in(
            new, "postgres", "--single", "-D", self._seen_from_inside(new), "postgres",
            input=f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password}'\n"
            f"CREATE DATABASE {DATABASE} OWNER {ROLE}\n",
        )  # fmt: skip
        new.rename(self.data)

    def _launch(self) -> None:
        """Start the server and wait until it takes connections."""
        log = self.folder / "server.log"
        for attempt in range(START_ATTEMPTS):
            self._forget_reused_pid()
            settings = self._settings | {"port": str(self._free_port())}
            options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
            with open(log, "a", opener=_private) as out:
                started = self._account.run(
                    self.bin_dir / "pg_ctl", "start", "-w", "-t", "60", "-D", self._seen_from_inside(self.data),
                    "-o", options, cwd=self.data, stdout=out,
                )  # fmt: skip
            if started.returncode == 0:
                return
            # Another took the port in between, or processes of a killed server are still leaving.
            time.sleep(0.2 * (attempt + 1))
        last_lines = log.read_text(errors="replace").splitlines()[-5:]
        raise EmbeddedPostgresFailed(f"PostgreSQL in {self.folder} does not start: " + " / ".join(last_lines))

    def _shut_down(self) -> None:
        server = self._server()
        if server is None:
            return
        self._run_in(
            self.data,
            "pg_ctl",
            "stop",
            "-w",
            "-t",
            "60",
            "-m",
            "fast",
            "-D",
            self._seen_from_inside(self.data),
        )

    def _server(self) -> psutil.Process | None:
        """The running postmaster of this cluster, if any.

        The pid in postmaster.pid may be another process's by now (containers count from 1
        again), so a process counts only if it works inside our data folder.
        """
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            return process if os.path.samefile(process.cwd(), self.data) else None
        except (OSError, ValueError, psutil.Error):
            return None

    def _forget_reused_pid(self) -> None:
        """Clear a dead server's pid file if another process has its pid now: PostgreSQL would wait for that."""
        pid_file = self.data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError):
            if psutil.pid_exists(int(pid_file.read_text().split("\n", 1)[0])) and self._server() is None:
                pid_file.unlink()

    def _free_port(self) -> int:
        """The port kept from the last start, or another if someone has taken it."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            port = int(self._kept("port"))
            if _is_free(port):
                return port
        port = next(port for port in random.sample(PORTS, len(PORTS)) if _is_free(port))
        self._keep("port", str(port))
        return port

    def _seen_from_inside(self, data: Path) -> str:
        """The cluster's path for a server that was started in it."""
        return "/proc/self/cwd" if self._account.uid is not None else str(data.resolve())

    def _run_in(self, data: Path, program: str, *args: str, **options: str) -> None:
        done = self._account.run(self.bin_dir / program, *args, cwd=data, **options)
        if done.returncode != 0:
            raise EmbeddedPostgresFailed(f"{program} failed in {self.folder}: {done.stdout.strip()[-500:]}")

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold off other starts and stops of this folder."""
        with open(self.folder / "lock", "a", opener=_private) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _kept(self, name: str) -> str:
        return (self.folder / name).read_text().strip()

    def _keep(self, name: str, value: str) -> None:
        new = self.folder / f"{name}.new"
        with open(new, "w", opener=_private) as file:
            file.write(value + "\n")
        new.rename(self.folder / name)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
