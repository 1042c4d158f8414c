"""Match keys of a company's name: one exact fingerprint, and fuzzy keys that survive typing.

| kind | catches | shows the hub, beyond equality of the whole |
|---|---|---|
| NAME | case, accents, script, legal form, word order | nothing |
| NAME_COMMON | the same for names of common words, in one country | nothing |
| BAG | swapped, merged, split words; swapped letters; doubled letters | same letters and numbers |
| SOUND | spellings that sound alike | same sound |
| ACRONYM | an acronym and the name it stands for | same initials |
| EDIT | one letter more, less or other; a missing space | within one letter of each other |

NAME_COMMON and short values of the fuzzy kinds are bound to the party's country ("" where it is not
told), for they recur by chance; a value of `LONG_VALUE_LETTERS` or more stands alone, so that a report without a
country still finds its like. Each is emitted only where the name is distinctive enough; thresholds
below are protocol and were measured, not derived (docs/linkage.md).

Not here: addresses (`addresses`), what a key counts (`cairn_protocol.agreement`).
Source: the matching study, section 3 (fps, fpw, bags, mets, symb).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Final

from jellyfish import metaphone

from cairn.raw.normalise.match_key import MatchKey
from cairn.raw.normalise.rarity import DISTINCTIVE, distinctive_letters, rarity, strength
from cairn.raw.normalise.tables import common_values
from cairn.raw.normalise.words import NUMERALS, Words, words_of
from cairn_protocol.kinds import FUZZY_COUNT, Kind

RARE_NAME: Final = 13_000  # thousandths of a bit: from here a name stands alone, without its country
MIN_NAME_LETTERS: Final = 2
# Letters in rare words that a name must have for a kind: the more of a name a kind forgets, the more.
BAG_LETTERS: Final = 8
SOUND_LETTERS: Final = 8
TELLING_LETTERS: Final = 14
MIN_BAG_LETTERS: Final = 6
MIN_SOUND_LETTERS: Final = 5
MIN_EDIT_LETTERS: Final = 6
MIN_WHOLE_LETTERS: Final = 4
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
    letters = distinctive_letters(words.core)
    alone = letters >= TELLING_LETTERS
    found = (
        (Kind.BAG, bag(words, letters), alone),
        (Kind.SOUND, sound(words, letters), alone),
        (Kind.ACRONYM, acronym(words), False),
    )
    # One letter more or less may make a name telling: there both ways of writing are given.
    ways = [alone, not alone] if letters - alone == TELLING_LETTERS - 1 else [alone]
    slips = dict.fromkeys(
        _key(Kind.EDIT, value, country, alone=way) for way in ways for value in edits(words, telling=way)
    )
    return (
        *(_key(kind, value, country, alone=alone) for kind, value, alone in found if value),
        *list(slips)[: FUZZY_COUNT[Kind.EDIT]],
    )


def _key(kind: Kind, value: str, country: str, *, alone: bool) -> MatchKey:
    """A fuzzy key, bound to the country unless it is a long value of a telling name."""
    return MatchKey(kind, value if alone and len(value) >= LONG_VALUE_LETTERS else _bound(value, country))


def bag(words: Words, distinctive: int) -> str | None:
    """All letters in alphabetical order, doubled ones once, if the name is distinctive or long; then its numbers."""
    letters, numbers = _letters_and_numbers(words.core)
    once = _DOUBLED.sub(r"\1", letters)
    if len(once) < MIN_BAG_LETTERS or distinctive < BAG_LETTERS:
        return None
    return "".join(sorted(once)) + numbers


def sound(words: Words, distinctive: int) -> str | None:
    """The metaphone codes of the words in alphabetical order, if those of rare words tell enough."""
    if distinctive < SOUND_LETTERS:
        return None
    codes = {word: metaphone(word) or word for word in words.core}
    telling = {code for word, code in codes.items() if rarity(word) >= DISTINCTIVE}
    return " ".join(sorted(set(codes.values()))) if sum(map(len, telling)) >= MIN_SOUND_LETTERS else None


def acronym(words: Words) -> str | None:
    """The initials of five to eight words, or a name that is one word short enough to be initials."""
    if len(words.core) in ACRONYM_LETTERS:
        return "".join(word[0] for word in words.core)
    if len(words.core) == 1 and len(words.core[0]) in ACRONYM_LETTERS:
        return words.core[0]
    return None


def edits(words: Words, *, telling: bool) -> Iterator[str]:
    """The core joined, all words as typed joined, and the core with one letter left out.

    Names one edit apart share a value, and so do names of which one lacks a space or has one too many, be it
    before a small word or a legal form.

    telling  whether the name has `TELLING_LETTERS` in rare words. Then values of `MIN_SHUFFLED_LETTERS` or
             more are written with their letters in order, so that a slip is found beside swapped, merged
             and split words, and a letter that occurs twice costs one value.

    Numbers and the letters of short words stay: they are what tells HTL from HTP and Plant 12 from Plant 13. So a
    name of `MIN_WHOLE_LETTERS` has no slips, but it is itself what a longer one's slip leaves, and a letter doubled
    in it is found. At most `FUZZY_COUNT[EDIT]`, distinct: the whole names, then slips in its rare words.
    """
    core = sorted(words.core)
    joined, numbers = _letters_and_numbers(core)
    as_typed, _ = _letters_and_numbers(words.core)  # two words or one, as long as nobody swaps them

    def written(value: str) -> str:
        return "".join(sorted(value)) if telling and len(value) >= MIN_SHUFFLED_LETTERS else value

    whole = [written(joined), written(as_typed)]
    if len(joined) < MIN_EDIT_LETTERS:
        whole.append(_DOUBLED.sub(r"\1", joined))
    values = dict.fromkeys(value + numbers for value in whole if len(value) >= MIN_WHOLE_LETTERS)
    unparted = "".join(words.typed)
    if len(unparted) >= MIN_EDIT_LETTERS:
        values[unparted] = None
    if len(joined) >= MIN_EDIT_LETTERS:
        values |= dict.fromkeys(slip + numbers for slip in _slips(core, joined, written))
    yield from list(values)[: FUZZY_COUNT[Kind.EDIT]]


def _slips(core: Sequence[str], joined: str, written: Callable[[str], str]) -> Iterator[str]:
    """The letters of the core with one left out, those of rare words first, in an order that tells nothing."""
    rare: dict[str, None] = {}
    common: dict[str, None] = {}
    before = 0
    for word in core:
        letters = _letters_and_numbers([word])[0]
        if len(letters) >= MIN_EDITED_WORD:
            slips = rare if rarity(word) >= DISTINCTIVE else common
            for at in range(before, before + len(letters)):
                slips[written(joined[:at] + joined[at + 1 :])] = None
        before += len(letters)
    yield from sorted(rare)
    yield from sorted(common)


def _letters_and_numbers(core: Sequence[str]) -> tuple[str, str]:
    """The letters of the words joined, and their digits and Roman numerals after a bar, "" if there are none."""
    letters = "".join(_DIGITS.sub("", word) for word in core if word not in NUMERALS)
    numbers = " ".join(part for word in core for part in _NUMBERS.findall(word))
    return letters, f"|{numbers}" if numbers else ""


def _is_nobody(core: tuple[str, ...]) -> bool:
    """Whether a name tells nothing: one letter, legal forms alone, or what people type for want of a name."""
    return sum(map(len, core)) < MIN_NAME_LETTERS or strength(core) == 0 or core in _fillers()


@cache
def _fillers() -> frozenset[tuple[str, ...]]:
    return frozenset(words_of(name).core for name in common_values().names)


def _bound(value: str, country: str) -> str:
    return f"{value}@{country}"
