"""Build the normaliser's public table of word frequencies from public lists of names.

    python build_word_frequencies.py --version 1.0.0 --out .../normalise/data/word_frequencies.json \
        --companies companies.csv --organisations organisations.jsonl

companies.csv has a column `name`; organisations.jsonl has `name` and `aliases` on each line. The table
holds, for each word of a name's core that stands in two or more distinct names, in how many; a word
of one name is as rare as an unseen one and is left out, which also keeps whole rare names out of
the table. Same input, same bytes.

A new table changes every tag: give it a new version, and let members re-tag.
"""

import argparse
import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from cairn.raw.normalise.words import words_of

NOTES = (
    "In how many of `names` distinct public names each word of the core stands; words of one name are left out.",
    "Companies: FinanceDatabase (github.com/JerBouma/FinanceDatabase, MIT).",
    "Organisations and their aliases: lists of OFAC, UN Security Council and BIS (denied persons), public domain.",
    "Single words only: no name can be read from this table, and it says nothing about any party.",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--companies", type=Path, required=True)
    parser.add_argument("--organisations", type=Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    names = {*companies(arguments.companies), *organisations(arguments.organisations)}
    table = {
        "table": "word frequencies",
        "version": arguments.version,
        "notes": NOTES,
        "names": len(names),
        "words": count(names),
    }
    arguments.out.write_text(json.dumps(table, separators=(",", ":")) + "\n", encoding="ascii")


def companies(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from (row["name"] for row in csv.DictReader(file))


def organisations(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            organisation = json.loads(line)
            yield from (organisation["name"], *organisation["aliases"])


def count(names: Iterable[str]) -> dict[str, int]:
    """Words that stand in two or more names, in alphabetical order, each with its number of names."""
    names_with = Counter(word for name in names for word in set(words_of(name).core))
    return {word: n for word, n in sorted(names_with.items()) if n >= 2}


if __name__ == "__main__":
    main()
