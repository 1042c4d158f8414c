"""Phone numbers: one key a number, however it was typed.

A number that is valid in its numbering plan becomes E.164: "+90 555 010 0199", "00905550100199" and,
from a party in Türkiye, "(0555) 010 01 99" are all +905550100199. The country is only a hint: a number
that starts with + or 00 is read by itself, and digits that are valid with a country code in
front but not in the party's country are read so too.

A number that is valid nowhere, as invented, foreign-formatted and mistyped ones are, becomes "~" and the
last nine of its digits: the part that stays the same with and without country code and trunk zeros. One
repeated digit and 123456789 are what people type into a field they must fill, and give no key.

Extensions are dropped: a switchboard is one party's. Numbers of the published deny list give no key.
Source: libphonenumber's metadata (phonenumbers); the matching study, section 3, for the nine digits.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from cairn.raw.normalise.tables import common_values

MAX_CHARACTERS: Final = 64
KEPT_DIGITS: Final = 9
MIN_DIGITS: Final = 7

_EXTENSION: Final = re.compile(
    r"(?:ext(?:ension|n)?|int|dahili|доб|x|#|;ext=)[\s.:]*\d{1,7}\s*$", re.IGNORECASE
)
_PLACEHOLDERS: Final = frozenset({"1234567", "12345678", "123456789", "234567890", "987654321"})


@lru_cache(maxsize=1 << 15)
def phone_value(typed: str, country: str) -> str | None:
    """The key value of a phone number, or None if it identifies nobody. `country` is a hint, "" if unknown."""
    text = unicodedata.normalize("NFKC", typed[:MAX_CHARACTERS]).strip()
    text = _EXTENSION.sub("", text)
    digits: str = phonenumbers.normalize_digits_only(text)
    if len(digits) < MIN_DIGITS:
        return None
    value = _valid(text, digits, country) or _unread(digits)
    return None if value in common_values().phones else value


def _valid(text: str, digits: str, country: str) -> str | None:
    """The number in E.164, if it is valid under one of the ways to read it."""
    if text.startswith("+"):
        return _e164("+" + digits, None)
    if digits.startswith("00"):
        return _e164("+" + digits[2:], None)
    return (country and _e164(digits, country)) or _e164("+" + digits, None)


def _e164(number: str, region: str | None) -> str | None:
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return str(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))


def _unread(digits: str) -> str | None:
    kept = digits.lstrip("0")[-KEPT_DIGITS:]
    if len(kept) < MIN_DIGITS or len(set(kept)) == 1 or kept in _PLACEHOLDERS:
        return None
    return "~" + kept
