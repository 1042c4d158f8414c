"""Numbers that registries and banks give to a company: register number, VAT, LEI, IMO, IBAN.

All but register numbers carry check digits: one that fails them was mistyped, and gives no key rather
than a wrong one. VAT numbers are bound to their country, told by the prefix or by the party.

A register number's country is often missing or wrong in an inquiry, so a long one (from 7
characters with 6 digits) stands alone, which costs a rare coincidence; a short one recurs
in every register, so it is bound to the party's country and gives no key without it.
Source: python-stdnum; IMO resolution A.1117(30) for ships, and the company number's check digit as
published with it.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from stdnum import get_cc_module, iban, imo, lei
from stdnum.exceptions import ValidationError

from cairn_protocol.codes import COUNTRIES

MAX_CHARACTERS: Final = 64
ALONE_CHARACTERS: Final = 7
ALONE_DIGITS: Final = 6
MIN_CHARACTERS: Final = 4
MIN_DIGITS: Final = 3
MIN_VAT_DIGITS: Final = 6
IMO_COMPANY_WEIGHTS: Final = (8, 6, 4, 2, 9, 7)

# What people write before a register number. Court and register letters (HRB, SC) belong to it.
_LABELS: Final = frozenset(
    {"REGISTRATION", "REGISTERED", "REG", "NUMBER", "NUM", "NO", "NR", "ID", "COMPANY", "OGRN", "ОГРН", "CRN"}
)
_WORDS: Final = re.compile(r"[^\W_]+")
_VAT_PREFIXES: Final = {"EL": "GR", "XI": "GB"}


def registration_value(typed: str, country: str) -> str | None:
    """A-Z and 0-9 of a register number, after "CC:" if it is short; None if it identifies nobody."""
    words = _WORDS.findall(_clean(typed))
    number = "".join(word for word in words if word not in _LABELS)
    digits = [character for character in number if character.isdigit()]
    if len(set(digits)) < 2:
        return None  # 0000000 and the like fill a form's field
    if len(number) >= ALONE_CHARACTERS and len(digits) >= ALONE_DIGITS:
        return number
    if country and len(number) >= MIN_CHARACTERS and len(digits) >= MIN_DIGITS:
        return f"{country}:{number}"
    return None


@lru_cache(maxsize=1 << 12)
def vat_value(typed: str, country: str) -> str | None:
    """A VAT number that is right for its country, after "CC:", or None."""
    number = "".join(_WORDS.findall(_clean(typed)))
    if not number:
        return None
    prefix = _VAT_PREFIXES.get(number[:2], number[:2])
    tried = [(country, number)] if country else []
    if prefix in COUNTRIES:
        tried.append((prefix, number[2:]))
    for of_country, rest in tried:
        if value := _vat_of(of_country, rest):
            return f"{of_country}:{value}"
    return None


def _vat_of(country: str, number: str) -> str | None:
    module = get_cc_module(country.lower(), "vat")
    if module is None:  # no rule is known here for this country's numbers
        bare = number.removeprefix(country)
        return bare if sum(map(str.isdigit, bare)) >= MIN_VAT_DIGITS else None
    try:
        return str(module.validate(number))
    except ValidationError:
        return None


def lei_value(typed: str) -> str | None:
    """The 20 characters of a Legal Entity Identifier with right check digits, or None."""
    number = _clean(typed)
    return str(lei.compact(number)) if lei.is_valid(number) else None


def iban_value(typed: str) -> str | None:
    """An International Bank Account Number with right check digits, without spaces, or None."""
    number = _clean(typed).removeprefix("IBAN").lstrip(" :")
    return str(iban.compact(number)) if iban.is_valid(number) else None


def imo_value(typed: str) -> str | None:
    """The seven digits of a ship's or a ship company's IMO number with its right check digit, or None."""
    number = "".join(_WORDS.findall(_clean(typed))).removeprefix("IMO")
    if not (len(number) == 7 and number.isascii() and number.isdigit() and any(map(int, number))):
        return None
    total = sum(int(digit) * weight for digit, weight in zip(number, IMO_COMPANY_WEIGHTS, strict=False))
    is_company = (11 - total % 11) % 10 == int(number[-1])
    return number if is_company or imo.is_valid(number) else None


def _clean(typed: str) -> str:
    return unicodedata.normalize("NFKC", typed[:MAX_CHARACTERS]).upper().strip()
