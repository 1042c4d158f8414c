"""Take the legal forms of company names from rigour's public list into the normaliser's table.

    python build_legal_forms.py --org-types org_types.yml --table .../normalise/data/name_words.json

org_types.yml is resources/names/org_types.yml of github.com/opensanctions/rigour (MIT). Kept are the aliases
and display forms that rigour itself removes from a name, and of the rest (generic words such as
"cooperative") only those in scripts without case. Left out is what can't be told from a name
once dots are gone: single letters ("K G") and short forms that need their dot ("bt.").

Needs PyYAML, which the SDK itself does not. A new table changes every tag: raise its version.
"""

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_DOTTED_INITIALS = re.compile(r"\b(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?")
_WORD = re.compile(r"[^\W_]+")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--org-types", type=Path, required=True)
    parser.add_argument("--table", type=Path, required=True)
    arguments = parser.parse_args()
    forms = set(spelled(yaml.safe_load(arguments.org_types.read_text(encoding="utf-8"))["types"]))
    table = json.loads(arguments.table.read_text(encoding="utf-8"))
    table["legal_forms"] = sorted(form for form in forms if is_telling(form, forms))
    arguments.table.write_text(json.dumps(table, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def spelled(types: list[dict[str, Any]]) -> Iterator[str]:
    """Every alias and display form that may be removed, case folded."""
    for legal_type in types:
        removed_by_rigour = legal_type.get("compare") is not None or legal_type.get("display")
        for form in (*legal_type.get("aliases", ()), legal_type.get("display")):
            if form and (
                removed_by_rigour or not any(letter.isalpha() and ord(letter) < 0x250 for letter in str(form))
            ):
                yield str(form).casefold()


def is_telling(form: str, forms: set[str]) -> bool:
    """Whether the form's words, without dots, are still a legal form and nothing else."""
    words = _WORD.findall(
        _DOTTED_INITIALS.sub(lambda dotted: dotted[0].replace(".", ""), form).replace("'", "")
    )
    if not words or all(len(word) == 1 for word in words):
        return False
    return len(words) > 1 or not words[0].isascii() or words[0] in forms


if __name__ == "__main__":
    main()
