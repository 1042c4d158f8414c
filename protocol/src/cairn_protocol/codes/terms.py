"""Small fixed code lists: the words a report may use for its stage, channel, role, outcome, end use and bands.

Each enumeration is version `TERMS_VERSION`; a value once used is never given another
meaning. Values are what stands on the wire and in a firm's input file.

Not here: red flags and items, which are long, dated and loaded from files (`lists`); confidence,
handling and consent, which stand in the header (`messages.report`).
Source: design.md 3; domain brief 2.2 and 2.3 (party roles of EAR, AES, UN/EDIFACT 3035).
"""

from enum import StrEnum
from typing import Final

TERMS_VERSION: Final = "1.2.0"

# Versions that only lack words: a report that was built before is still read.
EARLIER_TERMS: Final = ("1.1.0",)


class Stage(StrEnum):
    """How far the business had gone when the inquiry was reported."""

    INQUIRY = "inquiry"
    QUOTATION = "quotation"
    DUE_DILIGENCE = "due_diligence"
    ORDER = "order"
    PAYMENT = "payment"
    SHIPMENT = "shipment"
    CLAIM = "claim"


class Channel(StrEnum):
    """How the inquiry reached the firm."""

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


class Role(StrEnum):
    """What the party is in the transaction."""

    PURCHASER = "PUR"
    INTERMEDIATE_CONSIGNEE = "ICN"
    ULTIMATE_CONSIGNEE = "UCN"
    END_USER = "EUS"
    FORWARDER = "FWD"
    EXPORTER = "EXP"
    NOTIFY_PARTY = "NTF"
    PAYER = "PAY"
    BROKER = "BRK"
    ASSURED = "INSD"
    OWNER = "OWN"


class Outcome(StrEnum):
    """What became of the inquiry, as the firm notes it. Not all of these leave the firm: see `SentOutcome`."""

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
    SHIPPED = "SHIPPED"


class SentOutcome(StrEnum):
    """The outcomes a report may state: neither SHIPPED, which can be an admission, nor OPEN.

    An outcome that is open, untold or SHIPPED is sent as none: were OPEN sent,
    a missing outcome would say SHIPPED.
    """

    HELD = "HELD"
    DECLINED = "DECLINED"
    REFERRED = "REFERRED"
    LICENCE_APPLIED = "LICENCE_APPLIED"
    LICENCE_REFUSED = "LICENCE_REFUSED"
    CLEARED = "CLEARED"
    WITHDRAWN = "WITHDRAWN"
    LOST_CONTACT = "LOST_CONTACT"
    SHIPPED_UNDER_LICENCE = "SHIPPED_UNDER_LICENCE"


class EndUse(StrEnum):
    """The end use the party stated, never one that the firm suspects: in a word, or as a section of ISIC Rev. 4."""

    RESEARCH = "research"
    MEDICAL = "medical"
    OIL_GAS = "oil-gas"
    CIVIL_NUCLEAR = "civil-nuclear"
    CIVIL_AEROSPACE = "civil-aerospace"
    TELECOM = "telecom"
    SEMICONDUCTOR = "semiconductor"
    RESALE = "resale"
    GOVERNMENT_CIVIL = "government-civil"
    DEFENCE = "defence"
    REFUSED = "refused"
    NONE = "none"
    AGRICULTURE = "A"
    MINING = "B"
    MANUFACTURING = "C"
    ENERGY = "D"
    WATER_AND_WASTE = "E"
    CONSTRUCTION = "F"
    TRADE = "G"
    TRANSPORT = "H"
    HOSPITALITY = "I"
    INFORMATION = "J"
    FINANCE = "K"
    REAL_ESTATE = "L"
    SCIENCE = "M"
    BUSINESS_SERVICES = "N"
    PUBLIC_ADMINISTRATION = "O"
    EDUCATION = "P"
    HEALTH = "Q"
    ARTS = "R"
    OTHER_SERVICES = "S"
    HOUSEHOLDS = "T"
    INTERNATIONAL_BODIES = "U"


class EndUseDocument(StrEnum):
    """What the party gave in writing about the end use."""

    LETTER = "letter"
    BIS_711 = "BIS-711"
    NATIONAL_EUC = "national-euc"
    CHPL_CERTIFICATION = "chpl-certification"
    NO_DOCUMENT = "none"
    REFUSED = "refused"


class PartyType(StrEnum):
    """What kind of party it is: a type of business, never of people. Source: AES ultimate consignee types."""

    DIRECT_CONSUMER = "D"
    GOVERNMENT = "G"
    RESELLER = "R"
    OTHER = "O"
    UNIVERSITY = "university"
    FORWARDER = "forwarder"


class Mode(StrEnum):
    """How the goods would travel. Source: UN/ECE Recommendation 19."""

    SEA = "1"
    RAIL = "2"
    ROAD = "3"
    AIR = "4"
    MAIL = "5"


class Incoterm(StrEnum):
    """The delivery term asked for. Source: Incoterms 2020."""

    EXW = "EXW"
    FCA = "FCA"
    CPT = "CPT"
    CIP = "CIP"
    DAP = "DAP"
    DPU = "DPU"
    DDP = "DDP"
    FAS = "FAS"
    FOB = "FOB"
    CFR = "CFR"
    CIF = "CIF"


class Routing(StrEnum):
    """Whose forwarder ships: the seller's, or the buyer's own (a routed export)."""

    STANDARD = "standard"
    ROUTED = "routed"


class PriceSignal(StrEnum):
    """How what the party would pay compares with the market; never a price."""

    UNDER = "under"
    AT_MARKET = "at-market"
    OVER = "over"
    FAR_OVER = "far-over"


class QuantityRatio(StrEnum):
    """The quantity beside what the firm typically sells of such an item: under half, to twice, to ten times, more."""

    R0 = "R0"
    R1 = "R1"
    R2 = "R2"
    R3 = "R3"


class QuantityBand(StrEnum):
    """How many pieces: 1, to 10, to 100, to 1,000, to 10,000, more."""

    Q0 = "Q0"
    Q1 = "Q1"
    Q2 = "Q2"
    Q3 = "Q3"
    Q4 = "Q4"
    Q5 = "Q5"


class QuantityUnit(StrEnum):
    """What a quantity counts. Pieces, if it is not told. Source: UN/ECE Recommendation 20."""

    ONE = "C62"
    PIECE = "H87"
    KILOGRAM = "KGM"
    METRE = "MTR"


class LegalBasis(StrEnum):
    """What the firm may share personal data by. Source: Regulation (EU) 2016/679, Article 6(1)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal-obligation"
    PUBLIC_TASK = "public-task"
    LEGITIMATE_INTERESTS = "legitimate-interests"
    NO_PERSONAL_DATA = "no-personal-data"


class RetentionClass(StrEnum):
    """How long the firm lets a report be kept, in months; the shortest first. Untold: as the network agreed."""

    MONTHS_12 = "12"
    MONTHS_18 = "18"
    MONTHS_36 = "36"


class ValueBand(StrEnum):
    """Worth in USD: below 5k, 25k, 100k, 500k, up to 2.5M, more."""

    V1 = "V1"
    V2 = "V2"
    V3 = "V3"
    V4 = "V4"
    V5 = "V5"
    V6 = "V6"
