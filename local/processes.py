"""Starting, finding and ending the processes of a local Cairn.

A process is remembered by its pid and the time it started, so that a pid taken over by
another program is never signalled.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent


class CommandFailed(Exception):
    """A command of ours ended with an error; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Running:
    """A started process."""

    pid: int
    started: str
    log: Path


def command(*words: str | Path, env: Mapping[str, str] | None = None, timeout: float = 120) -> str:
    """Run one of our commands to its end and return what it printed. Raises CommandFailed."""
    done = subprocess.run(
        [str(BIN / words[0]), *map(str, words[1:])],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode:
        raise CommandFailed(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Told:
    """How a command of ours ended, and what it printed."""

    code: int
    text: str

    @property
    def json(self) -> dict[str, object]:
        """The object on its first line."""
        told = json.loads(self.text.splitlines()[0])
        assert isinstance(told, dict)
        return told


def attempt(*words: str | Path) -> Told:
    """Run one of our commands to its end, whatever it is."""
    done = subprocess.run(
        [str(BIN / words[0]), *map(str, words[1:])], capture_output=True, text=True, timeout=120, check=False
    )
    return Told(done.returncode, done.stdout)


def wait_until(held: Callable[[], bool], patience: float = 30.0) -> None:
    """Return once it holds. Raises CommandFailed if it never does."""
    until = time.monotonic() + patience
    while not held():
        if time.monotonic() > until:
            raise CommandFailed("waited in vain")
        time.sleep(0.3)


def start(words: Sequence[str | Path], log: Path) -> Running:
    """Start a server in a session of its own, its output appended to `log`."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [str(BIN / words[0]), *map(str, words[1:])],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    log.chmod(0o600)
    return Running(process.pid, _started(process.pid) or "", log)


def alive(pid: int, started: str) -> bool:
    """Whether that very process still runs."""
    return bool(started) and _started(pid) == started


def end(pid: int, started: str, patience: float = 15.0) -> None:
    """Ask the process to stop, and kill it if it does not."""
    if not alive(pid, started):
        return
    os.kill(pid, signal.SIGCONT)
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + patience
    while alive(pid, started):
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.05)


def _started(pid: int) -> str | None:
    """When a process started, in clock ticks since boot; None if it is gone or a zombie."""
    with suppress(OSError):  # a child of ours that has died is a zombie until it is waited for
        os.waitpid(pid, os.WNOHANG)
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if told[0] == "Z" else told[19]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(url: str, running: Running, patience: float = 60.0) -> None:
    """Return once `url` answers 200. Raises CommandFailed with the end of the log if the process dies."""
    until = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        if not alive(running.pid, running.started) or time.monotonic() > until:
            raise CommandFailed(f"{url} does not answer:\n{_tail(running.log)}")
        time.sleep(0.1)


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-3_000:]


def write_json(path: Path, value: object) -> None:
    """Write a private JSON file, whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(value, indent=1) + "\n")
    fresh.replace(path)
