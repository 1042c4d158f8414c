"""Match keys of a company's name: one exact fingerprint, and fuzzy keys that survive typing.

| kind | catches | shows the hub, beyond equality of the whole |
|---|---|---|
| NAME | case, accents, script, legal form, word order | nothing |
| NAME_COMMON | the same for names of common words, in one country | nothing |
| BAG | swapped, merged, split words; swapped letters; doubled letters | same letters and numbers |
| SOUND | spellings that sound alike | same sound |
| ACRONYM | an acronym and the name it stands for | same initials |
| EDIT | one letter more, less or other | within one letter of each other |

NAME_COMMON and short values of the fuzzy kinds are bound to the party's country ("" where it is not
told), for they recur by chance; a value of `LONG_VALUE_LETTERS` or more stands alone, so that a report without a
country still finds its like. Each is emitted only where the name is distinctive enough; thresholds
below are protocol and were measured, not derived (docs/linkage.md).

Not here: addresses (`addresses`), what a key counts (`cairn_protocol.agreement`).
Source: the matching study, section 3 (fps, fpw, bags, mets, symb).
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Final

from jellyfish import metaphone

from cairn.raw.normalise.match_key import MatchKey
from cairn.raw.normalise.rarity import distinctive_letters, strength
from cairn.raw.normalise.tables import common_values
from cairn.raw.normalise.words import NUMERALS, Words, words_of
from cairn_protocol.kinds import FUZZY_COUNT, Kind

RARE_NAME: Final = 13_000  # thousandths of a bit: from here a name stands alone, without its country
MIN_NAME_LETTERS: Final = 2
DISTINCTIVE_LETTERS: Final = 8
LONG_NAME_LETTERS: Final = 20
MIN_BAG_LETTERS: Final = 6
MIN_SOUND_LETTERS: Final = 5
MIN_EDIT_LETTERS: Final = 7
MIN_EDITED_WORD: Final = 5
MIN_SHUFFLED_LETTERS: Final = 13
LONG_VALUE_LETTERS: Final = 16
ACRONYM_LETTERS: Final = range(5, 9)  # shorter ones recur by chance

_DOUBLED: Final = re.compile(r"(.)\1+")
_DIGITS: Final = re.compile(r"[0-9]+")
_NUMBERS: Final = re.compile(rf"[0-9]+|^(?:{'|'.join(sorted(NUMERALS))})$")


def fingerprint(name: str, country: str) -> MatchKey | None:
    """The exact key: NAME, or NAME_COMMON bound to `country`; none for a name that tells nothing."""
    core = words_of(name).core
    if _is_nobody(core):
        return None
    value = " ".join(sorted(set(core)))
    if strength(core) >= RARE_NAME:
        return MatchKey(Kind.NAME, value)
    return MatchKey(Kind.NAME_COMMON, _bound(value, country))


@lru_cache(maxsize=1 << 15)
def fuzzy_name_keys(name: str, country: str) -> tuple[MatchKey, ...]:
    """The fuzzy keys in the order BAG, SOUND, ACRONYM, EDIT, each at most as often as `FUZZY_COUNT` says."""
    words = words_of(name)
    if _is_nobody(words.core):
        return ()
    distinctive = distinctive_letters(words.core) >= DISTINCTIVE_LETTERS
    found = (
        (Kind.BAG, bag(words, distinctive)),
        (Kind.SOUND, sound(words, distinctive)),
        (Kind.ACRONYM, acronym(words)),
        *((Kind.EDIT, edit) for edit in edits(words)),
    )
    return tuple(MatchKey(kind, _bound_if_short(value, country)) for kind, value in found if value)


def bag(words: Words, distinctive: bool) -> str | None:
    """All letters in alphabetical order, doubled ones once, if the name is distinctive or long; then its numbers."""
    letters, numbers = _letters_and_numbers(words.core)
    once = _DOUBLED.sub(r"\1", letters)
    if len(once) < MIN_BAG_LETTERS or not (distinctive or len(letters) >= LONG_NAME_LETTERS):
        return None
    return "".join(sorted(once)) + numbers


def sound(words: Words, distinctive: bool) -> str | None:
    """The metaphone codes of the words in alphabetical order, if the name is distinctive."""
    if not distinctive:
        return None
    codes = " ".join(sorted({metaphone(word) or word for word in words.core}))
    return codes if len(codes) >= MIN_SOUND_LETTERS else None


def acronym(words: Words) -> str | None:
    """The initials of five to eight words, or a name that is one word short enough to be initials."""
    if len(words.core) in ACRONYM_LETTERS:
        return "".join(word[0] for word in words.core)
    if len(words.core) == 1 and len(words.core[0]) in ACRONYM_LETTERS:
        return words.core[0]
    return None


def edits(words: Words) -> Iterator[str]:
    """The sorted core joined, and that with one letter left out: names one edit apart share a value.

    A value of `MIN_SHUFFLED_LETTERS` or more is written with its letters in order, so that in a long
    name a slip is found beside swapped, merged and split words, and a letter that occurs twice costs
    one value. Numbers and the letters of short words stay: they are what tells HTL from HTP and
    Plant 12 from Plant 13. At most `FUZZY_COUNT[EDIT]`, distinct, the name itself first.
    """
    core = sorted(words.core)
    joined, numbers = _letters_and_numbers(core)
    if len(joined) < MIN_EDIT_LETTERS:
        return
    found = dict.fromkeys([_shuffled(joined)])
    before = 0
    for word in (_letters_and_numbers([word])[0] for word in core):
        if len(word) >= MIN_EDITED_WORD:
            for at in range(before, before + len(word)):
                found[_shuffled(joined[:at] + joined[at + 1 :])] = None
        before += len(word)
    name, *slips = found
    for value in (name, *sorted(slips))[: FUZZY_COUNT[Kind.EDIT]]:
        yield value + numbers


def _letters_and_numbers(core: Sequence[str]) -> tuple[str, str]:
    """The letters of the words joined, and their digits and Roman numerals after a bar, "" if there are none."""
    letters = "".join(_DIGITS.sub("", word) for word in core if word not in NUMERALS)
    numbers = " ".join(part for word in core for part in _NUMBERS.findall(word))
    return letters, f"|{numbers}" if numbers else ""


def _shuffled(value: str) -> str:
    return "".join(sorted(value)) if len(value) >= MIN_SHUFFLED_LETTERS else value


def _is_nobody(core: tuple[str, ...]) -> bool:
    """Whether a name tells nothing: one letter, legal forms alone, or what people type for want of a name."""
    return sum(map(len, core)) < MIN_NAME_LETTERS or strength(core) == 0 or core in _fillers()


@cache
def _fillers() -> frozenset[tuple[str, ...]]:
    return frozenset(words_of(name).core for name in common_values().names)


def _bound(value: str, country: str) -> str:
    return f"{value}@{country}"


def _bound_if_short(value: str, country: str) -> str:
    return value if len(value) >= LONG_VALUE_LETTERS else _bound(value, country)
