"""How benchmarks measure: ratios side by side, the middle of many rounds, one line a figure.

A ratio's two sides alternate within one run, so that a busy or throttled machine disturbs both
alike. Costs per core are taken on one core (`run_on_one_core`) by the time the process was given
(`CPU`), which other processes don't lengthen; what a person waits for by the clock (`WALL`).
"""

import json
import os
import runpy
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent

Clock = Callable[[], float]
CPU: Final[Clock] = time.process_time
WALL: Final[Clock] = time.perf_counter


def tell(bench: str, figure: str, value: float, unit: str) -> None:
    """Print one figure as a JSON line."""
    print(json.dumps({"bench": bench, "figure": figure, "value": round(value, 3), "unit": unit}), flush=True)


def seconds(work: Callable[[], object], clock: Clock = WALL) -> float:
    """How long `work` takes once."""
    begun = clock()
    work()
    return clock() - begun


def in_turn(
    works: Mapping[str, Callable[[], object]], rounds: int, clock: Clock = WALL
) -> dict[str, list[float]]:
    """The seconds of each work in every round. One round runs each once, after a round to warm up."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for at in range(rounds + 1):
        for name, work in works.items():
            took = seconds(work, clock)
            if at:
                taken[name].append(took)
    return taken


def ratio(above: list[float], below: list[float]) -> float:
    """The middle one of the rounds' ratios."""
    return statistics.median(one / other for one, other in zip(above, below, strict=True))


def run_on_one_core(module: str, *arguments: str) -> None:
    """Run a benchmark module in a process of its own that has one core, from its first import on.

    Raises subprocess.CalledProcessError if it fails.
    """
    subprocess.run([sys.executable, "-m", __name__, module, *arguments], cwd=ROOT, check=True)


def _main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
