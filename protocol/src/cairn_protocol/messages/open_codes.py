"""The OPEN compartment of a report: codes only, which the hub may read for aggregate analysis.

Nothing in it can hold a name, a contact or free text: every field is an enumeration, a
pattern of a public code list, or a band.
Source: domain brief 2.2; ISO 3166-1; WCO Harmonized System; EAR Commerce Control List.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from cairn_protocol.messages.wire import FamilyCode, Part

Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]  # ISO 3166-1 alpha-2, XX unknown
RedFlag = Annotated[str, Meta(pattern=r"^RF-[A-Z]{3}-[0-9]{2}$")]
Version = Annotated[str, Meta(pattern=r"^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}$")]


class Stage(StrEnum):
    """How far the matter had come."""

    INQUIRY = "inquiry"
    QUOTATION = "quotation"
    DUE_DILIGENCE = "due_diligence"
    ORDER = "order"
    PAYMENT = "payment"
    SHIPMENT = "shipment"
    CLAIM = "claim"


class Channel(StrEnum):
    """How it reached the firm."""

    WEBFORM = "WEBFORM"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    DISTRIBUTOR = "DISTRIBUTOR"
    MARKETPLACE = "MARKETPLACE"
    RFQ_PORTAL = "RFQ_PORTAL"
    TRADE_SHOW = "TRADE_SHOW"
    BROKER = "BROKER"
    EXISTING_ACCOUNT = "EXISTING_ACCOUNT"
    BOOKING = "BOOKING"
    INSURANCE_PROPOSAL = "INSURANCE_PROPOSAL"
    CLAIM = "CLAIM"
    VISIT = "VISIT"
    OTHER = "OTHER"


class Outcome(StrEnum):
    """What became of it. SHIPPED stays at the firm."""

    OPEN = "OPEN"
    HELD = "HELD"
    DECLINED = "DECLINED"
    REFERRED = "REFERRED"
    LICENCE_APPLIED = "LICENCE_APPLIED"
    LICENCE_REFUSED = "LICENCE_REFUSED"
    CLEARED = "CLEARED"
    WITHDRAWN = "WITHDRAWN"
    LOST_CONTACT = "LOST_CONTACT"
    SHIPPED_UNDER_LICENCE = "SHIPPED_UNDER_LICENCE"


class OpenCodes(Part, frozen=True):
    """The codes. `family` is FAM-* or ALL; at most one of `eccn` and `hs6` is there."""

    stage: Stage
    channel: Channel
    role: Annotated[str, Meta(pattern=r"^[A-Z]{3,4}$")]
    party_country: Country
    eccn: Annotated[str, Meta(pattern=r"^([0-9][A-E][0-9]{3}|EAR99|UNCLASSIFIED|USML)$")] | None
    hs6: Annotated[str, Meta(pattern=r"^[0-9]{6}$")] | None
    family: FamilyCode
    quantity_band: Annotated[str, Meta(pattern=r"^Q[0-5]$")] | None
    value_band: Annotated[str, Meta(pattern=r"^V[1-6]$")] | None
    end_use_stated: Annotated[str, Meta(pattern=r"^[a-z][a-z-]{1,31}$")] | None
    export_country: Country
    via: Annotated[tuple[Country, ...], Meta(max_length=3)]
    stated_destination: Country
    red_flags: Annotated[tuple[RedFlag, ...], Meta(max_length=32)]  # sorted, local-only ones left out
    outcome: Outcome | None
    red_flags_version: Version
    items_version: Version
