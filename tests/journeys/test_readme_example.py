"""The README's ten lines of Python do what it says. Only the home's path is another."""

import re
import subprocess
import sys
from pathlib import Path

from tests.support.town import RunningTown

README = Path(__file__).parents[2] / "README.md"
FIRM = "kauri"


def test_the_readmes_example_runs_as_it_stands(town: RunningTown) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    (home,) = re.findall(r'Hub\("([^"]+)"\)', example)

    done = subprocess.run(
        [sys.executable, "-c", example.replace(home, str(town.home(FIRM)))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"(seen|not_seen) promised\n", done.stdout)
    # Its buyer is also the shopping-around story's: it goes again.
    (inquiry_id,) = re.findall(r'inquiry_id="([^"]+)"', example)
    assert town.cairn(FIRM, "withdraw", inquiry_id).returncode == 0
