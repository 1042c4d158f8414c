"""Code lists: the only words in which a report may describe an inquiry to the hub.

`terms` are the short fixed lists, `countries` ISO 3166-1, `lists` the dated files
red_flags.json and items.json. Each has a version, and a report states the versions it
was coded with. Codes describe inquiries; no list here names a party.
"""

from cairn_protocol.codes.countries import COUNTRIES, COUNTRIES_VERSION, UNKNOWN
from cairn_protocol.codes.lists import UNLISTED_FAMILY, Item, Items, RedFlag, RedFlags, items, red_flags
from cairn_protocol.codes.terms import (
    EARLIER_TERMS,
    TERMS_VERSION,
    Channel,
    EndUse,
    EndUseDocument,
    Incoterm,
    LegalBasis,
    Mode,
    Outcome,
    PartyType,
    PriceSignal,
    QuantityBand,
    QuantityRatio,
    QuantityUnit,
    RetentionClass,
    Role,
    Routing,
    SentOutcome,
    Stage,
    ValueBand,
)

__all__ = [
    "COUNTRIES",
    "COUNTRIES_VERSION",
    "EARLIER_TERMS",
    "TERMS_VERSION",
    "UNKNOWN",
    "UNLISTED_FAMILY",
    "Channel",
    "EndUse",
    "EndUseDocument",
    "Incoterm",
    "Item",
    "Items",
    "LegalBasis",
    "Mode",
    "Outcome",
    "PartyType",
    "PriceSignal",
    "QuantityBand",
    "QuantityRatio",
    "QuantityUnit",
    "RedFlag",
    "RedFlags",
    "RetentionClass",
    "Role",
    "Routing",
    "SentOutcome",
    "Stage",
    "ValueBand",
    "items",
    "red_flags",
]
