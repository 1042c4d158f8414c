"""Lint: what must not leave in free text, each with its place and the reason.

Contacts, names, identifying numbers, technical specifications (they may be controlled technology),
prices (not a hub's business), and words that mark matters of authorities or counsel. A finding
is a refusal: nothing is cut out silently. Text that names nobody and nothing passes.

Whatever script or width digits, dashes and spaces are typed in, they are read as the plain ones.

Limits: a personal name is found beside a word that introduces one, or where the inquiry itself names it; a
name in running text can pass, as can a unit or a currency that the tables don't have. Free text is
off by default for that reason.
Source: domain brief 2.1; phones by the phonenumbers library's own matcher.
"""

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import phonenumbers

from cairn.raw.sanitise.lint import matters, parties, quantities
from cairn.raw.sanitise.lint.rules import Rule

MAX_TEXT: Final = 8_000

_PHONE: Final = "a phone number identifies a party"
_LEAST_DIGITS_OF_A_PHONE: Final = 6
_RULES: Final[tuple[Rule, ...]] = (*quantities.RULES, *matters.RULES, *parties.RULES)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A place in a text (start and end in characters) that must not leave, and why."""

    start: int
    end: int
    code: str
    why: str

    def as_json(self) -> dict[str, object]:
        """The object `cairn lint --json` prints."""
        return {"code": self.code, "start": self.start, "end": self.end, "why": self.why}


def lint(text: str, named: Iterable[str] = ()) -> list[Finding]:
    """What must not leave in `text`, in order, no two overlapping.

    named  names and contacts the inquiry itself holds: their mention is a finding whatever the case

    Bounded work: only the first MAX_TEXT characters are looked at, and a longer text is a finding itself.
    """
    found = sorted(_all(text[:MAX_TEXT], named), key=lambda finding: (finding.start, -finding.end))
    kept: list[Finding] = []
    for finding in found:
        if not kept or finding.start >= kept[-1].end:
            kept.append(finding)
    if len(text) > MAX_TEXT:
        kept.append(Finding(MAX_TEXT, len(text), "LENGTH", f"more than {MAX_TEXT} characters"))
    return kept


def _all(typed: str, named: Iterable[str]) -> Iterator[Finding]:
    text, places = _plain(typed)

    def finding(start: int, end: int, code: str, why: str) -> Finding:
        return Finding(places[start], places[end - 1] + 1, code, why)

    undated = parties.without_dates(text)
    digits = sum(map(undated.count, "0123456789"))
    for rule in _RULES:
        if digits or not rule.numbers:
            for start, end in rule.found_in(undated if rule.numbers else text):
                yield finding(start, end, rule.code, rule.why)
    if digits >= _LEAST_DIGITS_OF_A_PHONE:
        for phone in phonenumbers.PhoneNumberMatcher(undated, None, leniency=phonenumbers.Leniency.POSSIBLE):
            yield finding(phone.start, phone.end, "PHONE", _PHONE)
    for name in named:
        if len(name) >= 3:
            pattern = re.compile(r"(?<!\w)" + re.escape(_plain(name)[0]) + r"(?!\w)", re.IGNORECASE)
            for match in pattern.finditer(text):
                yield finding(*match.span(), "NAME", "the inquiry's own party is named")


def _plain(typed: str) -> tuple[str, range | list[int]]:
    """The text in plain characters, and for each of them where it stood in what was typed.

    Each is replaced by one that looks like it, so places stay; what can't be seen at all is left out.
    """
    if typed.isascii():
        return typed, range(len(typed))
    shown = [at for at, character in enumerate(typed) if unicodedata.category(character) != "Cf"]
    return "".join(_plain_character(typed[at]) for at in shown), shown


@lru_cache(maxsize=4096)
def _plain_character(character: str) -> str:
    """One character for one: a digit of any script, a dash, a space, a full-width letter as the plain one."""
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    if unicodedata.category(character) == "Pd" or character == "\N{MINUS SIGN}":
        return "-"
    if unicodedata.category(character) == "Zs":
        return " "
    folded = unicodedata.normalize("NFKC", character)
    if folded == "\N{MINUS SIGN}":
        return "-"
    return sys.intern(folded) if len(folded) == 1 else character
