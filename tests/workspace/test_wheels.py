"""The wheels hold everything their code reads, and the SDK's works where nothing else is installed."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cairn_protocol import __version__

ROOT = Path(__file__).parents[2]
UV = ROOT / ".boot/bin/uv"

FOLDERS = {  # distribution's folder -> (wheel, [(folder in the checkout, folder in the wheel)])
    "protocol": ("cairn_protocol", [("protocol/src/cairn_protocol", "cairn_protocol")]),
    "clients/python_sdk": ("cairn_sdk", [("clients/python_sdk/src/cairn", "cairn")]),
    "trustee": ("cairn_trustee", [("trustee", "trustee"), ("migrations/trustee", "trustee/migrations")]),
    "hub": ("cairn_hub", [("hub", "hub"), ("migrations/hub", "hub/migrations")]),
}
NOT_CODE = {"pyproject.toml", "LICENSE"}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Distribution's folder -> the wheel built from it."""
    built = tmp_path_factory.mktemp("wheels")
    for folder in FOLDERS:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)]
        subprocess.run(command, cwd=ROOT / folder, check=True, capture_output=True, timeout=120)
    return {folder: built / f"{name}-{__version__}-py3-none-any.whl" for folder, (name, _) in FOLDERS.items()}


def files_under(folder: Path) -> set[str]:
    """Paths below `folder` of all that belongs to the code."""
    return {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file()
        and "__pycache__" not in file.parts
        and file.name not in NOT_CODE
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    }


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_wheel_holds_every_file_of_its_packages_and_nothing_else(
    folder: str, wheels: dict[str, Path]
) -> None:
    shipped = {name for name in zipfile.ZipFile(wheels[folder]).namelist() if ".dist-info/" not in name}

    expected = {
        f"{inside}/{file}" for outside, inside in FOLDERS[folder][1] for file in files_under(ROOT / outside)
    }

    assert shipped == expected


@pytest.mark.parametrize(
    ("folder", "script"),
    [("clients/python_sdk", "cairn"), ("trustee", "cairn-trustee"), ("hub", "cairn-hub")],
)
def test_a_wheel_brings_its_command_and_its_licence(
    folder: str, script: str, wheels: dict[str, Path]
) -> None:
    wheel = zipfile.ZipFile(wheels[folder])
    information = f"{FOLDERS[folder][0]}-{__version__}.dist-info"

    assert f"{script} = " in wheel.read(f"{information}/entry_points.txt").decode()
    assert wheel.read(f"{information}/licenses/LICENSE") == (ROOT / folder / "LICENSE").read_bytes()


@pytest.mark.long
def test_the_sdk_works_where_nothing_of_the_hub_is_installed(wheels: dict[str, Path], tmp_path: Path) -> None:
    """Every module loads and the command answers, with the SDK's own requirements and no others."""
    python = tmp_path / "venv/bin/python"

    def run(*command: str | Path) -> str:
        kept = {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("UV_")}
        environment = {**kept, "HOME": str(tmp_path)}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(UV, "venv", "--python", sys.executable, tmp_path / "venv")
    run(
        UV, "pip", "sync", "--python", python, "--no-build", "--require-hashes", ROOT / "requirements/sdk.txt"
    )
    both = (wheels["protocol"], wheels["clients/python_sdk"])
    run(UV, "pip", "install", "--python", python, "--offline", "--no-deps", *both)

    run(UV, "pip", "check", "--python", python)
    run(python, "-c", LOAD_THE_SDK)
    assert "report" in run(tmp_path / "venv/bin/cairn", "--help")


LOAD_THE_SDK = """
import importlib, importlib.util, pkgutil
import cairn, cairn_protocol

for package in (cairn, cairn_protocol):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
assert importlib.util.find_spec("hub") is None
assert importlib.util.find_spec("sqlalchemy") is None
"""
