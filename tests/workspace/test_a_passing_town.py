"""What a demo starts ends with it, however it ends."""

import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local.passing import end_leftovers

# Two processes stand for a town's.
MAKER = """
import sys, time
from local.passing import passing_town, stopping_is_an_exit
from local.processes import start
from local.running import Local

stopping_is_an_exit()
with passing_town(sys.argv[1]) as place:
    place.folder.mkdir()
    local = Local(place, "http://127.0.0.1:1", {"t1": "http://127.0.0.1:2"})
    local.processes["hub"] = start(["/bin/sleep", "600"], place.folder / "log")
    local.processes["t1"] = start(["/bin/sleep", "601"], place.folder / "log")
    local.remember()
    print(place.folder.parent, local.processes["hub"].pid, local.processes["t1"].pid, flush=True)
    time.sleep(600)
"""


class Made:
    """A town's maker, its folder, and the processes it started."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.maker = subprocess.Popen(
            [sys.executable, "-c", MAKER, prefix],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.maker.stdout is not None
        folder, *pids = self.maker.stdout.readline().split()
        self.folder = Path(folder)
        self.processes = [psutil.Process(int(pid)) for pid in pids]

    def running(self) -> int:
        return sum(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in self.processes)


@pytest.fixture
def made() -> Iterator[Made]:
    town = Made(f"cairn-test-passing-{uuid.uuid4().hex}-")
    yield town
    town.maker.kill()
    town.maker.wait()
    end_leftovers(town.prefix)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_maker_that_is_asked_to_stop_ends_what_it_started(made: Made, number: signal.Signals) -> None:
    assert made.running() == len(made.processes)

    made.maker.send_signal(number)

    assert made.maker.wait(60) != 0
    assert made.running() == 0
    assert not made.folder.exists()


def test_the_next_one_ends_what_a_killed_maker_left(made: Made) -> None:
    made.maker.kill()
    made.maker.wait()
    assert made.running() == len(made.processes)

    assert end_leftovers(made.prefix) == 1

    until = time.monotonic() + 10
    while made.running() and time.monotonic() < until:
        time.sleep(0.05)
    assert made.running() == 0
    assert not made.folder.exists()


def test_nobody_ends_the_town_of_a_maker_that_lives(made: Made) -> None:
    assert end_leftovers(made.prefix) == 0

    assert made.running() == len(made.processes)
    assert made.folder.exists()
