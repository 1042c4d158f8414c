"""Every benchmark, one after the other: `python -m benchmarks`, or `make bench`.

Each is a module of this package that prints JSON lines {"bench", "figure", "value", "unit"}, and runs in
a process of its own. One that fails doesn't keep the others from running; the exit code is 1 then.
"""

import subprocess
import sys

from benchmarks.measuring import ROOT

BENCHMARKS = (
    "curve",
    "join",
    "intake",
    "link_growth",
    "linkage",
    "typologies",
    "openings",
    "returns",
    "report",
    "firm",
    "log",
    "taxii",
    "trends",
)


def main() -> int:
    """Run them all. 0 if every one ended well."""
    failed = []
    for name in BENCHMARKS:
        ended = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, check=False)
        if ended.returncode:
            failed.append(name)
    for name in failed:
        print(f"benchmarks.{name} failed", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
