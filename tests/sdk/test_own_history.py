"""T10: one contact under another name in the firm's own register, and nothing else, is told."""

import datetime as dt

from cairn.raw.inquiry import Inquiry
from cairn.raw.normalise import exact_keys
from cairn.raw.own_history import Seen, other_names

DAY = dt.date(2026, 6, 1)


def seen(name: str, day: dt.date = DAY) -> Seen:
    inquiry = Inquiry.from_mapping(
        {"inquiry_id": "x", "party": {"name": name, "country": "GB", "phones": ["+44 1632 960110"]}}
    )
    return Seen(day, exact_keys(inquiry))


def test_each_other_name_counts_once() -> None:
    earlier = [seen("Vuklapo Morgita Instruments"), seen("Renduti Kesfalo Supply")]

    assert other_names(seen("Dragonimu Velt Trading"), [*earlier, *earlier]) == 2
    assert other_names(seen("Dragonimu Velt Trading"), [seen("Dragonimu Velt Trading Ltd")]) == 0


def test_what_was_long_ago_is_not_told() -> None:
    old = seen("Vuklapo Morgita Instruments", DAY - dt.timedelta(days=366))

    assert other_names(seen("Dragonimu Velt Trading"), [old]) == 0


def test_an_inquiry_without_a_name_says_nothing() -> None:
    nameless = Seen(DAY, [key for key in seen("Vuklapo Morgita").keys if key.kind == "phone"])

    assert other_names(seen("Dragonimu Velt Trading"), [nameless]) == 0
    assert other_names(nameless, [seen("Dragonimu Velt Trading")]) == 0
