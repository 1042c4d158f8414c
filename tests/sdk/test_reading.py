"""Files of inquiries: each row an inquiry or a named error, whatever the file holds."""

import csv
import io
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cairn.raw.inquiry import Inquiry, Item, Party, Route
from cairn.raw.reading import COLUMNS, MAX_LINE_BYTES, Row, UnreadableFile, read_inquiries, template_csv

EXAMPLES = Path(__file__).parents[2] / "examples"
WriteFile = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> WriteFile:
    def write_file(content: str | bytes, name: str = "inquiries.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write_file


def said(rows: list[Row]) -> list[str]:
    return [str(row.error) if row.error else "read" for row in rows]


def jsonl(*objects: dict[str, Any]) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in objects)


GOOD = {"inquiry_id": "A-1", "party": {"name": "Orkide Teknik"}}


def test_the_two_examples_hold_the_same_inquiries() -> None:
    rows = [list(read_inquiries(EXAMPLES / name)) for name in ("inquiries.jsonl", "inquiries.csv")]

    assert said(rows[0] + rows[1]) == ["read"] * 6
    assert [row.inquiry for row in rows[0]] == [row.inquiry for row in rows[1]]


def test_the_template_has_a_column_for_every_field(write: WriteFile) -> None:
    nested = {"party": Party, "item": Item, "route": Route}
    names = {
        f"{outer.name}.{inner.name}" if outer.name in nested else outer.name
        for outer in fields(Inquiry)
        for inner in fields(nested.get(outer.name, Inquiry))
    }

    assert set(next(csv.reader(io.StringIO(template_csv())))) == names
    assert list(read_inquiries(write(template_csv()))) == []


def test_a_csv_file_without_anything_in_it_is_said_to_be_empty(write: WriteFile) -> None:
    with pytest.raises(UnreadableFile, match="is empty"):
        list(read_inquiries(write("")))


def test_a_bad_row_is_named_and_the_next_is_read(write: WriteFile) -> None:
    bad = {"inquiry_id": "A-2", "party": {"phones": ["1", {"number": 2}]}}
    rows = list(read_inquiries(write(jsonl(GOOD, bad, GOOD), "a.jsonl")))

    assert said(rows) == ["read", "row 2, party.phones[1]: must be text, not an object", "read"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "is not a JSON object on one line (column 2)"),
        (b"[1]", "is not a JSON object"),
        (b'{"inquiry_id":"A","inquiry_id":"B"}', "names a field twice"),
        (b'{"value_usd":NaN}', "holds NaN or Infinity, which are no numbers"),
        (b'{"quantity":' + b"9" * 5_000 + b"}", "is not a JSON object on one line"),
        (b'{"party":' * 20_000, None),
        (b"\xff\xfa", "is not UTF-8; save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')"),
        (b'{"a":"\0"}', "holds a NUL byte; if the file is UTF-16, save it as UTF-8"),
        (b"x" * (MAX_LINE_BYTES * 3), f"is longer than {MAX_LINE_BYTES} bytes"),
    ],
)
def test_a_line_that_is_no_object_costs_that_line_only(
    line: bytes, reason: str | None, write: WriteFile
) -> None:
    good = jsonl(GOOD).encode()
    rows = list(read_inquiries(write(good + line + b"\n\n" + good, "a.jsonl")))

    assert [row.number for row in rows] == [1, 2, 4]
    assert said(rows)[::2] == ["read", "read"]
    assert rows[1].error is not None
    assert reason is None or str(rows[1].error) == f"row 2: {reason}"


def test_a_row_of_csv_is_counted_as_a_spreadsheet_shows_it(write: WriteFile) -> None:
    rows = list(
        read_inquiries(
            write(
                "inquiry_id,party.name,party.phones,channel\r\n"
                'A-1,"Orkide\r\nTeknik",+90 555 010 0199;00905550100188,EMAIL\r\n'
                "\r\n"
                "A-2,Orkide,,E-MAIL\r\n"
                "A-3,Orkide, Teknik,EMAIL,x\r\n"
                "A-4,Orkide\r\n"
            )
        )
    )

    assert said(rows) == [
        "read",
        'row 4, channel: unknown code "E-MAIL"; the nearest known one is "EMAIL"',
        "row 5: has 5 cells for 4 columns; a text with a comma needs quotation marks",
        "read",
    ]
    assert rows[0].inquiry is not None
    assert rows[0].inquiry.party.phones == ("+90 555 010 0199", "00905550100188")


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        (
            "inquiry_id,party.nmae",
            'row 1, column 2: unknown column "party.nmae"; the nearest known one is "party.name"',
        ),
        ("party.name,channel", 'row 1, the column "inquiry_id" is missing'),
        ("inquiry_id,party.name,party.name", 'row 1, column 3: "party.name" stands there twice'),
        ("inquiry_id,Orkide Teknik", "row 1, column 2: unknown column; see `cairn template` for the names"),
        (
            "A-1,Orkide Teknik",
            "row 1, has no column names; the first row must hold them, as `cairn template` prints",
        ),
        (
            "inquiry_id;party.name",
            "row 1, the columns must be separated by commas; save it as comma-separated CSV",
        ),
        ('inquiry_id,"party.name', "row 1, is not CSV"),
    ],
)
def test_a_bad_header_refuses_the_file_and_repeats_only_slips(
    header: str, fault: str, write: WriteFile
) -> None:
    with pytest.raises(UnreadableFile) as refused:
        list(read_inquiries(write(f"{header}\nA-1,x\n")))

    assert str(refused.value).replace("row 1: ", "row 1, ").startswith(fault)
    assert "Orkide" not in str(refused.value)


def test_an_open_quotation_mark_is_named_and_reading_goes_on(write: WriteFile) -> None:
    lost = "".join(f'A-{n},"Orkide {"x" * 100}\n' if n == 3 else f"A-{n},Orkide\n" for n in range(3, 20_000))
    rows = list(read_inquiries(write("inquiry_id,party.name\nA-2,Orkide\n" + lost)))

    assert rows[1].error is not None
    assert str(rows[1].error).startswith("row 3: is not CSV: a quotation mark is missing or too many; ")
    assert rows[-1].inquiry is not None
    assert rows[-1].inquiry.inquiry_id == "A-19999"


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("'+90 555 010 0199", "+90 555 010 0199"),
        ('"=""00905550100199"""', "00905550100199"),
        ('"=HYPERLINK(""http://x.example"")"', '=HYPERLINK("http://x.example")'),
        ("@SUM(1+1)", "@SUM(1+1)"),
    ],
)
def test_a_formula_is_text_and_a_spreadsheets_marks_are_taken_off(
    cell: str, kept: str, write: WriteFile
) -> None:
    [row] = read_inquiries(write(f"inquiry_id,party.phones\nA-1,{cell}\n"))

    assert row.inquiry is not None
    assert row.inquiry.party.phones == (kept,)


def test_a_number_that_a_spreadsheet_rounded_is_refused(write: WriteFile) -> None:
    [row] = read_inquiries(write("inquiry_id,party.phones\nA-1,9.0555E+11\n"))

    assert said([row]) == [
        "row 2, party.phones: a number that a spreadsheet rounded; format the column as text and type it again"
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_utf8_is_read_with_its_mark_and_utf16_is_refused(name: str, write: WriteFile) -> None:
    text = "inquiry_id,party.name\nA-1,Orkidé\n" if name == "a.csv" else jsonl(GOOD)

    [row] = read_inquiries(write(text.encode("utf-8-sig"), name))
    assert row.inquiry is not None
    with pytest.raises(UnreadableFile, match="UTF-16"):
        list(read_inquiries(write(text.encode("utf-16"), name)))


def test_a_latin_1_row_of_csv_is_named(write: WriteFile) -> None:
    rows = list(read_inquiries(write("inquiry_id,party.name\nA-1,Orkidé\nA-2,Orkide\n".encode("latin-1"))))

    assert said(rows) == [
        "row 2: is not UTF-8; save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')",
        "read",
    ]


def test_a_file_is_read_by_its_suffix_unless_told(write: WriteFile) -> None:
    path = write(jsonl(GOOD), "inquiries.txt")

    with pytest.raises(UnreadableFile, match="neither"):
        list(read_inquiries(path))
    assert said(list(read_inquiries(path, "jsonl"))) == ["read"]


def test_memory_does_not_grow_with_the_file(write: WriteFile) -> None:
    path = write(jsonl(GOOD) * 9_000, "a.jsonl")
    rows = read_inquiries(path)
    for _ in range(3_000):
        next(rows)  # Python keeps some freed tuples for re-use; let it
    tracemalloc.start()
    read = sum(1 for _ in rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert read == 6_000
    assert peak < 100_000 < path.stat().st_size


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(body=st.binary(max_size=300), name=st.sampled_from(["a.csv", "a.jsonl"]))
def test_any_bytes_give_rows_or_one_clear_refusal(body: bytes, name: str, write: WriteFile) -> None:
    head = ",".join(COLUMNS[:12]).encode() + b"\n" if name == "a.csv" else b""
    try:
        rows = list(read_inquiries(write(head + body, name)))
    except UnreadableFile:
        return
    assert all((row.inquiry is None) != (row.error is None) for row in rows)
