"""`make stop`: end the local Cairn; its data stays. Also ends what demos that were killed have left."""

import sys
from pathlib import Path

from local.demo import PREFIX
from local.passing import end_leftovers
from local.running import Local
from local.town import Town


def main() -> int:
    """End what runs."""
    if ended := end_leftovers(PREFIX):
        print(f"ended and removed what {ended} killed demo(s) had left")
    local = Local.remembered(Town(Path(".run").resolve()))
    if local is None:
        print("nothing was set up in .run")
        return 0
    local.stop()
    print("stopped; `make run` finds it again")
    return 0


if __name__ == "__main__":
    sys.exit(main())
