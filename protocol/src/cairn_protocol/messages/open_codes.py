"""The OPEN compartment of a report: codes only, which the hub may read for aggregate analysis.

Nothing in it can hold a name, a contact or free text: every field is an enumeration, a
pattern of a public code list, or a band. What was not told is null, or "XX" for a place; what came with
terms 1.2.0 is left out, so that the bytes of earlier reports stay what they were.

A place is a country, or where a country would say too much the subregion that it lies in (`codes.m49`).
Source: domain brief 2.2, 2.4; ISO 3166-1; UN M49; WCO Harmonized System; EAR Commerce Control List; Annex I of
Regulation (EU) 2021/821.
"""

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from cairn_protocol.codes.terms import (
    Channel,
    EndUse,
    EndUseDocument,
    Incoterm,
    LegalBasis,
    Mode,
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
from cairn_protocol.messages.wire import Bytes32, FamilyCode, Part, whole

Place = Annotated[
    str, whole(r"[A-Z]{2}|[0-9]{3}")
]  # ISO 3166-1 alpha-2, a subregion of UN M49, or XX unknown
RedFlag = Annotated[str, whole(r"RF-[A-Z]{3}-[0-9]{2}")]
Version = Annotated[str, whole(r"[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}")]


class OpenCodes(Part, frozen=True):
    """The codes. `family` is FAM-* or ALL; at most one of `eccn` and `hs6` is there, and beside it `eu_number`.

    `outcome` is null for an inquiry that is open, untold or SHIPPED: the three look alike.

    attempt     the id of an earlier report of the same member: who asked then came back, and it is one event
    evidence    a keyed digest of the firm's own file, with which the firm alone can show that it had it then
    retention, legal_hold, legal_basis  the firm's word to the operator, set by its policy pack
    """

    stage: Stage
    channel: Channel
    role: Role
    party_country: Place
    eccn: Annotated[str, whole(r"[0-9][A-E][0-9]{3}|EAR99|UNCLASSIFIED|USML")] | None
    hs6: Annotated[str, whole(r"[0-9]{6}")] | None
    family: FamilyCode
    quantity_band: QuantityBand | None
    value_band: ValueBand | None
    end_use_stated: EndUse | None
    export_country: Place
    via: Annotated[tuple[Place, ...], Meta(max_length=3)]
    stated_destination: Place
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
    suspected_destination: Place = "XX"  # a suspicion of the firm's, which a red flag gives the reason for
    eu_number: Annotated[str, whole(r"[0-9][A-E][0-9]{3}")] | UnsetType = UNSET
    quantity_unit: QuantityUnit | UnsetType = UNSET
    attempt: UUID | UnsetType = UNSET
    evidence: Bytes32 | UnsetType = UNSET
    legal_basis: LegalBasis | UnsetType = UNSET
    retention: RetentionClass | UnsetType = UNSET
    legal_hold: bool | UnsetType = UNSET

    @property
    def item_number(self) -> str | None:
        """The item's number by which lists know it: the customs code, else the control lists' number."""
        return self.hs6 or self.eccn or self.eu_number or None
