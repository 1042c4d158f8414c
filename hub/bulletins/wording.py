"""The words of a bulletin: what may stand in a text that others read, and where what may not stands.

Two questions. `unfit`: does a text identify somebody, quote a technical detail, or carry markup?
It is asked of every text that enters, also a liaison's. `improper`: does it judge somebody, name a people,
or quote a number? It is asked of bulletins.

A finding says its code and place, never the text. The firm's own lint (in the SDK) runs before and knows
more, above all names; this one is for whoever does not use the SDK.
Source: domain brief 2.1 and 4.4.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What is wrong and where.

    code   such as MARKUP
    place  a field, and within a text its characters: "editions.members.title 4-11"
    why    a sentence for who wrote it
    """

    code: str
    place: str
    why: str

    def __str__(self) -> str:
        return f"{self.code} at {self.place}: {self.why}"


def _any_case(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_TOP_LEVEL: Final = "com|net|org|info|biz|io|eu|gov|mil|edu|example"
_IDENTIFIES: Final[tuple[tuple[str, str, re.Pattern[str]], ...]] = (
    (
        "MARKUP",
        "a text holds no markup",
        re.compile(r"[<>]|&(?:#\d{1,6}|#x[0-9a-f]{1,6}|[a-z]{2,8});|\]\(", re.IGNORECASE),
    ),
    ("EMAIL", "an e-mail address identifies somebody", re.compile(r"[^\s@]{1,64}@[^\s@]{1,190}")),
    (
        "URL",
        "an address on the web identifies somebody",
        _any_case(
            r"[a-z]{2,12}://\S+",
            r"\bwww\.\S+",
            rf"\b(?:[a-z0-9-]{{1,63}}\.){{1,6}}(?:{_TOP_LEVEL})\b(?:/\S*)?",
        ),
    ),
    (
        "SEALED-ID",
        "the id or digest of a report, tag or person",
        _any_case(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", r"\b[0-9a-f]{16,}\b"),
    ),
    (
        "ACCOUNT",
        "an account or registration number identifies somebody",
        _any_case(
            r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,7}\b",
            r"\b(?:VAT|EORI|LEI|IMO|DUNS|IBAN|MMSI)\s?(?:no\.?|number)?\s?[:#]?\s?[A-Z0-9-]{0,10}\d[A-Z0-9-]{3,30}",
        ),
    ),
    (
        "PHONE",
        "a long number may be a phone or an account",
        re.compile(r"(?:\+|\b00)\s?\d(?:[\s()./-]{0,2}\d){5,17}|(?<!\d)\d(?:[\s./-]?\d){7,}"),
    ),
    (
        "NAME",
        "a person's name",
        re.compile(
            r"\b(?i:mr|mrs|ms|miss|dr|prof|herr|frau|attn|contact|ask for|signed by)\.?:?\s+"
            r"[^\W\d_a-z][\w'’-]+(?:\s+[^\W\d_a-z][\w'’-]+)*"
        ),
    ),
    (
        "SPEC",
        "a specification with units may be controlled technology",
        re.compile(
            r"(?<![\d.,-])\d{1,9}(?:[.,]\d{1,9})?\s?(?:[kMGT]?Hz|[kMG]?Pa|m?bar|psi|[nµumc]m|kW|kVA|rpm|dBm?|Torr|MB/s)\b"
        ),
    ),
    (
        "PRICE",
        "prices are not exchanged",
        _any_case(
            r"[$€£¥]\s?\d", r"\b(?:USD|EUR|GBP|CHF|JPY|CNY)\s?\d", r"\d\s?(?:USD|EUR|GBP|CHF|JPY|CNY)\b"
        ),
    ),
)

_JUDGES: Final[tuple[tuple[str, str, re.Pattern[str]], ...]] = (
    (
        "JUDGEMENT",
        'say what reports describe, not what somebody is: "observed", "unverified", "could also be explained by"',
        _any_case(
            r"\bfront[- ]compan(?:y|ies)\b",
            r"\bsmuggl\w+",
            r"\bsanctions?[- ](?:evad|bust)\w+",
            r"\bblack[- ]?list\w*",
            r"\bbad[- ]actors?\b",
            r"\bcriminal\w*",
            r"\bconfirm(?:s|ed|ing)?\b",
            r"\bterroris\w+",
            r"\bguilty\b",
            r"\bshell compan(?:y|ies)\b",
        ),
    ),
    (
        "DIRECTIVE",
        "a bulletin gives codes of actions; each reader decides alone",
        _any_case(
            r"\b(?:do not|don't|never|must not|stop)\s+(?:sell|ship|deal|quote|supply|trade)\w*",
            r"\bboycott\w*",
        ),
    ),
    (
        "PEOPLE",
        "a country may be named as a place; its people may not",
        re.compile(
            r"\b[A-Z][a-z]+(?:ian|ean|ish|ese|ani|eni|aqi|isi|an)\s+"
            r"(?:nationals?|people|citizens?|students?|men|women|persons?|buyers?|immigrants?|families)\b"
            r"|\b[A-Z][a-z]{2,}(?:nians|ssians|rians|sians|dians)\b|\bthe (?:Chinese|Turks|Kurds|Arabs|Russians)\b"
        ),
    ),
)

# What may have digits without being a figure: codes, tiers, dates and versions.
_NO_FIGURE: Final = re.compile(
    r"\bRF-[A-Z]{2,4}-\d{2}\b|\bFAM-[A-Z0-9]{2,8}\b|\b(?:tier|Tier)s? [1-4](?:\.[AB])?"
    r"|\b20\d\d(?:-(?:Q[1-4]|W\d\d|\d\d(?:-\d\d)?))?\b|\bQ[1-4]\b|\b(?:week|Week) \d{1,2}\b"
    r"|\bversion \d{1,2}(?:\.\d{1,2}){0,2}\b|\b[A-Z]+\d[A-Z0-9]*\b"
)
_ITEM_NUMBER: Final = re.compile(r"\b[0-9][A-E][0-9]{3}\b|(?<![\d.])\d{4}\.\d{2}(?!\d)|\bHS\s?\d{4,10}\b")
_NUMBER: Final = re.compile(r"<?\d[\d.,]*(?:-\d[\d.,]*|\+)?(?:\s?%)?")
_NUMBER_WORDS: Final = _any_case(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|"
    r"dozens?|doubled|tripled|twice|half of)\b"
)


def unfit(place: str, text: str) -> list[Finding]:
    """What in `text` identifies somebody, is technical, or is no plain text."""
    found = list(_matched(place, text, _IDENTIFIES))
    for at, character in enumerate(text):
        if unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp"):
            found.append(Finding("INVISIBLE", f"{place} {at}-{at + 1}", "a character that nobody sees"))
    return found


def improper(place: str, text: str, quotable: Iterable[str]) -> list[Finding]:
    """What in a bulletin's `text` judges, directs, names a people, or is a number that was not released.

    quotable  the bands of the figures that the edition is bound to
    """
    found = list(_matched(place, text, _JUDGES))
    allowed = set(quotable)
    without_codes = _NO_FIGURE.sub(lambda match: " " * len(match[0]), _ITEM_NUMBER.sub(_blank, text))
    for pattern in (_NUMBER, _NUMBER_WORDS):
        for match in pattern.finditer(without_codes):
            if match[0].rstrip(".,") not in allowed:
                where = f"{place} {match.start()}-{match.end()}"
                found.append(
                    Finding("NUMBER", where, "a number that is no band of a figure bound to its release")
                )
    return found


def item_numbers(place: str, text: str) -> list[Finding]:
    """Where a text names an item by its control-list or tariff number."""
    return [
        Finding(
            "ITEM", f"{place} {match.start()}-{match.end()}", "members are told of families, not of items"
        )
        for match in _ITEM_NUMBER.finditer(text)
    ]


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _matched(place: str, text: str, rules: tuple[tuple[str, str, re.Pattern[str]], ...]) -> Iterator[Finding]:
    for code, why, pattern in rules:
        for match in pattern.finditer(text):
            yield Finding(code, f"{place} {match.start()}-{match.end()}", why)
