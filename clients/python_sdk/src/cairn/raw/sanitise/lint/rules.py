"""A rule of the lint: a pattern, and a second look where a pattern alone would find too much."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


def any_case(*alternatives: str) -> re.Pattern[str]:
    """A pattern of these alternatives in whatever case."""
    return re.compile("|".join(alternatives), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is found by it has `code` and `why`. The place is the pattern's group `it`, or the whole match.

    holds    whether a match is meant; without it each is
    numbers  whether it looks for numbers: there are none in a text without a digit, and a date is none
    """

    code: str
    why: str
    pattern: re.Pattern[str]
    holds: Callable[[re.Match[str]], bool] | None = None
    numbers: bool = False

    def found_in(self, text: str) -> Iterator[tuple[int, int]]:
        """Start and end of each place, in order."""
        for match in self.pattern.finditer(text):
            if self.holds is None or self.holds(match):
                inner = "it" in self.pattern.groupindex and match["it"] is not None
                yield match.span("it" if inner else 0)
