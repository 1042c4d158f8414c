"""Reading a file of inquiries: JSON lines or CSV, row by row, in bounded memory.

Promises: every row comes back as an inquiry or as an error that names the row and the field, and one bad row
does not stop the next. Only what makes all rows meaningless raises `UnreadableFile`: an unknown
format or encoding, a CSV header with a column missing or misspelt.

CSV has the fields of JSON flattened with dots ("party.phones"), lists separated by ";". Rows are counted as a
spreadsheet shows them: the header is row 1. Nothing in a cell is ever evaluated; the marks that spreadsheets put
around text ('+90..., ="0090...") are taken off, and a number that a spreadsheet has
rounded (9.05E+11) is refused, for it is not the number any more.

Source: design.md 7; RFC 4180.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, ClassVar, Final, Literal

from cairn.raw.fields import BadInquiry, nearest
from cairn.raw.inquiry import Inquiry
from cairn.raw.mapping import OURS, Mapped, read_mapping

MAX_LINE_BYTES: Final = 128 * 1024  # the most the csv module takes for one cell
MAX_CELLS: Final = 200

COLUMNS: Final = (
    "inquiry_id",
    "firm",
    "group",
    "sector",
    "received_on",
    "channel",
    "stage",
    "party.role",
    "party.type",
    "party.name",
    "party.country",
    "party.address",
    "party.city",
    "party.emails",
    "party.phones",
    "party.website",
    "party.registration_no",
    "party.vat",
    "party.lei",
    "party.imo",
    "party.iban",
    "party.person",
    "item.eccn",
    "item.hs6",
    "item.eu_number",
    "item.family",
    "item.model",
    "quantity",
    "typical_quantity",
    "quantity_unit",
    "value_usd",
    "price_signal",
    "route.export_country",
    "route.via",
    "route.stated_destination",
    "route.suspected_destination",
    "route.mode",
    "route.incoterm",
    "route.routed",
    "end_use_stated",
    "end_use_document",
    "red_flags",
    "outcome",
    "transaction_ref",
    "attempt_link",
    "evidence_hash",
    "confidence",
    "handling",
    "consent",
    "narrative",
)
LIST_COLUMNS: Final = frozenset(
    {"party.emails", "party.phones", "route.via", "red_flags", "transaction_ref", "handling"}
)

Format = Literal["jsonl", "csv"]

_FORMATS: Final[Mapping[str, Format]] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_ROUNDED: Final = re.compile(r"^[0-9][.,]?[0-9]*E\+?[0-9]{1,2}$", re.IGNORECASE)
_NUMBERS: Final = frozenset(
    {"party.phones", "party.registration_no", "party.vat", "party.imo", "party.iban", "transaction_ref"}
)


class UnreadableFile(BadInquiry):
    """No row of the file can be read. The sentence says how to save it."""

    slug: ClassVar[str] = "unreadable-file"


@dataclass(frozen=True, slots=True)
class Row:
    """Row `number` of the file: an inquiry, or the error that stands in its place."""

    number: int
    inquiry: Inquiry | None
    error: BadInquiry | None = None


def read_inquiries(
    path: Path | str, format: Format | None = None, mapped: Mapped | None = None
) -> Iterator[Row]:
    """The rows of a file, in order; empty lines are skipped.

    format  "jsonl" or "csv"; by the file's suffix if not told
    mapped  how another program's CSV is to be read (`mapping_of`); the file is CSV then

    Raises, when the first row is asked for, UnreadableFile or an OSError if the file can't be opened.
    """
    path = Path(path)
    chosen = "csv" if mapped else format or _format_of(path)
    with path.open("rb") as file:
        if file.read(2) in _UTF16_MARKS:
            raise UnreadableFile("is UTF-16; save it as UTF-8 (in a spreadsheet: 'CSV UTF-8')")
        file.seek(0)
        if file.read(3) != _UTF8_MARK:
            file.seek(0)
        yield from _read_jsonl(file) if chosen == "jsonl" else _read_csv(file, mapped or OURS)


def mapping_of(path: Path) -> Mapped:
    """The mapping in a TOML file (`raw.mapping`). Raises BadMapping."""
    return read_mapping(path, COLUMNS, LIST_COLUMNS)


def template_csv() -> str:
    """A CSV file with all columns and no row."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(COLUMNS)
    return out.getvalue()


def _format_of(path: Path) -> Format:
    try:
        return _FORMATS[path.suffix.lower()]
    except KeyError:
        raise UnreadableFile("is neither .jsonl nor .csv by its name; say which format it has") from None


def _read_jsonl(file: IO[bytes]) -> Iterator[Row]:
    for number, line in _lines(file):
        if isinstance(line, BadInquiry):
            yield Row(number, None, line.at_row(number))
        elif line.strip():
            try:
                yield Row(number, Inquiry.from_mapping(_decoded(line)))
            except BadInquiry as bad:
                yield Row(number, None, bad.at_row(number))


def _decoded(line: str) -> dict[str, Any]:
    """The JSON object of a line. Raises BadInquiry, without the line, if it is none or names a field twice."""
    try:
        value = json.loads(
            line.rstrip(), object_pairs_hook=_once, parse_float=Decimal, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as fault:
        at = f" (column {fault.colno})" if isinstance(fault, json.JSONDecodeError) else ""
        raise BadInquiry(f"is not a JSON object on one line{at}") from None
    if not isinstance(value, dict):
        raise BadInquiry("is not a JSON object")
    return value


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) < len(pairs):
        raise BadInquiry("names a field twice")
    return named


def _no_constant(_: str) -> None:
    raise BadInquiry("holds NaN or Infinity, which are no numbers")


def _read_csv(file: IO[bytes], mapped: Mapped) -> Iterator[Row]:
    feed = _Feed(file, mapped.encoding)
    rows = csv.reader(feed, strict=True, delimiter=mapped.delimiter)
    header: tuple[str | None, ...] = ()
    number = 0
    while True:
        number += 1
        feed.lines_of_row = 0
        try:
            cells = next(rows)
            if not header:
                header = _header(cells) if mapped.columns is None else _foreign(cells, mapped.columns)
            elif any(cell.strip() for cell in cells):
                yield Row(number, Inquiry.from_mapping(_nested(header, cells, mapped)))
        except StopIteration:
            if not header:
                raise UnreadableFile("is empty; `cairn template` prints a first row") from None
            return
        except UnreadableFile:
            raise
        except BadInquiry as bad:
            _only_after_header(header, bad)
            yield Row(number, None, bad.at_row(number))
        except csv.Error:
            unquoted = BadInquiry(
                f"is not CSV: a quotation mark is missing or too many; {feed.lines_of_row} lines were read as this row"
            )
            _only_after_header(header, unquoted)
            yield Row(number, None, unquoted.at_row(number))


def _only_after_header(header: Sequence[str | None], bad: BadInquiry) -> None:
    if not header:
        raise UnreadableFile(bad.reason, row=1)


class _Feed:
    """The lines of a file for `csv.reader`; a bad line raises, and the reader then goes on with the next."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._lines = _lines(file, encoding)
        self.lines_of_row = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        _, line = next(self._lines)
        self.lines_of_row += 1
        if isinstance(line, BadInquiry):
            raise line
        return line


def _lines(file: IO[bytes], encoding: str = "utf-8") -> Iterator[tuple[int, str | BadInquiry]]:
    """The lines with their numbers from 1, decoded; an error in place of one that is too long or encoded otherwise."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE_BYTES)
            yield number, BadInquiry(f"is longer than {MAX_LINE_BYTES} bytes")
        elif b"\0" in line:
            yield number, BadInquiry("holds a NUL byte; if the file is UTF-16, save it as UTF-8")
        else:
            try:
                yield number, line.decode(encoding)
            except UnicodeDecodeError:
                yield (
                    number,
                    BadInquiry(
                        f"is not {encoding.upper()}; save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')"
                    ),
                )


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    """The column names. Raises UnreadableFile for an unknown, doubled or missing one.

    An unknown name is repeated only if it is a slip of a known one: a file without a header has values there.
    """
    names = tuple(cell.strip() for cell in cells)
    if len(names) == 1 and (";" in names[0] or "\t" in names[0]):
        raise UnreadableFile("the columns must be separated by commas; save it as comma-separated CSV", row=1)
    if not set(names) & set(COLUMNS):
        raise UnreadableFile(
            "has no column names; the first row must hold them, as `cairn template` prints", row=1
        )
    for at, name in enumerate(names, start=1):
        if name in COLUMNS:
            if names.index(name) + 1 < at:
                raise UnreadableFile(f'column {at}: "{name}" stands there twice', row=1)
        elif near := nearest(name, COLUMNS):
            raise UnreadableFile(
                f'column {at}: unknown column "{name}"; the nearest known one is "{near}"', row=1
            )
        else:
            raise UnreadableFile(f"column {at}: unknown column; see `cairn template` for the names", row=1)
    if "inquiry_id" not in names:
        raise UnreadableFile('the column "inquiry_id" is missing', row=1)
    return names


def _foreign(cells: Sequence[str], columns: Mapping[str, str]) -> tuple[str | None, ...]:
    """Our name of each of another program's columns, None for one that is not read.

    Raises UnreadableFile if a column that the mapping names is not there, or is there twice.
    """
    names = [cell.strip() for cell in cells]
    for name in columns:
        if names.count(name) != 1:
            often = "twice" if name in names else "missing"
            raise UnreadableFile(f'the column "{name}", which the mapping names, is {often}', row=1)
    return tuple(columns.get(name) for name in names)


def _nested(header: Sequence[str | None], cells: Sequence[str], mapped: Mapped) -> dict[str, Any]:
    """The row as `Inquiry.from_mapping` takes it. Empty cells are not told."""
    if any(cell.strip() for cell in cells[len(header) :]):
        raise BadInquiry(
            f"has {len(cells)} cells for {len(header)} columns; a text with a comma needs quotation marks"
        )
    nested: dict[str, Any] = {"party": {}}
    for column, cell in (*zip(header, cells, strict=False), *mapped.constants.items()):
        value = _cell(cell, column) if column else ""
        if column and value:
            outer, _, inner = column.rpartition(".")
            fields = nested.setdefault(outer, {}) if outer else nested
            if column in LIST_COLUMNS:
                fields.setdefault(inner, []).extend(_entries(value, column, mapped))
            else:
                fields[inner] = mapped.cell(column, value)
    return nested


def _entries(value: str, column: str, mapped: Mapped) -> list[str]:
    entries = [_cell(entry, column) for entry in value.split(mapped.lists, MAX_CELLS)]
    return [mapped.cell(column, entry) for entry in entries if entry]


def _cell(cell: str, column: str) -> str:
    """The text of a cell without a spreadsheet's marks. Raises BadInquiry for a number it has rounded."""
    value = cell.strip()
    if len(value) > 3 and value.startswith('="') and value.endswith('"'):
        value = value[2:-1].strip()
    if value[:1] == "'" and value[1:2] in ("=", "+", "-", "@", "0"):
        value = value[1:]
    if column in _NUMBERS and _ROUNDED.match(value):
        raise BadInquiry(
            "a number that a spreadsheet rounded; format the column as text and type it again", place=column
        )
    return value
