"""How rare a word is among public company names, and so how much a shared one tells.

In whole thousandths of a bit, because floating sums differ with their order and a
strength near a threshold would then give two firms two kinds of key for one name.
An unseen word, and one seen in a single name, count `RAREST`; a word of legal forms, which stands in a
core only where there is nothing else, counts nothing.

Source: the matching study, section 3: log2((N + 1) / (df + 0.5)), capped.
"""

import math
from collections.abc import Iterable
from functools import cache
from typing import Final

from cairn.raw.normalise.tables import name_words, word_frequencies

RAREST: Final = 15_000
# A word this rare is distinctive: it stands in fewer than about 1 of 500 names.
DISTINCTIVE: Final = 9_000
# What companies deal in tells none of them from its competitors, however few public names have the word.
TRADE: Final = 6_000


def rarity(word: str) -> int:
    """Thousandths of a bit, 0 to `RAREST`; at most `TRADE` for a word of the trade."""
    found = listed_rarity(word)
    return min(TRADE, found) if word in name_words().trade_words else found


def listed_rarity(word: str) -> int:
    """The same by the public lists alone: what tells how well a word's spelling is known."""
    return _rarities().get(word, RAREST)


def strength(words: Iterable[str]) -> int:
    """The rarities of the distinct words, summed: thousandths of a bit."""
    return sum(map(rarity, set(words)))


def distinctive_letters(words: Iterable[str]) -> int:
    """How many letters the distinct distinctive words have together."""
    return sum(len(word) for word in set(words) if rarity(word) >= DISTINCTIVE)


@cache
def _rarities() -> dict[str, int]:
    table, words = word_frequencies(), name_words()
    seen = {
        word: min(RAREST, max(0, round(1000 * math.log2((table.names + 1) / (count + 0.5)))))
        for word, count in table.words.items()
    }
    return seen | dict.fromkeys((*words.form_words, *words.legal_forms, *words.small_words), 0)
