"""A firm's own weights: the file `weights.toml` in its home, or one that is named.

    [weights]
    "RF-ENU-01" = 2        # 0 takes a flag out; the list's own are low 1, medium 2, high 3

Only codes of the red-flag list can be weighed: nothing about a person or a country alone is one, so it
can't become an input. An unknown code or another value than 0 to 4 refuses the whole file.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from cairn.raw.fields import nearest
from cairn.raw.scoring import MOST_A_CATEGORY, weights
from cairn_protocol.errors import CairnError


class BadWeights(CairnError):
    """The file of weights can't be used. The text says which line of it to mend."""

    slug: ClassVar[str] = "bad-weights"


def own_weights(path: Path) -> Mapping[str, int]:
    """The weights in a file; none if there is no such file. Raises BadWeights."""
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as cause:
        raise BadWeights(f"{path.name} is not a TOML file that can be read; no weight was changed") from cause
    if set(told) - {"weights"} or not isinstance(told.get("weights", {}), dict):
        raise BadWeights(f"{path.name} may hold one table, [weights], and nothing else")
    known = weights()
    for code, weight in told.get("weights", {}).items():
        if code not in known:
            near = nearest(code, known)
            hint = f'; the nearest known one is "{near}"' if near else ""
            raise BadWeights(f"{path.name} weighs a flag that the red-flag list does not have{hint}")
        if isinstance(weight, bool) or not isinstance(weight, int) or not 0 <= weight <= MOST_A_CATEGORY:
            raise BadWeights(f"{path.name}: {code} needs a whole number from 0 to {MOST_A_CATEGORY}")
    return dict(told.get("weights", {}))
