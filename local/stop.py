"""`make stop`: end the local Cairn; its data stays."""

import sys
from pathlib import Path

from local.running import Local
from local.town import Town


def main() -> int:
    """End what runs."""
    local = Local.remembered(Town(Path(".run").resolve()))
    if local is None:
        print("nothing was set up in .run")
        return 0
    local.stop()
    print("stopped; `make run` finds it again")
    return 0


if __name__ == "__main__":
    sys.exit(main())
