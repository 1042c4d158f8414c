"""Faults of a firm's own machine: a full disk, a register that is locked or damaged, an old index."""

import json
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cairn import Hub, Inquiry
from cairn.client.errors import Misconfigured
from cairn.filing import ReceiptStatus
from cairn.raw.register import RegisterError
from local.processes import BIN
from tests.support.buyers import inquiries, inquiry
from tests.support.town import RunningTown


def _fresh(inquiry_id: str) -> Inquiry:
    return Inquiry.from_mapping(inquiry(inquiry_id))


def _rows(folder: Path, prefix: str, count: int) -> Path:
    path = folder / "rows.jsonl"
    stream = inquiries(prefix)
    path.write_text("".join(json.dumps(next(stream)) + "\n" for _ in range(count)))
    return path


def _files_all(town: RunningTown, home: Path, rows: Path, count: int) -> None:
    done = town.cairn(home, "report", rows, "--json")
    assert done.returncode == 0, done.stdout
    assert len({json.loads(line)["report_id"] for line in done.stdout.splitlines()}) == count


def test_a_full_disk_is_told_and_once_there_is_room_nothing_is_missing(
    town: RunningTown, tmp_path: Path
) -> None:
    """A real file system without room for the register to grow: ENOSPC, in a mount namespace of its own."""
    if subprocess.run(["unshare", "--mount", "--map-root-user", "true"], check=False).returncode:
        pytest.skip("this machine lets nobody mount a file system of their own")
    home, count, before = town.copy_home("birch", tmp_path), 40, town.report_leaves()
    rows = _rows(tmp_path, "full", count)
    small = tmp_path / "small"
    small.mkdir()
    kilobytes = sum(path.stat().st_size for path in home.rglob("*")) // 1024 + 300
    script = (
        'mount -t tmpfs -o size="$1"k none "$2" && cp -a "$3/." "$2" && "$4" report "$5" --json --home "$2"; '
        'code=$?; cp -a "$2/." "$3"; exit $code'
    )
    words = ["sh", "-c", script, "sh", str(kilobytes), str(small), str(home), str(BIN / "cairn"), str(rows)]

    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert "the disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    _files_all(town, home, rows, count)
    assert town.report_leaves() - before == count


# The curve library unpacks itself once at the start, so the limit is set behind it.
_LIMITED = """
import resource, sys
from cairn.cli import main
import cairn_protocol.group
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
sys.argv[1:] = sys.argv[2:]
main()
"""


def test_a_file_that_may_not_grow_is_told_too(town: RunningTown, tmp_path: Path) -> None:
    """A quota by RLIMIT_FSIZE, which needs no rights to set."""
    home, count, before = town.copy_home("birch", tmp_path), 40, town.report_leaves()
    rows = _rows(tmp_path, "quota", count)
    limit = max(path.stat().st_size for path in home.rglob("*") if path.is_file()) + 100_000

    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(limit), "report", str(rows), "--json", "--home", str(home)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert "the disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    _files_all(town, home, rows, count)
    assert town.report_leaves() - before == count


def test_a_temporary_folder_that_takes_nothing_is_told(town: RunningTown) -> None:
    """The curve library is unpacked there."""
    done = subprocess.run(
        [str(BIN / "cairn"), "status", "--home", str(town.home("birch"))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000)),
    )

    assert done.returncode == 1
    assert done.stderr.startswith(
        "cairn: libsodium could not be unpacked into the temporary folder; set TMPDIR"
    )
    assert "Traceback" not in done.stderr


def test_a_register_that_another_process_writes_is_waited_for_and_then_told(
    town: RunningTown, tmp_path: Path
) -> None:
    home = town.copy_home("birch", tmp_path)
    about = _fresh("locked")
    with Hub(home) as hub, sqlite3.connect(home / "register.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RegisterError, match="another Cairn process is writing the register"):
            hub.report(about)
        other.execute("ROLLBACK")
        assert hub.report(about).status is ReceiptStatus.PROMISED


def test_a_damaged_register_is_told_and_filing_again_gives_the_same_reports(
    town: RunningTown, tmp_path: Path
) -> None:
    home, before = town.copy_home("birch", tmp_path), town.report_leaves()
    rows = _rows(tmp_path, "damaged", 3)
    _files_all(town, home, rows, 3)
    register = home / "register.db"
    for companion in home.glob("register.db-*"):
        companion.unlink()
    register.write_bytes(b"\0" * 4096 + register.read_bytes()[4096:])

    done = town.cairn(home, "status", "--json")
    assert done.returncode == 1
    assert "the register is damaged: move register.db aside" in done.stderr

    shutil.move(register, home / "register.aside")
    _files_all(town, home, rows, 3)
    assert town.report_leaves() - before == 3


def test_a_row_of_the_register_that_was_changed_is_told(town: RunningTown, tmp_path: Path) -> None:
    """SQLite finds nothing wrong with it; the seal does."""
    home = town.copy_home("birch", tmp_path)
    with Hub(home) as hub:
        hub.report(_fresh("sealed"))
    with sqlite3.connect(home / "register.db") as database:
        database.execute("UPDATE inquiries SET sealed = zeroblob(length(sealed))")

    done = town.cairn(home, "status")

    assert done.returncode == 1
    assert "the register was made under other keys, or is damaged" in done.stderr


def test_an_index_that_is_too_old_is_told_with_the_answer(town: RunningTown) -> None:
    about = _fresh("old-index")
    days = 3 * 86_400
    with Hub(town.home("birch")) as hub:
        hub.sync()
        assert not any("too old" in reason for reason in hub.check(about).reasons)
    with Hub(town.home("birch"), now=lambda: time.time() + days) as hub:
        advice = hub.check(about)

    assert advice.status == "not_seen", "known values need no trustee, so the clock stops nothing"
    assert "Your copy of the index is too old to rely on: run `cairn index sync`." in advice.reasons
    assert advice.index is not None and advice.index.age_seconds >= days


def test_a_damaged_index_is_told_and_synced_anew(town: RunningTown, tmp_path: Path) -> None:
    home, seen = town.copy_home("birch", tmp_path), _fresh("a-card")
    for firm in ("alder", "cedar"):
        with Hub(town.home(firm)) as other:
            other.report(seen)
    town.publish()
    with Hub(home) as hub:
        hub.sync()
    segments = [path for path in (home / "state" / "index" / "segments").iterdir() if path.stat().st_size]
    assert segments
    for path in segments:
        path.write_bytes(path.read_bytes()[:-1])
    with Hub(home) as hub:
        with pytest.raises(Misconfigured, match="damaged: sync again"):
            hub.check(seen)
        hub.sync()
        assert hub.check(seen).status == "seen"


def test_without_the_right_passphrase_nothing_opens(town: RunningTown, tmp_path: Path) -> None:
    home = town.copy_home("birch", tmp_path)
    (home / "passphrase").write_text("another one")

    done = town.cairn(home, "status", "--json")

    assert done.returncode == 1
    assert "passphrase" in done.stderr
    assert "Traceback" not in done.stderr
