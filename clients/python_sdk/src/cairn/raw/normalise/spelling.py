"""Slips in words that everybody knows: "Crporation" is "corporation", "Resourcees" is "resources".

A slip in a legal form or a word of the trade makes a rare word of one that tells nothing, and hides the
form from the list. A word of `MIN_LETTERS` letters or more that no public name has is read as a known word if
that is one letter away (one left out, one more, another one, or two swapped) and has the same first letter; of
several as a legal form, then as the word that most names have, if there is one. A name that has nothing
telling beside such words stays as it is: "Limitex" alone may be a company.

A word of no public name that begins or ends with a common word of some letters is parted, and one that is
a word of the trade and another public word: "Halcyonindustries" lacks a space.

Known are the words of legal forms in Latin letters, longer words of the trade, abbreviations, and words that
stand in more than about 1 of 2,000 public names. Work is bounded: words longer than `MAX_LETTERS` stay.

Source: deletion neighbourhoods (Mor and Fraenkel 1982).
"""

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Final

from cairn.raw.normalise.rarity import DISTINCTIVE, listed_rarity, rarity
from cairn.raw.normalise.tables import name_words, word_frequencies

MIN_LETTERS: Final = 5
MIN_TRADE_LETTERS: Final = 8  # "teknik", "technik", "tecnica": a short word of a trade is near to many others
MAX_LETTERS: Final = 24
MIN_FRONT: Final = 3
MIN_GLUED: Final = 6
MIN_GLUED_FRONT: Final = 5
MIN_GLUED_FORM: Final = 3  # what is shorter may be any word's end: `words` looks at it last
# What a missing space glues to a word; the longer first.
GLUED_SHORT_FORMS: Final = (
    "pjsc",
    "corp",
    "tbk",
    "inc",
    "plc",
    "bhd",
    "llp",
    "oyj",
    "jsc",
    "fze",
    "pte",
    "pty",
    "pvt",
    "spa",
    "co",
    "ag",
    "sa",
    "nv",
    "oy",
    "as",
)
KNOWN: Final = 11_000  # thousandths of a bit: a word of more than about 1 of 2,000 public names


def spelt_right(words: Sequence[str]) -> list[str]:
    """The words with slips in known ones undone, if what is left tells the name from others, and glued ones parted."""
    right: list[str] = []
    telling: set[str] = set()
    for word in words:
        known = _known_word(word)
        parts = () if known else _parted(word)  # "technolgoy" is a slip, not "techno" and a word
        right.extend((known,) if known else parts)
        if not known:
            telling.update(parts)
    return right if sum(map(rarity, telling)) >= DISTINCTIVE else list(words)


def spelt_alone(word: str) -> str:
    """A single word with a slip undone, whatever else the name has."""
    return _known_word(word) or word


def is_public(word: str) -> bool:
    """Whether a word stands in several public names, or is one that everybody knows."""
    return word in word_frequencies().words or word in _known()


@lru_cache(maxsize=1 << 15)
def _known_word(word: str) -> str | None:
    """The one known word that this one is a slip of, or None."""
    known = _known()
    if not MIN_LETTERS <= len(word) <= MAX_LETTERS or not word.isascii() or not word.isalpha():
        return None
    if is_public(word):
        return None
    shorter = _shorter()
    found = set(shorter.get(word, ()))
    for slip in _one_left_out(word):
        if slip in known:
            found.add(slip)
        found.update(other for other in shorter.get(slip, ()) if _is_one_slip(word, other))
    # Whichever legal form was meant, all are dropped.
    if forms := found & name_words().form_words:
        return min(forms)
    written = name_words().abbreviations
    by_rarity = sorted((listed_rarity(written.get(other, other)), other) for other in found)
    if len(by_rarity) > 1 and by_rarity[0][0] == by_rarity[1][0]:
        return None  # "tecnik" may be teknik or technik: the fuzzy keys find both
    return by_rarity[0][1] if by_rarity else None


@lru_cache(maxsize=1 << 15)
def _parted(word: str) -> tuple[str, ...]:
    """A word in two, where a missing space glued a common word to its end or its beginning."""
    if len(word) > MAX_LETTERS or is_public(word) or not word.isascii():
        return (word,)
    for form in GLUED_SHORT_FORMS:
        front = word.removesuffix(form)
        if (
            len(form) >= MIN_GLUED_FORM
            and front != word
            and len(front) >= MIN_GLUED_FRONT
            and is_public(front)
        ):
            return front, form
    for at in range(MIN_FRONT, len(word) - MIN_GLUED + 1):
        if word[at:] in _common():
            return word[:at], word[at:]
    for at in range(len(word) - MIN_FRONT, MIN_GLUED_FRONT - 1, -1):
        if word[:at] in _often():
            return word[:at], word[at:]
    trade = name_words().trade_words
    for at in range(MIN_GLUED, len(word) - MIN_GLUED + 1):
        front, back = word[:at], word[at:]
        if (front in trade or back in trade) and is_public(front) and is_public(back):
            return front, back
    return (word,)


def _is_one_slip(word: str, other: str) -> bool:
    """Whether two words of one length differ in one letter, or in two neighbours that are swapped."""
    if len(word) != len(other):
        return False
    at = [place for place, (one, two) in enumerate(zip(word, other, strict=True)) if one != two]
    return len(at) == 1 or (
        len(at) == 2 and at[1] == at[0] + 1 and word[at[0]] + word[at[1]] == other[at[1]] + other[at[0]]
    )


def _one_left_out(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(1, len(word)))


@cache
def _known() -> frozenset[str]:
    table = name_words()
    forms = {word for form in table.legal_forms for word in form.casefold().split()}
    # The list of legal forms has some misspelt: those are no words.
    forms -= {word for word in forms - table.form_words if _is_slip_of(word, table.form_words)}
    unified = {*table.abbreviations, *table.abbreviations.values()}
    trade = {word for word in table.trade_words if len(word) >= MIN_TRADE_LETTERS}
    words = forms | table.form_words | unified | trade | _common()
    return frozenset(
        word
        for word in words
        if word.isascii()
        and word.isalpha()
        and not table.abbreviations.get(word, "").isdigit()  # "tehree" is no "three"
        and MIN_LETTERS <= len(word) <= MAX_LETTERS
    )


@cache
def _often() -> frozenset[str]:
    """Words of many public names."""
    return frozenset(
        word for word in word_frequencies().words if listed_rarity(word) < KNOWN and len(word) > 1
    )


@cache
def _common() -> frozenset[str]:
    """Those, and words that are written as one of them."""
    often = _often()
    return frozenset(often | {short for short, word in name_words().abbreviations.items() if word in often})


def _is_slip_of(word: str, words: frozenset[str]) -> bool:
    shorter = {word, *_one_left_out(word)}
    return len(word) >= MIN_LETTERS and any(
        other in shorter or word in _one_left_out(other) or _is_one_slip(word, other)
        for other in words
        if other[0] == word[0] and len(other) >= MIN_LETTERS
    )


@cache
def _shorter() -> dict[str, tuple[str, ...]]:
    """The known words that each string is, with one letter more."""
    found: dict[str, list[str]] = {}
    for word in sorted(_known()):
        for slip in set(_one_left_out(word)):
            found.setdefault(slip, []).append(word)
    return {slip: tuple(words) for slip, words in found.items()}
