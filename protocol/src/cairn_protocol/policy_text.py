"""A policy pack as a person writes it: a TOML file that names only what it coarsens.

    name = "works-council-de"
    version = 3
    item = "family"                  # instead of the control-list or customs number
    withheld_kinds = ["email"]       # never looked up, never sent as a pseudonym
    hold = true                      # a second named person releases each report

Whatever is not named stays as fine as the network lets it be.
"""

import tomllib
from typing import ClassVar

import msgspec

from cairn_protocol.codes import red_flags
from cairn_protocol.errors import CairnError
from cairn_protocol.kinds import NAME_KINDS
from cairn_protocol.messages.policy import FINEST, Policy


class BadPolicy(CairnError):
    """A pack can't be used. The text says why; nothing was changed."""

    slug: ClassVar[str] = "bad-policy"


def read_policy(text: str, *, issuer: str, issued_at: int, base: Policy = FINEST) -> Policy:
    """The pack that a TOML text describes; what it does not name is as in `base`.

    Raises BadPolicy for anything that is no field or level of a pack.
    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as cause:
        raise BadPolicy("the pack is not a TOML file") from cause
    fields = msgspec.to_builtins(base)
    settable = set(Policy.__struct_fields__) - {"issuer", "issued_at"}
    if unknown := sorted(told.keys() - settable):
        raise BadPolicy(f"a pack has no field {', '.join(unknown)}; it has {', '.join(sorted(settable))}")
    if missing := sorted({"name", "version"} - told.keys()):
        raise BadPolicy(f"a pack needs {' and '.join(missing)}")
    try:
        pack = msgspec.convert({**fields, **told, "issuer": issuer, "issued_at": issued_at}, Policy)
    except msgspec.ValidationError as cause:
        raise BadPolicy(f"not a level or value of a pack: {cause}") from cause
    return _sorted(pack)


def _sorted(pack: Policy) -> Policy:
    """The pack with its lists in order. Raises BadPolicy for a flag or kind that can't be withheld."""
    if unknown := sorted(set(pack.withheld_flags) - red_flags().by_code.keys()):
        raise BadPolicy(f"the red-flag list has no {', '.join(unknown)}")
    kinds = set(pack.withheld_kinds)
    if kinds & set(NAME_KINDS[:2]):  # what survives a misspelling would still stand for the name
        kinds.update(NAME_KINDS)
    return msgspec.structs.replace(
        pack,
        withheld_flags=tuple(sorted(set(pack.withheld_flags))),
        withheld_kinds=tuple(sorted(kinds)),
    )
