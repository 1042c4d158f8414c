"""Invented buyers, each with a name and a phone that nobody else in the test session has."""

import itertools
import random
from collections.abc import Iterator
from typing import Any

_LETTERS = "bdfgklmnprstvz"
_SESSION = f"{random.randrange(16**4):04x}"
_numbers = itertools.count(random.randrange(1_000, 5_000))


def word(rng: random.Random | None = None) -> str:
    """A word that is in no dictionary, such as "Gortvuk"."""
    rng = rng or random.Random()
    return "".join(rng.choice(_LETTERS) + rng.choice("aeiou") for _ in range(4)).capitalize()


def name() -> str:
    """A company's name with two rare words."""
    return f"{word()} {word()} Instruments"


def phone() -> str:
    """A number of a range that is kept for fiction, or near it."""
    return f"+44 1632 96{next(_numbers):04d}"


def inquiry(inquiry_id: str, **party: Any) -> dict[str, Any]:
    """An inquiry as the SDK reads it, about a new buyer but for what `party` says. Its id is this session's own."""
    return {
        "inquiry_id": f"{inquiry_id}-{_SESSION}",
        "channel": "EMAIL",
        "party": {"role": "PUR", "name": name(), "country": "GB", "phones": [phone()], **party},
        "item": {"eccn": "2B230"},
        "red_flags": ["RF-ENU-01"],
        "outcome": "DECLINED",
    }


def inquiries(prefix: str) -> Iterator[dict[str, Any]]:
    """New inquiries without end, all about different buyers."""
    for number in itertools.count(1):
        yield inquiry(f"{prefix}-{number:04d}")
