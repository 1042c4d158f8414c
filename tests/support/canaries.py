"""Canaries: values that must be nowhere but at the firm, searched in every spelling in which they could leak.

A value is looked for plain, lower, upper, without spaces, as digits only, each also as hex and as base64 at
every offset; word by word; in the form the SDK normalises it to; and as an unkeyed hash, which would let
anybody test guesses.
"""

import hashlib
import re
from typing import Final

from cairn import Inquiry
from cairn.raw.normalise import exact_keys, fuzzy_keys
from tests.acceptance.hunt import forms
from tests.support.search import LEAST_BYTES, Search

_EVERYWHERE: Final = frozenset({"example"})  # a word of ours too
_HASHES: Final = (hashlib.md5, hashlib.sha1, hashlib.sha256, hashlib.sha512)


def search_for(*told: Inquiry) -> Search:
    """A search for everything in these inquiries that could name somebody. Its words name no value."""
    values: list[str] = []
    for inquiry in told:
        party = inquiry.party
        typed = [
            party.name, party.address, party.city, *party.emails, *party.phones, party.website,
            party.registration_no, party.vat, party.lei, party.imo, party.iban,
            inquiry.item.model, inquiry.narrative, *inquiry.transaction_ref, inquiry.inquiry_id,
            inquiry.firm, inquiry.group,
        ]  # fmt: skip
        values += typed
        values += [word for text in typed for word in re.findall(r"\w+", text)]
        for key in (*exact_keys(inquiry), *fuzzy_keys(inquiry)):
            values += [key.value, key.oprf_input().decode()]
    wanted: dict[bytes, str] = {}
    for number, value in enumerate(dict.fromkeys(values)):
        if len(value) >= LEAST_BYTES and value not in _EVERYWHERE:
            wanted |= _spellings(value, f"canary {number}")
    return Search(wanted)


def _spellings(value: str, what: str) -> dict[bytes, str]:
    found = {form: f"{what}, {kind}" for form, kind in forms(value).items()}
    for text in {value, value.lower(), value.upper()}:
        for algorithm in _HASHES:
            digest = algorithm(text.encode()).digest()
            found |= dict.fromkeys((digest, digest.hex().encode()), f"{what}, hashed")
    return found
