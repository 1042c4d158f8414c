"""Every benchmark, one after the other: `python -m benchmarks`, or `make bench`; or those that are named.

Each is a module of this package that prints JSON lines {"bench", "figure", "value", "unit"}, and runs in
a process of its own. One that fails doesn't keep the others from running; the exit code is 1 then.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence

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


def main(words: Sequence[str] | None = None) -> int:
    """Run those that are named, or all. 0 if every one ended well."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Print measured figures as JSON lines. docs/benchmarks.md tells what each stands for.",
        epilog="All of them take many minutes. Some have options of their own: "
        "python -m benchmarks.linkage --help",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"any of: {', '.join(BENCHMARKS)}; none: all"
    )
    chosen = parser.parse_args(words).names
    if unknown := sorted(set(chosen) - set(BENCHMARKS)):
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    failed = []
    for name in chosen or BENCHMARKS:
        ended = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, check=False)
        if ended.returncode:
            failed.append(name)
    for name in failed:
        print(f"benchmarks.{name} failed", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
