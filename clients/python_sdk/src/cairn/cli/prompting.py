"""Asking a person for one inquiry, question by question, on standard error."""

import sys
import time

import typer

from cairn.home import HomeError
from cairn.raw.fields import BadInquiry
from cairn.raw.inquiry import Inquiry, Item, Party

_QUESTIONS = (
    ("name", "Name of the buyer"),
    ("country", "Country it is established in (two letters, empty if unknown)"),
    ("emails", "E-mail addresses (separated by ;)"),
    ("phones", "Phone numbers (separated by ;)"),
    ("website", "Web site"),
    ("registration_no", "Company registration number"),
)


def ask_for_inquiry() -> Inquiry:
    """One inquiry from a terminal. Raises HomeError if there is none; asks again after a mistake."""
    if not sys.stdin.isatty():
        raise HomeError("name a .jsonl or .csv file, or run this in a terminal to type one inquiry")
    while True:
        try:
            return _ask()
        except BadInquiry as bad:
            typer.echo(f"That was not understood: {bad}. Please once more.", err=True)


def _ask() -> Inquiry:
    inquiry_id = _answer("Your own number for this inquiry", f"typed-{int(time.time())}")
    told = {field: _answer(question) for field, question in _QUESTIONS}
    party = Party(
        name=told["name"],
        country=told["country"].upper(),
        emails=_several(told["emails"]),
        phones=_several(told["phones"]),
        website=told["website"],
        registration_no=told["registration_no"],
    )
    item = _answer("What was asked for: control-list number or customs code").upper()
    flags = _several(_answer("Red-flag codes (separated by ;)").upper())
    return Inquiry(
        inquiry_id=inquiry_id,
        party=party,
        item=Item(hs6=item) if item[:1].isdigit() and item.replace(".", "").isdigit() else Item(eccn=item),
        red_flags=flags,
    )


def _answer(question: str, default: str = "") -> str:
    return str(typer.prompt(question, default=default, show_default=bool(default), err=True)).strip()


def _several(typed: str) -> list[str]:
    return [part.strip() for part in typed.split(";") if part.strip()]
