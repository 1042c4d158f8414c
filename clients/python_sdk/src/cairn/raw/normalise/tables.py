"""The normaliser's data files: loaded once, typed, each with its version and digest.

These tables are protocol. Two firms that read different tables derive different tags
for one name, so every table's bytes enter `normaliser_digest` and the hub refuses
another digest than its own. The files lie in data/ and name their sources.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

TABLES: Final = ("name_words.json", "word_frequencies.json", "common_values.json")


class NameWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Words that do not tell one company from another, and spellings that mean one word."""

    table: str
    version: str
    notes: tuple[str, ...]
    abbreviations: Mapping[str, str]
    trade_words: frozenset[str]
    small_words: frozenset[str]
    form_words: frozenset[str]
    form_debris: frozenset[str]
    glued_forms: tuple[str, ...]
    own_legal_forms: tuple[str, ...]
    legal_forms: tuple[str, ...]


class WordFrequencies(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """In how many of `names` public names a word stands. Words of one name are left out."""

    table: str
    version: str
    notes: tuple[str, ...]
    names: int
    words: Mapping[str, int]


class FreeMail(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Mail that anybody can open a box at. `brands` hold under every suffix: brand.com, brand.co.uk."""

    domains: frozenset[str]
    brands: frozenset[str]
    same_as: Mapping[str, str]
    dots_ignored: frozenset[str]


class CommonValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Values that belong to many unrelated parties and so identify none of them."""

    table: str
    version: str
    notes: tuple[str, ...]
    free_mail: FreeMail
    shared_hosts: frozenset[str]
    names: tuple[str, ...]
    automatic_senders: frozenset[str]
    emails: frozenset[str]
    phones: frozenset[str]
    addresses: tuple[str, ...]


@cache
def name_words() -> NameWords:
    return msgspec.json.decode(read("name_words.json"), type=NameWords)


@cache
def word_frequencies() -> WordFrequencies:
    return msgspec.json.decode(read("word_frequencies.json"), type=WordFrequencies)


@cache
def common_values() -> CommonValues:
    return msgspec.json.decode(read("common_values.json"), type=CommonValues)


def read(table: str) -> bytes:
    """The bytes of a table as shipped."""
    return files(__package__).joinpath("data", table).read_bytes()


def table_digest(table: str) -> str:
    """SHA-256 of a table's bytes, in hex."""
    return hashlib.sha256(read(table)).hexdigest()
