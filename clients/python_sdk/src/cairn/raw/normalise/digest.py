"""The normaliser's digest: two firms with one digest derive the same keys from the same inquiry.

It covers every table's bytes, the kinds and their counts, every threshold, and the versions of the
libraries whose data decides a value. It stands in each header, and the hub refuses another than its own:
a quiet difference would not break anything, it would only never match.

A change of the code that changes a value must raise `NORMALISER_VERSION`; the frozen vectors in
tests/vectors fail until it does.
"""

import hashlib
import json
from functools import cache
from importlib.metadata import version
from typing import Any, Final

from cairn.raw.normalise import (
    addresses,
    emails_and_domains,
    identifiers,
    names,
    phones,
    rarity,
    spelling,
    transactions,
    words,
)
from cairn.raw.normalise.tables import TABLES, table_digest
from cairn_protocol import kinds

NORMALISER_VERSION: Final = 4

# Unicode's own tables are not listed: case folding and NFKC never change for assigned characters.
LIBRARIES: Final = (
    "anyascii",
    "email-validator",
    "idna",
    "jellyfish",
    "phonenumbers",
    "python-stdnum",
    "tldextract",
)


@cache
def normaliser_digest() -> bytes:
    """SHA-256, 32 bytes, of `description` in canonical JSON."""
    canonical = json.dumps(description(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(b"cairn/v1/normaliser\0" + canonical.encode()).digest()


def description() -> dict[str, Any]:
    """All that decides a key's value, as plain data: what `cairn doctor` can show when two digests differ."""
    return {
        "normaliser": NORMALISER_VERSION,
        "libraries": {library: version(library) for library in LIBRARIES},
        "tables": {table: table_digest(table) for table in TABLES},
        "kinds": [kind.value for kind in kinds.Kind],
        "lockable": [kind.value for kind in kinds.LOCKABLE],
        "counts": {
            "fuzzy": {kind.value: count for kind, count in kinds.FUZZY_COUNT.items()},
            "lockable": kinds.MAX_LOCKABLE,
            "transactions": kinds.MAX_TRANSACTIONS,
        },
        "thresholds": {
            module.__name__.rsplit(".", 1)[-1]: _constants(module)
            for module in (
                addresses,
                emails_and_domains,
                identifiers,
                names,
                phones,
                rarity,
                spelling,
                transactions,
                words,
            )
        },
    }


def _constants(module: Any) -> dict[str, Any]:
    """The public upper-case constants of a module, sets in order."""
    constants = {name: value for name, value in vars(module).items() if name.isupper() and name[0] != "_"}
    return {name: _plain(value) for name, value in constants.items() if _plain(value) is not None}


def _plain(value: object) -> Any:
    if isinstance(value, int | str):
        return value
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    return [*value] if isinstance(value, tuple | range) else None
