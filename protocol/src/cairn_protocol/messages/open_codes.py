"""The OPEN compartment of a report: codes only, which the hub may read for aggregate analysis.

Nothing in it can hold a name, a contact or free text: every field is an enumeration, a
pattern of a public code list, or a band. What was not told is null, or "XX" for a country.
Source: domain brief 2.2; ISO 3166-1; WCO Harmonized System; EAR Commerce Control List.
"""

from typing import Annotated

from msgspec import Meta

from cairn_protocol.codes.terms import (
    Channel,
    EndUse,
    EndUseDocument,
    Incoterm,
    Mode,
    PartyType,
    PriceSignal,
    QuantityBand,
    QuantityRatio,
    Role,
    Routing,
    SentOutcome,
    Stage,
    ValueBand,
)
from cairn_protocol.messages.wire import FamilyCode, Part, whole

Country = Annotated[str, whole(r"[A-Z]{2}")]  # ISO 3166-1 alpha-2, XX unknown
RedFlag = Annotated[str, whole(r"RF-[A-Z]{3}-[0-9]{2}")]
Version = Annotated[str, whole(r"[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}")]


class OpenCodes(Part, frozen=True):
    """The codes. `family` is FAM-* or ALL; at most one of `eccn` and `hs6` is there.

    `outcome` is null for an inquiry that is open, untold or SHIPPED: the three look alike.
    """

    stage: Stage
    channel: Channel
    role: Role
    party_country: Country
    eccn: Annotated[str, whole(r"[0-9][A-E][0-9]{3}|EAR99|UNCLASSIFIED|USML")] | None
    hs6: Annotated[str, whole(r"[0-9]{6}")] | None
    family: FamilyCode
    quantity_band: QuantityBand | None
    value_band: ValueBand | None
    end_use_stated: EndUse | None
    export_country: Country
    via: Annotated[tuple[Country, ...], Meta(max_length=3)]
    stated_destination: Country
    red_flags: Annotated[tuple[RedFlag, ...], Meta(max_length=64)]  # sorted, local-only ones left out
    outcome: SentOutcome | None
    terms_version: Version
    red_flags_version: Version
    items_version: Version
    party_type: PartyType | None = None
    end_use_document: EndUseDocument | None = None
    price_signal: PriceSignal | None = None
    quantity_ratio: QuantityRatio | None = None
    mode: Mode | None = None
    incoterm: Incoterm | None = None
    routing: Routing | None = None
    suspected_destination: Country = "XX"  # a suspicion of the firm's, which a red flag gives the reason for
