"""The hub and a trustee never load a line of the code that sees raw values.

import-linter reads the source; this looks at what a process really has in memory, so it also
finds an import made at run time or by a library.
"""

import json
import subprocess
import sys

import pytest

LOAD_ALL = """
import importlib, json, pkgutil, sys

package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if not module.name.endswith(".__main__"):
        importlib.import_module(module.name)
print(json.dumps(sorted(sys.modules)))
"""


def modules_of_a_process_with(package: str) -> list[str]:
    """The names of all modules in a new process that imported every module of `package`."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD_ALL, package], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


@pytest.mark.parametrize("package", ["hub", "trustee"])
def test_a_process_that_loads_everything_it_has_has_nothing_of_the_firms_side(package: str) -> None:
    loaded = modules_of_a_process_with(package)

    assert package in loaded
    assert [name for name in loaded if name.split(".")[0] == "cairn"] == []


@pytest.mark.parametrize(("package", "other"), [("hub", "trustee"), ("trustee", "hub"), ("cairn", "hub")])
def test_no_side_loads_another(package: str, other: str) -> None:
    loaded = modules_of_a_process_with(package)

    assert [name for name in loaded if name.split(".")[0] == other] == []


def test_the_protocol_stands_alone() -> None:
    loaded = modules_of_a_process_with("cairn_protocol")

    assert {name.split(".")[0] for name in loaded}.isdisjoint({"cairn", "hub", "trustee"})
