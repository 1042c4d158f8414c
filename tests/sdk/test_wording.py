"""Every text a person can see, read for words that judge, that direct, or that name a country's people.

Looked at: each string of the firm's program but docstrings of its inner parts, its lists and pages, what
`make demo` and `make run` print, and the documents. A word that must be quoted to be explained stands in `_QUOTED`.
Source: domain brief 4.4.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SDK = ROOT / "clients/python_sdk/src/cairn"
CODES = ROOT / "protocol/src/cairn_protocol/codes"

_NEVER = re.compile(
    r"\bfront[- ]compan(?:y|ies)\b|\bsmuggl\w+|\bsanctions?[- ](?:evad|bust)\w+|\bblack[- ]?list\w*"
    r"|\bbad[- ]actors?\b|\bcriminals?\b|\bconfirmed\b|\bguilty\b|\bshell compan(?:y|ies)\b|\bterrorists?\b"
    r"|\b(?:do not|don't|never|must not|stop) (?:sell|ship|deal|supply)\b|\bboycott\w*"
    r"|\bthe (?:Chinese|Turks|Kurds|Arabs|Russians|Iranians)\b",
    re.IGNORECASE,
)
# "confirmed" of an opening says what a second analyst did, not what a party is.
_OF_THE_WORK = ("requested, confirmed, open",)
# The demo shows that the check of bulletins finds these words.
_QUOTED = {"local/bulletins_told.py", "clients/python_sdk/src/cairn/raw/sanitise/lint/matters.py"}


def texts_of_a_program(path: Path) -> Iterator[str]:
    """Its strings, docstrings of functions included: those of verbs are help texts."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def texts_of_a_list(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts_of_a_list(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of_a_list(inner)


def everything() -> Iterator[tuple[str, str]]:
    """(file, text) of all that can be seen."""
    for folder in (SDK, ROOT / "local", ROOT / "hub/verbs", ROOT / "trustee/verbs"):
        for path in sorted(folder.rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if name not in _QUOTED:
                yield from ((name, text) for text in texts_of_a_program(path))
    for path in (*sorted((SDK / "data").glob("*.json")), *sorted(CODES.glob("*.json"))):
        yield from ((path.name, text) for text in texts_of_a_list(json.loads(path.read_text())))
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("for-firms*.md"))):
        yield path.name, path.read_text()


def test_no_text_judges_directs_or_names_a_people() -> None:
    found = [
        (name, text[max(0, match.start() - 30) : match.end()])
        for name, text in everything()
        for match in _NEVER.finditer(text)
        if not any(phrase in text for phrase in _OF_THE_WORK)
    ]

    assert found == []


def test_the_lists_and_the_program_are_really_read() -> None:
    texts = list(everything())

    assert any("You decide alone" in text for _, text in texts)
    assert any("not a clearance" in text for _, text in texts)
    assert len(texts) > 3_000


@pytest.mark.parametrize(
    "text",
    [
        "a front company",
        "Smuggler",
        "they are sanctions evaders",
        "on our blacklist",
        "bad actor",
        "do not sell",
    ],
)
def test_the_words_of_the_rule_are_found(text: str) -> None:
    assert _NEVER.search(text)
