"""Reading one field of an inquiry: the right type, size and code, or an error that names the place.

Every function takes the value as typed and the place it stands at ("party.phones[0]"), and
returns the value as kept. An error never repeats what was typed: a cell may hold a name where a
code belongs. Misspelt field names and codes get the nearest known one as a hint.
"""

import datetime as dt
import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import ClassVar, Final, TypeVar

from cairn_protocol.codes import COUNTRIES, UNKNOWN
from cairn_protocol.errors import CairnError

MAX_WHOLE_NUMBER: Final = 10**12
EARLIEST: Final = dt.date(2000, 1, 1)

_LOCODE: Final = re.compile(r"^[A-Z]{2} ?[A-Z2-9]{3}$")
_NUMBER: Final = re.compile(r"^[0-9]{1,13}(\.[0-9]{1,9})?$")
_E = TypeVar("_E", bound=StrEnum)


class BadInquiry(CairnError):
    """An inquiry, or a row of a file, that can't be used as it is. Correct it and try again.

    `place` names the field, `row` the row of the file where it came from one. Neither these nor the
    reason hold anything that was typed.
    """

    slug: ClassVar[str] = "bad-inquiry"

    def __init__(self, reason: str, *, place: str = "", row: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place
        self.row = row

    def __str__(self) -> str:
        where = ", ".join(
            ([f"row {self.row}"] if self.row is not None else []) + ([self.place] if self.place else [])
        )
        return f"{where}: {self.reason}" if where else self.reason

    def at_row(self, row: int) -> "BadInquiry":
        """The same fault, of that row."""
        return BadInquiry(self.reason, place=self.place, row=row)


def text(typed: object, place: str, limit: int) -> str:
    """Text without outer spaces, "" for none. Raises BadInquiry over `limit` characters or for another type."""
    if typed is None:
        return ""
    if not isinstance(typed, str):
        raise BadInquiry(f"must be text, not {_kind(typed)}", place=place)
    if len(typed) > limit:
        raise BadInquiry(f"longer than {limit} characters", place=place)
    if "\0" in typed or any("\ud800" <= character <= "\udfff" for character in typed):
        raise BadInquiry(
            "holds a NUL or half a character; the file was damaged or saved wrongly", place=place
        )
    return typed.strip()


def texts(typed: object, place: str, limit: int, most: int) -> tuple[str, ...]:
    """A list of at most `most` texts, empty ones left out. One text alone is refused: its letters would be read."""
    if typed is None:
        return ()
    if isinstance(typed, str) or not isinstance(typed, Sequence):
        raise BadInquiry(f"must be a list of texts, not {_kind(typed)}", place=place)
    if len(typed) > most:
        raise BadInquiry(f"more than {most} entries", place=place)
    read = (text(entry, f"{place}[{at}]", limit) for at, entry in enumerate(typed))
    return tuple(entry for entry in read if entry)


def code(typed: object, place: str, codes: type[_E], default: _E) -> _E:
    """A code of the list `codes`, `default` if none is told. Raises BadInquiry for an unknown one."""
    value = text(typed, place, 64)
    if not value:
        return default
    try:
        return codes(value)
    except ValueError:
        raise unknown(value, place, [code.value for code in codes], "code") from None


def optional_code(typed: object, place: str, codes: type[_E]) -> _E | None:
    """A code of the list, None if none is told. Raises BadInquiry for an unknown one."""
    return code(typed, place, codes, next(iter(codes))) if text(typed, place, 64) else None


def yes_or_no(typed: object, place: str) -> bool | None:
    """True or false, from JSON or as "Y", "N", "yes", "no" in a cell; None if it is not told."""
    if typed is None or isinstance(typed, bool):
        return typed
    word = text(typed, place, 8).casefold()
    if not word:
        return None
    if word not in ("y", "yes", "true", "n", "no", "false"):
        raise BadInquiry("not Y or N", place=place)
    return word in ("y", "yes", "true")


def country(typed: object, place: str) -> str:
    """An ISO 3166-1 alpha-2 code, "" for an unknown country ("XX" or nothing). Of a UN/LOCODE its country."""
    value = text(typed, place, 64).upper()
    if _LOCODE.match(value):
        value = value[:2]
    if value in ("", UNKNOWN):
        return ""
    if value not in COUNTRIES:
        raise BadInquiry(
            "not a two-letter country code of ISO 3166-1, such as DE; leave it empty if unknown", place=place
        )
    return value


def day(typed: object, place: str, today: dt.date) -> dt.date:
    """A date, `today` if none is told. Raises BadInquiry if it lies after today's ISO week or before 2000."""
    if typed is None or typed == "":
        return today
    if isinstance(typed, dt.datetime):
        read = typed.date()
    elif isinstance(typed, dt.date):
        read = typed
    else:
        try:
            read = dt.date.fromisoformat(text(typed, place, 32))
        except ValueError:
            raise BadInquiry("not a date like 2026-11-24", place=place) from None
    if read.isocalendar()[:2] > today.isocalendar()[:2]:
        raise BadInquiry("lies in a future week", place=place)
    if read < EARLIEST:
        raise BadInquiry(f"lies before {EARLIEST}", place=place)
    return read


def whole_number(typed: object, place: str, least: int) -> int | None:
    """A whole number, fractions cut off; None if none is told."""
    if typed is None or typed == "":
        return None
    if isinstance(typed, str):
        if not _NUMBER.match(typed.strip()):
            raise BadInquiry("not a number like 1500 or 1500.50, without thousands separators", place=place)
        typed = Decimal(typed.strip())
    if isinstance(typed, bool) or not isinstance(typed, int | float | Decimal):
        raise BadInquiry(f"must be a number, not {_kind(typed)}", place=place)
    try:
        number = int(typed)
    except (ValueError, OverflowError, InvalidOperation):
        raise BadInquiry("not a number", place=place) from None
    if not least <= number <= MAX_WHOLE_NUMBER:
        raise BadInquiry(f"not between {least} and {MAX_WHOLE_NUMBER}", place=place)
    return number


def named(typed: object, place: str, known: Collection[str]) -> Mapping[str, object]:
    """A mapping whose names are all `known`. Raises BadInquiry with the nearest known name for another."""
    if not isinstance(typed, Mapping):
        raise BadInquiry(f"must be an object with named fields, not {_kind(typed)}", place=place)
    for name in typed:
        if name not in known:
            raise unknown(str(name), place, known, "field")
    return typed


def unknown(typed: str, place: str, known: Iterable[str], what: str) -> BadInquiry:
    """The error for a name or code that is not `known`, with the nearest one.

    What was typed is repeated only if it is plainly a slip of a known one: anything else may be a
    value that stands in the wrong place.
    """
    near = nearest(typed, known)
    if near is None:
        return BadInquiry(f"unknown {what}; none is like it", place=place)
    return BadInquiry(f'unknown {what} "{typed}"; the nearest known one is "{near}"', place=place)


def nearest(typed: str, known: Iterable[str]) -> str | None:
    """The known name that `typed` is a slip of, or None."""
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(typed[:64].casefold(), folded, n=1, cutoff=0.7)
    return folded[near[0]] if near and len(typed) <= 64 else None


def _kind(typed: object) -> str:
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        Decimal: "a number",
        str: "a text",
        dict: "an object",
    }
    return names.get(type(typed), "a list" if isinstance(typed, Sequence) else "something else")
