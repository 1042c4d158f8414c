"""The command line of members, analysts and liaisons: `cairn`.

Every verb takes --home (or CAIRN_HOME) and --json. Results go to standard output, one JSON
object a line with --json; progress and questions go to standard error. Exit codes: 0 clear,
1 error, 2 usage, 3 card found, 4 queued offline, 5 a proof failed, 6 refused.
"""

import sys

from cairn.cli.app import app
from cairn.cli.outcome import Exit, note, tell_failure, write_anything


def main() -> None:
    """The entry point. Every known failure is a sentence and an exit code, never a traceback."""
    from cairn_protocol.errors import CairnError

    write_anything()
    try:
        _load()
        app()
    except CairnError as error:
        sys.exit(tell_failure(error, as_json="--json" in sys.argv))
    except ImportError as error:  # such as a temporary folder that can't take the curve library
        note(f"cairn: {error}")
        sys.exit(Exit.ERROR)
    except KeyboardInterrupt:
        sys.exit(130)


def _load() -> None:
    """Have every module add its verbs to the app."""
    import stamina

    from cairn.cli import (  # noqa: F401
        analyst,
        analyst_bulletins,
        analyst_trends,
        benchmark,
        bulletins,
        correcting,
        index,
        joining,
        keys,
        liaison,
        log,
        member,
        policy,
        record,
        releases,
        retagging,
        returns,
        reviewer,
        weighing,
    )

    # It logs every repeat, to standard output where structlog is installed: among the results.
    stamina.instrumentation.set_on_retry_hooks(())
