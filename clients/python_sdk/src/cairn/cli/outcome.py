"""How a verb ends: what is printed, and the exit code that scripts rely on."""

import io
import json
import sys
from collections.abc import Iterable
from enum import IntEnum

from cairn_protocol.errors import CairnError, ProtocolError


class Exit(IntEnum):
    """The exit codes."""

    CLEAR = 0
    ERROR = 1
    USAGE = 2
    CARD_FOUND = 3
    QUEUED = 4
    PROOF_FAILED = 5
    REFUSED = 6


# A batch exits with the first of these that occurred.
_ORDER = (Exit.ERROR, Exit.PROOF_FAILED, Exit.REFUSED, Exit.QUEUED, Exit.CARD_FOUND, Exit.CLEAR)


# Refusals of the firm's own rules.
_REFUSALS = frozenset({"not-releasable", "bad-policy"})


def of_batch(occurred: Iterable[Exit]) -> Exit:
    """The exit code of a batch."""
    seen = set(occurred)
    return next((code for code in _ORDER if code in seen), Exit.CLEAR)


def write_anything() -> None:
    """Have standard output and error take every character: what the terminal's own encoding lacks is escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def emit(record: dict[str, object]) -> None:
    """One JSON object on a line, in escapes where the output is not Unicode."""
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps(record, ensure_ascii=not unicode), flush=True)


def say(text: str) -> None:
    """A line for people, on standard output."""
    print(text, flush=True)


def note(text: str) -> None:
    """A line beside the result, on standard error."""
    print(text, file=sys.stderr, flush=True)


def tell_failure(error: CairnError, *, as_json: bool) -> Exit:
    """Print why a verb failed; returns its exit code."""
    slug = getattr(error, "slug", "error")
    if as_json:
        emit({"status": "error", "reason": slug, "detail": str(error)})
    note(f"cairn: {error}")
    return exit_for(error)


def exit_for(error: CairnError) -> Exit:
    """The exit code an error stands for."""
    from cairn.client.errors import Conflict, Metered, ProofInvalid, Rejected, TrusteeUnavailable

    if isinstance(error, ProofInvalid):
        return Exit.PROOF_FAILED
    if isinstance(error, Rejected | Conflict | Metered) or getattr(error, "slug", "") in _REFUSALS:
        return Exit.REFUSED
    if isinstance(error, TrusteeUnavailable):
        return Exit.QUEUED
    if isinstance(error, ProtocolError) and error.slug.startswith(("bad-", "too-few-")):
        return Exit.PROOF_FAILED
    return Exit.ERROR
