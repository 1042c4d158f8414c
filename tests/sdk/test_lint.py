"""Lint: what must not leave is found with its place; what names nobody goes."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.raw.sanitise.lint import MAX_TEXT, lint

# Made up for the purpose; numbers are of ranges kept for examples, or do not exist.
VECTORS = Path(__file__).parent.parent / "vectors" / "lint"
FOUND = [line.split("\t") for line in (VECTORS / "found.tsv").read_text("utf-8").splitlines()]
CLEAN = (VECTORS / "clean.txt").read_text("utf-8").splitlines()


def codes(text: str, *named: str) -> list[str]:
    return [finding.code for finding in lint(text, named)]


def test_the_domains_note_has_three_findings() -> None:
    text = "needs 40 kHz, 3 bar, contact Mehmet +90 555 010 0199"

    assert [(text[f.start : f.end], f.code) for f in lint(text)] == [
        ("40 kHz, 3 bar", "SPEC"),
        ("Mehmet", "NAME"),
        ("+90 555 010 0199", "PHONE"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "buyer refused to name the end user",
        "Refused to name the end user.",
        "Wants cash payment, has no web presence.",
        "Asked to drop our name from the packing list in week 12 of 2026.",
        "Third request within 14 days; changed the consignee at the last moment.",
        "Items would go to a free zone; 20 units, two shipments.",
        "",
    ],
)
def test_what_names_nobody_goes(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("write to a.b@orkide-teknik.example", "EMAIL"),
        ("see https://orkide-teknik.example/x", "URL"),
        ("site is orkide-teknik.example", "URL"),
        ("call 0044 20 7946 0000 at noon", "PHONE"),
        ("accuracy 0.05 % at 10 MPa", "SPEC"),
        ("a 5mm bore", "SPEC"),
        ("pays USD 12,000 in cash", "PRICE"),
        ("offered 900 EUR each", "PRICE"),
        ("we filed a SAR on it", "SAR"),
        ("a subpoena came", "AUTHORITY"),
        ("an is-informed letter names it", "AUTHORITY"),
        ("the project is classified", "CLASSIFIED"),
        ("this is privileged", "PRIVILEGED"),
        ("account TR33 0006 1005 1978 6457 8413 26", "REGISTRATION"),
        ("VAT: DE123456789", "REGISTRATION"),
        ("file 1234567890 of theirs", "DIGITS"),
        ("asked for Mr. Kaya", "NAME"),
    ],
)
def test_what_must_not_leave_is_found(text: str, code: str) -> None:
    assert code in codes(text)


def test_what_people_write_in_many_ways_is_found() -> None:
    """Units, phones, accounts, web addresses, currencies, papers and names, as they are spelt in several lands."""
    assert len(FOUND) > 300
    missed = [text for wanted, text in FOUND if not set(wanted.split("|")) & set(codes(text))]
    assert missed == []


def test_what_people_write_about_nobody_goes() -> None:
    """A lint that cries at "classified under 2B230" or a date is switched off by its users."""
    assert len(CLEAN) > 250
    refused = {text: found for text in CLEAN if (found := codes(text))}
    assert refused == {}


def test_places_are_those_of_what_was_typed() -> None:
    """Characters that can't be seen are passed over, and the place still is theirs too."""
    text = "ring +9\u200b0 555\u00a0010 0199 now"

    (phone,) = lint(text)
    assert text[phone.start : phone.end] == "+9\u200b0 555\u00a0010 0199"


def test_the_inquirys_own_party_is_found_in_any_case() -> None:
    assert codes("the people of ORKIDE TEKNIK insisted", "Orkide Teknik") == ["NAME"]


def test_a_text_that_is_too_long_is_a_finding() -> None:
    assert codes("a " * MAX_TEXT) == ["LENGTH"]


@given(st.text(max_size=400), st.lists(st.text(max_size=20), max_size=3))
def test_findings_are_places_in_order_and_never_overlap(text: str, named: list[str]) -> None:
    found = lint(text, named)

    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.timeout(30)
@pytest.mark.parametrize("piece", ["1", "1 ", "a@", "+", "a.", "9 m x ", "+1 ", "A1", "call A "])
def test_hostile_text_is_bounded_work(piece: str) -> None:
    found = lint(piece * (MAX_TEXT // len(piece)))

    assert all(one.end <= MAX_TEXT for one in found)
