"""The lock pins every file by hash and names no registry, so it installs from whichever one a machine uses."""

import re
from pathlib import Path

import pytest

LOCKS = sorted((Path(__file__).parents[2] / "requirements").glob("*.txt"))
PIN = re.compile(r"^([a-z0-9][a-z0-9-]*)==(\S+)")


def requirements(lock: Path) -> list[str]:
    """The logical lines of a requirements file, without comments."""
    joined = lock.read_text("utf-8").replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def pins(lock: str) -> set[tuple[str, str]]:
    (file,) = (file for file in LOCKS if file.name == lock)
    return {match.groups() for line in requirements(file) if (match := PIN.match(line))}  # type: ignore[misc]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_requirement_is_a_pin_with_hashes(lock: Path) -> None:
    loose = [line for line in requirements(lock) if not PIN.match(line) or "--hash=sha256:" not in line]

    assert requirements(lock)
    assert loose == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_host_is_named(lock: Path) -> None:
    assert re.findall(r"https?:|index-url|find-links|file:", lock.read_text("utf-8")) == []


@pytest.mark.parametrize("part", ["app.txt", "hub.txt", "sdk.txt", "trustee.txt"])
def test_a_part_installs_the_very_versions_that_the_tests_ran_with(part: str) -> None:
    assert pins(part) <= pins("dev.txt")
