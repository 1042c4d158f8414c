"""Addresses: a weak key, the set of telling words of the street address.

Catches word order, punctuation and "Street" for "St."; leaks that two reports share those words.
Never strong by itself: a business centre houses hundreds of firms. Those of the published deny list give no key.
Source: the matching study, section 3.
"""

from functools import cache, lru_cache
from typing import Final

from cairn.raw.normalise.tables import common_values
from cairn.raw.normalise.words import ascii_words

MIN_WORDS: Final = 2
# Words that stand in most addresses. "po" and "box" too: what tells a box is its number.
KEYWORDS: Final = frozenset(
    [
        "street",
        "st",
        "road",
        "rd",
        "avenue",
        "ave",
        "building",
        "bldg",
        "floor",
        "fl",
        "no",
        "room",
        "rm",
        "office",
        "suite",
        "ste",
        "unit",
        "block",
        "district",
        "po",
        "p",
        "o",
        "box",
        "the",
        "of",
        "and",
        "near",
        "opp",
        "opposite",
    ]
)


@lru_cache(maxsize=1 << 14)
def address_value(typed: str) -> str | None:
    """The telling words in alphabetical order, or None if fewer than two or a published virtual office."""
    value = _telling_words(typed)
    return None if value in _virtual_offices() else value


def _telling_words(typed: str) -> str | None:
    words = {word for word in ascii_words(typed) if word not in KEYWORDS}
    return " ".join(sorted(words)) if len(words) >= MIN_WORDS else None


@cache
def _virtual_offices() -> frozenset[str | None]:
    return frozenset(map(_telling_words, common_values().addresses)) - {None}
