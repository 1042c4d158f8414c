"""A company's name as words: what was typed, and the core that tells this company from others.

"Orkide Teknik Dış Tic. A.Ş." and "ORKIDE TEKNIK DIS TIC LTD" have one core. In order:
unify Unicode forms, case and apostrophes; join dotted initials; split on whatever is neither
letter, mark nor digit; drop legal forms, in their own script; write in ASCII; drop small words and
what is left of legal forms; unify trade abbreviations. Names of any script end as a-z and 0-9.

Work is bounded: `MAX_LETTERS` characters are read, `MAX_WORDS` words kept.

Not here: how rare a word is (`rarity`), keys (`names`).
Source: the matching study, section 3. Transliteration: anyascii, whose table is part of the
package, and not ICU, whose rules differ from one machine to the next.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final

from anyascii import anyascii

from cairn.raw.normalise.spelling import GLUED_SHORT_FORMS, is_public, spelt_alone, spelt_right
from cairn.raw.normalise.tables import name_words

MAX_LETTERS: Final = 400
MAX_WORDS: Final = 32
# Fewer letters than this are no core: a name made of legal forms alone keeps all its words.
MIN_CORE_LETTERS: Final = 3
# A legal form of several words with this many letters is known by them, in whatever order and with whatever spaces.
LONG_FORM_LETTERS: Final = 14
# A shorter word that has a slip and a form glued to it is more likely a name: "Taansas" is no "Trans SA".
SLIP_BEFORE_FORM_LETTERS: Final = 8
SHORT_FORM_OF_A_WORD: Final = 3
JOINED_FORM_LETTERS: Final = 6
PARTED_FORM_WORDS: Final = 6
# Fund I and Fund II are two.
NUMERALS: Final = frozenset(["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"])

_DOTTED_INITIALS: Final = re.compile(r"\b(?:[^\W\d_]\.+){2,}(?:[^\W\d_]\b)?")
# One Russian word, written by the rules of several countries: obshchestvo, obschestvo, obshhestvo.
_CYRILLIC_SPELLINGS: Final = (
    ("shch", "s"),
    ("shh", "s"),
    ("sch", "s"),
    ("sh", "s"),
    ("ts", "c"),
    ("ye", "e"),
    ("je", "e"),
    ("y", "i"),
    ("j", "i"),
)
_APOSTROPHES: Final = str.maketrans(dict.fromkeys("’‘`´ʼʹ′", "'"))
_NOT_ALPHANUMERIC: Final = re.compile(r"[^a-z0-9]+")
_LATIN: Final = re.compile(r"^[0-9a-z\u00c0-\u024f]+$")
# A Russian adjective's ending is written -y abroad: "Северный" is "Severny", not "Severnyy".
_ADJECTIVE: Final = re.compile(r"[ыи]й$")
# Han, kana and Hangul: written without spaces, so a legal form is glued to the name.
_UNSPACED: Final = re.compile(r"^[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+$")


@dataclass(frozen=True, slots=True)
class Words:
    """`core` in the order typed, and `typed`: all words, legal forms too. Both are ASCII; both may be empty."""

    core: tuple[str, ...] = field(repr=False)
    typed: tuple[str, ...] = field(repr=False)


@lru_cache(maxsize=1 << 15)
def words_of(name: str) -> Words:
    """The words of a company's name. Never raises; a name without letters or digits has none."""
    native = _split(name)
    typed = tuple(_to_ascii(native))
    return Words(core=_core(native, typed), typed=typed)


def ascii_words(text: str) -> tuple[str, ...]:
    """Every word of a text in ASCII, in order: no legal form dropped, nothing unified but case and script."""
    return tuple(_to_ascii(_split(text)))


def _core(native: Sequence[str], typed: Sequence[str]) -> tuple[str, ...]:
    table = name_words()
    dropped = (table.form_words | table.small_words) - NUMERALS
    native = spelt_right(native)
    core = list(_to_ascii(_without_legal_forms(native)))
    if not all(map(str.isascii, native)):
        core = spelt_right(core)
    core = [word for word in core if word not in dropped]
    while len(core) > 1 and len(core[-1]) == 1 and core[-1].isalpha() and core[-1] not in NUMERALS:
        core.pop()  # "... de R.L. de C.V." leaves single letters behind
    core = [_unglue(word, alone=len(core) == 1) for word in core]
    while len(core) > 1 and (core[-1] in table.form_debris or core[-1] in table.form_words):
        core.pop()
    core = [table.abbreviations.get(word, word) for word in core]
    if sum(map(len, core)) < MIN_CORE_LETTERS:
        kept = [word for word in typed if word not in table.small_words] or typed
        core = [table.abbreviations.get(word, word) for word in kept]
    return tuple(core)


def _split(name: str) -> list[str]:
    """Words in their own script, case folded."""
    text = unicodedata.normalize("NFKC", name[:MAX_LETTERS]).translate(_APOSTROPHES)
    text = _DOTTED_INITIALS.sub(lambda initials: initials[0].replace(".", ""), text).casefold()
    text = text.replace("'s ", "s ").replace("'", "").replace("&", " and ").replace("fz-e", "fze")
    return text.translate(_SEPARATORS).split()[:MAX_WORDS]


class _Separators(dict[int, int | None]):
    """For str.translate: letters, marks and digits stay, format characters go, all else is a space."""

    def __missing__(self, code: int) -> int | None:
        category = unicodedata.category(chr(code))
        # A dotted i folds to i and a combining dot, which is not a letter of any name.
        drop = category == "Cf" or code == 0x307
        self[code] = None if drop else code if category[0] in "LMN" else 0x20
        return self[code]


_SEPARATORS: Final = _Separators()


def _to_ascii(native: Sequence[str]) -> Iterator[str]:
    for word in native:
        written = word if word.isascii() else _NOT_ALPHANUMERIC.sub("", _transliterated(word))
        if written:
            yield written


def _transliterated(word: str) -> str:
    return anyascii(_ADJECTIVE.sub("ы", word)).lower()


@cache
def _legal_forms() -> tuple[dict[str, list[tuple[str, ...]]], tuple[str, ...]]:
    """Legal forms as word sequences by their first word, longest first; and those written without spaces."""
    table = name_words()
    forms = {tuple(_split(form)) for form in (*table.legal_forms, *table.own_legal_forms)}
    by_first: dict[str, list[tuple[str, ...]]] = {}
    for form in sorted(forms, key=lambda form: (-len(form), form)):
        if form:
            by_first.setdefault(form[0], []).append(form)
    unspaced = {form[0] for form in forms if len(form) == 1 and _UNSPACED.match(form[0])}
    return by_first, tuple(sorted(unspaced, key=lambda form: (-len(form), form)))


def _without_legal_forms(native: Sequence[str]) -> list[str]:
    """The words less every legal form, the longest form first; all words if nothing else is left."""
    by_first, unspaced = _legal_forms()
    plain = [_without_accents(word) for word in native]
    kept: list[str] = []
    at = 0
    while at < len(native):
        forms = (
            *by_first.get(native[at], ()),
            *(by_first.get(plain[at], ()) if plain[at] != native[at] else ()),
        )
        well_parted = next((len(form) for form in forms if form in _both(native, plain, at, len(form))), 0)
        if taken := max(well_parted, _badly_parted_form_at(plain, at)):
            at += taken
            continue
        kept.append(_without_unspaced_form(native[at], unspaced))
        at += 1
    return kept or list(native)


def _both(native: Sequence[str], plain: Sequence[str], at: int, count: int) -> tuple[tuple[str, ...], ...]:
    return tuple(native[at : at + count]), tuple(plain[at : at + count])


def _badly_parted_form_at(plain: Sequence[str], at: int) -> int:
    """How many words from here on are a legal form badly parted, a long one perhaps in another order; or 0."""
    joined_forms, long_forms = _joined_forms(), _long_forms()
    for count in range(min(PARTED_FORM_WORDS, len(plain) - at), 0, -1):
        here = plain[at : at + count]
        if "".join(here) in joined_forms or _as_long_form(here) in long_forms:
            return count
    return 0


@cache
def _joined_forms() -> frozenset[str]:
    """Legal forms of several words without their spaces: "S.A. deC.V." is still one."""
    table = name_words()
    parted = [_split(form) for form in (*table.legal_forms, *table.own_legal_forms)]
    joined = {"".join(form) for form in parted if len(form) > 1}
    return frozenset(form for form in joined if len(form) >= JOINED_FORM_LETTERS and form.isascii())


@cache
def _long_forms() -> frozenset[str]:
    """The letters, in order, of legal forms of several words, each long enough to be no other words by chance."""
    table = name_words()
    forms = (
        _as_long_form(_split(form)) for form in (*table.legal_forms, *table.own_legal_forms) if " " in form
    )
    return frozenset(form for form in forms if len(form) >= LONG_FORM_LETTERS)


def _as_long_form(words: Sequence[str]) -> str:
    """Words as what survives their order, their spaces and how Cyrillic is written in Latin letters."""
    if not all(word.isascii() for word in words):
        return ""
    joined = "".join("company" if word == "co" else word for word in words)
    for spelt, plain in _CYRILLIC_SPELLINGS:
        joined = joined.replace(spelt, plain)
    return "".join(sorted(joined))


def _without_accents(word: str) -> str:
    """A word in Latin letters as ASCII, so that "aş" is the "as" of the table; any other word as it is."""
    return word if word.isascii() or not _LATIN.match(word) else anyascii(word).lower()


def _without_unspaced_form(word: str, forms: Sequence[str]) -> str:
    if word.isascii():
        return word
    for form in forms:
        if len(word) >= len(form) + 2:
            if word.endswith(form):
                return word[: -len(form)]
            if word.startswith(form):
                return word[len(form) :]
    return word


def _unglue(word: str, *, alone: bool) -> str:
    """The word without a legal form that a missing space glued to its end.

    A short form may be any word's end: what stands before it must be a word of public names, and both not.
    A form of two letters is left on a word that is the whole name: "Transas" is no "Trans AS".
    """
    for form in name_words().glued_forms:
        if word.endswith(form) and len(word) >= len(form) + 4:
            return word[: -len(form)]
    for form in GLUED_SHORT_FORMS:
        if alone and len(form) < SHORT_FORM_OF_A_WORD:
            continue
        if word.endswith(form) and len(word) >= len(form) + 4 and not is_public(word):
            front = word[: -len(form)]
            if len(front) >= SLIP_BEFORE_FORM_LETTERS:
                front = spelt_alone(front)
            if is_public(front):
                return front
    return word
