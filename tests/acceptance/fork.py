"""A forged hub for one member: `fork.py HOME COPY` copies the home and serves the copy another past of the log.

The checkpoint has the hub's true signature and those of two bribed trustees, whose keys are at hand in .run. Prints a
line once it listens, and lies until it is ended.
"""

import json
import shutil
import signal
import sys
from pathlib import Path

import msgspec
import psycopg

from cairn.home import Home
from cairn_protocol.messages.log import LeafKind, LogEntry
from local.town import Town
from tests.support.forger import Forger, another_past, signed_note

RUN = Path(".run")


def main(home: Path, copy: Path) -> None:
    """Serve until a signal comes."""
    access = json.loads((RUN / "access.json").read_text())
    with psycopg.connect(access["database"]["url"]) as database:
        rows = database.execute(
            "SELECT kind, digest, content FROM translog_leaves ORDER BY leaf_index"
        ).fetchall()
    log = another_past(
        [LogEntry(kind=LeafKind(kind), digest=d, content=content) for kind, d, content in rows]
    )
    note = signed_note(Town(RUN), log, "t1", "t2").encode()
    forger = Forger(access["hub"]["url"], log.lies() | {"/v1/log/checkpoint": lambda _query, _true: note})
    with forger.serving() as url:
        shutil.copytree(home, copy)
        Home(copy).save_profile(msgspec.structs.replace(Home(copy).profile(), hub=url))
        print("serving", flush=True)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
