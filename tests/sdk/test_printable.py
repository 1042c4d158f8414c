"""Pages to print: whatever is typed stays text, and the data on a page comes back as it was."""

import re

from hypothesis import given
from hypothesis import strategies as st

from cairn.printable import Section, data_in, page

HOSTILE = "<script>alert(1)</script>\"'<img src=x onerror=y>"


def test_hostile_text_is_text_wherever_it_stands() -> None:
    made = page(HOSTILE, [(HOSTILE, [Section(HOSTILE, (HOSTILE,))])], [HOSTILE], HOSTILE)

    assert not re.search(r"<(?:script|img)", made)
    assert made.count("&lt;script&gt;") == 7  # twice the title


@given(st.text())
def test_the_data_of_a_page_comes_back(data: str) -> None:
    assert data_in(page("record", [], data=data)) == data
    assert data_in("{}" + data) == "{}" + data


def test_a_page_without_data_has_none() -> None:
    assert data_in(page("card", [])) == ""
