"""Match keys of a company's name: one exact fingerprint, and fuzzy keys that survive typing.

| kind | catches | shows the hub, beyond equality of the whole |
|---|---|---|
| NAME | case, accents, script, legal form, word order | nothing |
| NAME_COMMON | the same for names of common words, in one country | nothing |
| BAG | swapped, merged, split words; swapped letters; doubled letters | same letters |
| SOUND | spellings that sound alike | same sound |
| ACRONYM | an acronym and the name it stands for | same initials |
| EDIT | one letter more, less or other | within one letter of each other |

All but NAME are bound to the party's country ("" where it is not told), for their values recur
by chance. Each is emitted only where the name is distinctive enough; thresholds below are
protocol and were measured, not derived.

Not here: addresses (`addresses`), what a key counts (`cairn_protocol.agreement`).
Source: the matching study, section 3 (fps, fpw, bags, mets, symb).
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final

from jellyfish import metaphone

from cairn.raw.normalise.match_key import MatchKey
from cairn.raw.normalise.rarity import distinctive_letters, rarity, strength
from cairn.raw.normalise.tables import common_values
from cairn.raw.normalise.words import Words, words_of
from cairn_protocol.kinds import FUZZY_COUNT, Kind

RARE_NAME: Final = 13_000  # thousandths of a bit: from here a name stands alone, without its country
MIN_NAME_LETTERS: Final = 2
DISTINCTIVE_LETTERS: Final = 8
LONG_NAME_LETTERS: Final = 20
MIN_BAG_LETTERS: Final = 6
MIN_SOUND_LETTERS: Final = 5
MIN_EDIT_LETTERS: Final = 7
MAX_EDIT_LETTERS: Final = 22  # longer names: only the longest word is edited
MIN_EDITED_WORD: Final = 5
ACRONYM_WORDS: Final = 3
ACRONYM_LETTERS: Final = range(3, 7)

_DOUBLED: Final = re.compile(r"(.)\1+")


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
    return tuple(MatchKey(kind, _bound(value, country)) for kind, value in found if value)


def bag(words: Words, distinctive: bool) -> str | None:
    """All letters in alphabetical order, doubled ones once, if the name is distinctive or long."""
    joined = "".join(words.core)
    letters = _DOUBLED.sub(r"\1", joined)
    if len(letters) < MIN_BAG_LETTERS or not (distinctive or len(joined) >= LONG_NAME_LETTERS):
        return None
    return "".join(sorted(letters))


def sound(words: Words, distinctive: bool) -> str | None:
    """The metaphone codes of the words in alphabetical order, if the name is distinctive."""
    if not distinctive:
        return None
    codes = " ".join(sorted({metaphone(word) or word for word in words.core}))
    return codes if len(codes) >= MIN_SOUND_LETTERS else None


def acronym(words: Words) -> str | None:
    """The initials of three or more words, or a name that is one word short enough to be initials."""
    if len(words.core) >= ACRONYM_WORDS:
        return "".join(word[0] for word in words.core)
    if len(words.core) == 1 and len(words.core[0]) in ACRONYM_LETTERS:
        return words.core[0]
    return None


def edits(words: Words) -> Iterator[str]:
    """The sorted core joined, and that with one letter left out: names one edit apart share a value.

    At most `FUZZY_COUNT[EDIT]`, distinct. Letters of the longest word come first, as most slips fall
    there. Up to `MAX_EDIT_LETTERS` letters any letter may go; in a longer name only one of the
    longest word, the rest standing exactly ("rest|word").
    """
    core = sorted(words.core)
    joined = "".join(core)
    if len(joined) < MIN_EDIT_LETTERS:
        return
    longest = max(range(len(core)), key=lambda at: (len(core[at]), rarity(core[at]), core[at]))
    before = sum(map(len, core[:longest]))
    if len(joined) <= MAX_EDIT_LETTERS:
        inside = range(before, before + len(core[longest]))
        outside = (at for at in range(len(joined)) if at not in inside)
        values = [joined, *(joined[:at] + joined[at + 1 :] for at in (*inside, *outside))]
    else:
        word = core[longest]
        rest = " ".join(sorted({other for other in core if other != word}))
        slips = (word[:at] + word[at + 1 :] for at in range(len(word)))
        edited = [f"{rest}|{slip}" for slip in (word, *slips)] if len(word) >= MIN_EDITED_WORD else []
        values = [joined, *edited]
    yield from list(dict.fromkeys(values))[: FUZZY_COUNT[Kind.EDIT]]


def _is_nobody(core: tuple[str, ...]) -> bool:
    """Whether a name tells nothing: one letter, legal forms alone, or what people type for want of a name."""
    return sum(map(len, core)) < MIN_NAME_LETTERS or strength(core) == 0 or core in _fillers()


@cache
def _fillers() -> frozenset[tuple[str, ...]]:
    return frozenset(words_of(name).core for name in common_values().names)


def _bound(value: str, country: str) -> str:
    return f"{value}@{country}"
