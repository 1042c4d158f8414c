"""Lint: what must not leave in free text, each with its place and the reason.

Contacts, names, identifying numbers, technical specifications (they may be controlled technology),
prices (not a hub's business), and words that mark matters of authorities or counsel. A finding
is a refusal: nothing is cut out silently. Text that names nobody and nothing passes.

Limits: a personal name is found after a word that introduces one, or where the inquiry itself names it;
a name in running text can pass. Free text is off by default for that reason.
Source: domain brief 2.1; phones by the phonenumbers library's own matcher.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import phonenumbers

MAX_TEXT: Final = 8_000


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


_UNITS: Final = (
    r"(?:[kMGT]?Hz|[kM]?Pa|bar|mbar|psi|[kmcµu]?m|nm|inch(?:es)?|[mk]?[VAW]|kVA|[mkµu]?g|t|tons?|"
    r"°\s?C|°\s?F|rpm|[mµn]?s|ms|dB[im]?|[kMGT]?bit/s|[KMGT]B|l|ml|mm|cm|km|[kM]?N|Nm|Torr|K|%|MPa|GPa|ohm|Ω|[mµnp]F)"
)
# A number has few digits here, and begins where no digit stands before it: hostile runs of digits cost no more.
_NUMBER: Final = r"(?<![\d.,])\d{1,12}(?:[.,]\d{1,12})?"
_QUANTITY: Final = rf"(?:[<>≤≥±~]\s?)?{_NUMBER}\s?{_UNITS}(?!\w)(?:\s?[x×]\s?{_NUMBER}\s?{_UNITS}?)?"
_MONEY: Final = "USD|EUR|GBP|CHF|JPY|CNY|RMB|AED|TRY|RUB"
_TOP_LEVEL: Final = "com|net|org|info|biz|io|eu|example|[a-z]{2}"
_HONORIFIC: Final = r"mr\.?|mrs\.?|ms\.?|miss|dr\.?|prof\.?|herr|frau"
_INTRODUCES: Final = rf"contact|attn\.?|attention|{_HONORIFIC}|dear|call|ask for|speak to|signed by"
_CAPITALISED: Final = r"[^\W\d_a-z][\w'’-]+"


def _any_case(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_RULES: Final[tuple[tuple[str, str, re.Pattern[str]], ...]] = (
    (
        "EMAIL",
        "an e-mail address identifies a person",
        _any_case(r"[^\s@<>(),;:]{1,64}@[^\s@<>(),;:]{1,190}\.\w{2,}"),
    ),
    (
        "URL",
        "an address on the web identifies a party",
        _any_case(r"(?:https?://|www\.)\S+", rf"\b(?:[a-z0-9-]{{1,63}}\.){{1,6}}(?:{_TOP_LEVEL})\b(?:/\S*)?"),
    ),
    (
        "SPEC",
        "a specification with units may be controlled technology",
        re.compile(rf"{_QUANTITY}(?:(?:\s?[,;/]\s?|\s+(?:and|at|by|x)\s+|\s+){_QUANTITY})*"),
    ),
    (
        "PRICE",
        "prices and amounts of money are not exchanged",
        _any_case(
            rf"(?:(?:{_MONEY})\s?|[$€£¥]\s?)\d[\d.,']{{0,20}}(?:\s?(?:k|m|million|thousand))?\b",
            rf"(?<![\d.,'])\d[\d.,']{{0,20}}\s?(?:{_MONEY}|dollars?|euros?|pounds?|[€£¥])",
        ),
    ),
    (
        "SAR",
        "suspicious activity reports must never be mentioned",
        _any_case(r"\bSARs?\b", r"\bsuspicious[- ]activity[- ]reports?\b", r"\bSTRs?\b"),
    ),
    (
        "AUTHORITY",
        "matters before courts and authorities stay at the firm",
        _any_case(
            r"\bsubpoena\w*",
            r"\bgrand jury\b",
            r"\bsearch warrants?\b",
            r"\bis[- ]informed\b",
            r"\b(?:government|BIS|OFAC|agency|red[- ]flag|supplier[- ]list) letters?\b",
            r"\bproject guardian\b",
        ),
    ),
    (
        "CLASSIFIED",
        "classified matters may not be written here",
        _any_case(r"\b(?:un)?classified\b", r"\btop secret\b", r"\bNOFORN\b", r"\bCUI\b", r"\bFOUO\b"),
    ),
    (
        "PRIVILEGED",
        "what counsel said stays with counsel",
        _any_case(r"\bprivileged\b", r"\battorney[- ]client\b", r"\bwork product\b", r"\blegal advice\b"),
    ),
    (
        "REGISTRATION",
        "a registration or account number identifies a party",
        _any_case(
            r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,7}\b",
            r"\b(?:VAT|EORI|LEI|IMO|DUNS|reg(?:istration)?\.?(?:\s?(?:no|number)\.?)?)\s?[:#]?\s?"
            r"[A-Z0-9-]{0,20}\d[A-Z0-9-]{4,40}",
        ),
    ),
    (
        "NAME",
        "a person's name stays at the firm",
        re.compile(
            rf"\b(?i:{_INTRODUCES})\s+(?:(?i:{_HONORIFIC})\s+)?"
            rf"(?P<it>{_CAPITALISED}(?:\s+{_CAPITALISED})*)"
        ),
    ),
)
_DIGITS: Final = re.compile(r"(?<!\d)\d(?:[\s./-]?\d){7,}")
_PHONE_LIKE: Final = re.compile(r"(?:\+\s?|(?<!\d)00\s?)\d(?:[\s()./-]{0,2}\d){5,17}")


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


def _all(text: str, named: Iterable[str]) -> Iterator[Finding]:
    yield from _matched(text, "PHONE", "a phone number identifies a party", _PHONE_LIKE)
    for match in phonenumbers.PhoneNumberMatcher(text, None, leniency=phonenumbers.Leniency.POSSIBLE):
        yield Finding(match.start, match.end, "PHONE", "a phone number identifies a party")
    for code, why, pattern in _RULES:
        yield from _matched(text, code, why, pattern)
    yield from _matched(text, "DIGITS", "a long number may identify a party", _DIGITS)
    for name in named:
        if len(name) >= 3:
            pattern = re.compile(r"(?<!\w)" + re.escape(name) + r"(?!\w)", re.IGNORECASE)
            yield from _matched(text, "NAME", "the inquiry's own party is named", pattern)


def _matched(text: str, code: str, why: str, pattern: re.Pattern[str]) -> Iterator[Finding]:
    place: Callable[[re.Match[str]], tuple[int, int]] = (
        (lambda match: match.span("it")) if "it" in pattern.groupindex else (lambda match: match.span())
    )
    for match in pattern.finditer(text):
        start, end = place(match)
        yield Finding(start, end, code, why)
