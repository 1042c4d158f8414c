"""Reading another program's CSV by a mapping file: what becomes what, and what is refused before a row is read."""

from pathlib import Path

import pytest

from cairn.raw.mapping import BadMapping
from cairn.raw.reading import Row, UnreadableFile, mapping_of, read_inquiries

MAPPING = """
[format]
delimiter = ";"
encoding = "cp1252"
lists = "|"
decimal = ","
date = "%d.%m.%Y"

[columns]
"Anfrage Nr" = "inquiry_id"
"Firma" = "party.name"
"Land" = "party.country"
"Telefon" = "party.phones"
"Mobil" = "party.phones"
"Wert" = "value_usd"
"Eingang" = "received_on"

[constants]
channel = "EMAIL"

[values."party.country"]
"Türkei" = "TR"
"""
ROWS = (
    "Anfrage Nr;Firma;Land;Telefon;Mobil;Wert;Eingang;Sachbearbeiter\r\n"
    "47-1;Orkide Teknik;Türkei;+90 555 010 0199|+90 555 010 0198;+90 555 010 0197;1.234,50;05.03.2026;K. Vale\r\n"
)


def read(tmp_path: Path, mapping: str = MAPPING, rows: str = ROWS) -> list[Row]:
    (tmp_path / "map.toml").write_text(mapping)
    (tmp_path / "export.txt").write_bytes(rows.encode("cp1252"))
    return list(read_inquiries(tmp_path / "export.txt", mapped=mapping_of(tmp_path / "map.toml")))


def test_their_columns_words_dates_and_amounts_become_ours(tmp_path: Path) -> None:
    (row,) = read(tmp_path)

    assert row.inquiry is not None, row.error
    told = row.inquiry.to_mapping()
    assert told["inquiry_id"] == "47-1"
    assert told["party"] == {
        "role": "PUR",
        "name": "Orkide Teknik",
        "country": "TR",
        "phones": ["+90 555 010 0199", "+90 555 010 0198", "+90 555 010 0197"],
    }
    assert (told["value_usd"], told["received_on"], told["channel"]) == (1234, "2026-03-05", "EMAIL")


def test_what_the_mapping_does_not_name_is_not_read(tmp_path: Path) -> None:
    (row,) = read(tmp_path)

    assert row.inquiry is not None and "Vale" not in str(row.inquiry.to_mapping())


def test_a_bad_date_is_one_rows_fault_and_not_repeated(tmp_path: Path) -> None:
    rows = ROWS + ROWS.splitlines()[1].replace("05.03.2026", "2026/03/05").replace("47-1", "47-2") + "\r\n"

    good, bad = read(tmp_path, rows=rows)

    assert good.inquiry is not None
    assert str(bad.error) == "row 3, received_on: not a date of the form that the mapping names"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"party.name"', '"party.nam"'), 'nearest is "party.name"'),
        (('"Firma" = "party.name"', '"Firma" = "value_usd"'), '"value_usd" is filled twice'),
        (('"Anfrage Nr" = "inquiry_id"\n', ""), "no column becomes inquiry_id"),
        (('delimiter = ";"', 'delimiter = ";;"'), "one character"),
        (('encoding = "cp1252"', 'encoding = "utf-16"'), "line by line"),
        (('encoding = "cp1252"', 'encoding = "klingon"'), "line by line"),
        (('decimal = ","', 'decimal = "."\nquote = "x"'), "not quote"),
        (("[constants]", "[constant]"), "no table"),
        (('channel = "EMAIL"', "channel = 3"), "texts only"),
        (("[format]", "[format"), "TOML"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_whole(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    with pytest.raises(BadMapping, match=said):
        read(tmp_path, MAPPING.replace(*change))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("Firma;", "Name;"), 'column "Firma", which the mapping names, is missing'),
        (("Land;", "Firma;"), "twice"),
    ],
)
def test_a_file_of_another_shape_is_refused_whole(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(UnreadableFile, match=said):
        read(tmp_path, rows=ROWS.replace(*change, 1))
