"""A mapping file: how another program's CSV becomes the columns of `cairn template`.

    [format]                       # all optional
    delimiter = ";"
    encoding = "cp1252"
    lists = "|"                    # what separates entries of one cell
    decimal = ","                  # 1.234,50
    date = "%d.%m.%Y"

    [columns]                      # their column -> ours; columns not named here are not read
    "Anfrage Nr" = "inquiry_id"
    "Firma" = "party.name"

    [constants]                    # ours, the same in every row
    channel = "EMAIL"

    [values."party.country"]       # their word -> our code; other words stay as they are
    "Deutschland" = "DE"

Promises: a mapping that names a column twice, or one that ours has not, is refused before a row is read.
"""

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

from cairn.raw.fields import BadInquiry, nearest

_FORMAT: Final = frozenset({"delimiter", "encoding", "lists", "decimal", "date"})
_AMOUNTS: Final = frozenset({"quantity", "value_usd"})


class BadMapping(BadInquiry):
    """The mapping file can't be used. The text says where."""

    slug: ClassVar[str] = "bad-mapping"


@dataclass(frozen=True, slots=True)
class Mapped:
    """How to read a CSV. Without a mapping file: commas, UTF-8, our own column names."""

    columns: Mapping[str, str] | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    delimiter: str = ","
    encoding: str = "utf-8"
    lists: str = ";"
    decimal: str = "."
    date: str | None = None

    def cell(self, column: str, value: str) -> str:
        """A cell's text in our words. Raises BadInquiry for a date of another form."""
        value = self.values.get(column, {}).get(value, value)
        if column in _AMOUNTS and self.decimal == ",":
            value = value.replace(".", "").replace(" ", "").replace(",", ".")
        if column == "received_on" and self.date and value:
            try:
                value = dt.datetime.strptime(value, self.date).date().isoformat()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                raise BadInquiry("not a date of the form that the mapping names", place=column) from None
        return value


OURS: Final = Mapped()


def read_mapping(path: Path, known: Sequence[str], lists: frozenset[str]) -> Mapped:
    """The mapping in a file.

    known  our columns; lists: those that hold several entries, which several of theirs may fill

    Raises BadMapping.
    """
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise BadMapping("the mapping is not a TOML file that can be read") from None
    if unknown := set(told) - {"format", "columns", "constants", "values"}:
        raise BadMapping(
            f"has no table [{min(unknown)}]: format, columns, constants, values", place="mapping"
        )
    form = _texts(told.get("format", {}), "format")
    if unknown := set(form) - _FORMAT:
        raise BadMapping(f"knows {', '.join(sorted(_FORMAT))}, not {min(unknown)}", place="format")
    columns, constants = (
        _texts(told.get("columns", {}), "columns"),
        _texts(told.get("constants", {}), "constants"),
    )
    values = {
        column: _texts(words, f"values.{column}") for column, words in dict(told.get("values", {})).items()
    }
    for column in (*columns.values(), *constants, *values):
        if column not in known:
            near = nearest(column, known)
            hint = f'; the nearest is "{near}"' if near else "; see `cairn template`"
            raise BadMapping(f'there is no column "{column}"{hint}', place="mapping")
    filled = [*columns.values(), *constants]
    twice = {column for column in filled if filled.count(column) > 1 and column not in lists}
    if twice:
        raise BadMapping(f'"{min(twice)}" is filled twice', place="mapping")
    if "inquiry_id" not in columns.values():
        raise BadMapping("no column becomes inquiry_id: a report needs an id of your own", place="columns")
    _check_format(form)
    return Mapped(columns=columns, constants=constants, values=values, **form)


def _texts(table: Any, place: str) -> dict[str, str]:
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise BadMapping("must hold texts only", place=place)
    return table


def _check_format(form: Mapping[str, str]) -> None:
    if len(form.get("delimiter", ",")) != 1 or form.get("delimiter") in ('"', "\n", "\r"):
        raise BadMapping("one character, such as ; or a tab", place="format.delimiter")
    if form.get("decimal", ".") not in (".", ","):
        raise BadMapping("a point or a comma", place="format.decimal")
    if not form.get("lists", ";"):
        raise BadMapping("must not be empty", place="format.lists")
    try:
        plain = ',;\t"\r\n'.encode(form.get("encoding", "utf-8"))
    except LookupError:
        plain = b""
    if plain != b',;\t"\r\n':
        raise BadMapping(
            "not an encoding that can be read line by line; save as UTF-8", place="format.encoding"
        )
