"""Red flags and items: the two dated code lists, read once from the package's own files.

Promises: `red_flags()` and `items()` are complete, typed, unchangeable and say their
version; a list that does not fit its type fails at first use, not in a report. These
files are part of the program, like its source: nothing else is read here.

Source: red_flags.json and items.json name theirs, row by row. They code inquiries,
never parties, and decide no licence.
"""

from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import Final

import msgspec

UNLISTED_FAMILY: Final = "ALL"  # an unlisted item counts for every family


class RedFlag(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One red flag. `local_only`: the code itself stays at the firm; `status`: "retired" codes are refused."""

    code: str
    category: str
    title: str
    text: str
    observable_by: tuple[str, ...]
    stage: str
    severity_hint: str
    personal_data_risk: bool
    local_only: bool
    usual_resolution: str
    source: tuple[str, ...]
    basis: str
    status: str = "active"
    replaced_by: str | None = None


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group of red flags or a family of items."""

    code: str
    title: str


class Source(msgspec.Struct, frozen=True):
    """A public document that a red flag was taken from."""

    id: str
    title: str


class RedFlags(msgspec.Struct, frozen=True, dict=True, kw_only=True):
    """The whole list of red flags at one version."""

    version: str
    as_of: str
    categories: tuple[Category, ...]
    flags: tuple[RedFlag, ...]

    @cached_property
    def by_code(self) -> Mapping[str, RedFlag]:
        return {flag.code: flag for flag in self.flags}


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One commonly diverted item: a six-digit HS code or a five-character control-list number."""

    id: str
    system: str
    code: str
    title: str
    chpl_tier: str | None
    family: str
    regimes: tuple[str, ...]
    reasons: tuple[str, ...]
    eu_annex_i: str | None
    programme_tags: tuple[str, ...]
    basis: str


class Items(msgspec.Struct, frozen=True, dict=True, kw_only=True):
    """The whole list of items at one version."""

    version: str
    as_of: str
    families: tuple[Category, ...]
    items: tuple[Item, ...]

    @cached_property
    def by_number(self) -> Mapping[str, Item]:
        """By the number without its dot: "854231", "2B230"."""
        return {item.code.replace(".", ""): item for item in self.items}

    @cached_property
    def family_codes(self) -> frozenset[str]:
        return frozenset(family.code for family in self.families)

    def family_of(self, number: str) -> str:
        """The family of a six-digit HS code or five-character ECCN; "ALL" for one that isn't listed."""
        item = self.by_number.get(number)
        return item.family if item else UNLISTED_FAMILY


@cache
def red_flags() -> RedFlags:
    """The red flags. Raises msgspec.ValidationError if the shipped file is damaged."""
    return msgspec.json.decode(_read("red_flags.json"), type=RedFlags)


@cache
def items() -> Items:
    """The items. Raises msgspec.ValidationError if the shipped file is damaged."""
    return msgspec.json.decode(_read("items.json"), type=Items)


def _read(name: str) -> bytes:
    return files(__package__).joinpath(name).read_bytes()
