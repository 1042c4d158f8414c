"""Each distribution asks for every library that its code imports, so that it works when installed alone.

In the checkout's environment everything is there, whoever asked for it; a firm that installs the
SDK alone would be the first to miss a library.
"""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FOLDERS = {  # distribution's folder -> where its code is
    "protocol": ["protocol/src"],
    "clients/python_sdk": ["clients/python_sdk/src"],
    "trustee": ["trustee", "migrations/trustee"],
    "hub": ["hub", "migrations/hub"],
}


def requirements(folder: str) -> list[str]:
    """All that a distribution asks for, its extras' requirements too."""
    with (ROOT / folder / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    extras = project.get("optional-dependencies", {}).values()
    return [*project["dependencies"], *(requirement for extra in extras for requirement in extra)]


def name_of(requirement: str) -> str:
    """The distribution that a requirement asks for, as `packages_distributions` would write it."""
    return normal(re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0])


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(folder: str) -> dict[str, str]:
    """Top-level modules that the code of `folder` imports -> a file that does."""
    found = {}
    for file in (file for code in FOLDERS[folder] for file in sorted((ROOT / code).rglob("*.py"))):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module]
            else:
                continue
            found.update({name.split(".")[0]: str(file.relative_to(ROOT)) for name in names})
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_import_is_asked_for(folder: str) -> None:
    own = {"protocol": "cairn_protocol", "clients/python_sdk": "cairn"}.get(folder, folder)
    asked_for = {name_of(requirement) for requirement in requirements(folder)}
    providers = {**packages_distributions(), "cairn_protocol": ["cairn-protocol"]}

    missing = {
        module: file
        for module, file in imported(folder).items()
        if module != own
        and module not in sys.stdlib_module_names
        and asked_for.isdisjoint(map(normal, providers.get(module, [])))
    }

    assert missing == {}


def test_the_libraries_that_decide_a_keys_value_are_pinned_in_the_sdk() -> None:
    """Else two firms who install it in two months get two normalisers, which never match."""
    from cairn.raw.normalise.digest import LIBRARIES

    asked_for = {name_of(requirement): requirement for requirement in requirements("clients/python_sdk")}

    assert [name for name in LIBRARIES if "==" not in asked_for[normal(name)]] == []


def test_the_distributions_ask_for_the_protocol_of_their_own_version() -> None:
    from cairn_protocol import __version__

    major, minor, _ = __version__.split(".")
    for folder in ("clients/python_sdk", "trustee", "hub"):
        assert f"cairn-protocol~={major}.{minor}.0" in requirements(folder)
