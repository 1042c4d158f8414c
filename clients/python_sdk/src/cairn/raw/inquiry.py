"""An inquiry as a firm notes it: raw, complete, and never sent.

    Inquiry(
        inquiry_id="A-1",
        party=Party(name="Orkide Teknik", country="TR", phones=["+90 555 010 0199"]),
        item={"eccn": "2B230"},
    )

Promises: a value of these types is valid (sizes, counts, codes, dates) and does not change; what is wrong
raises `BadInquiry` that names the field and never shows what was typed; nor does a repr. Defaults keep
most to the firm: TLP AMBER+STRICT, aggregates only for government.

Not here: files (`reading`), keys (`normalise`), what may leave (`sanitise`).
Source: design.md 7 (input schema); domain brief 2.2.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Final, Self

from cairn.raw.fields import (
    BadInquiry,
    code,
    country,
    day,
    named,
    optional_code,
    text,
    texts,
    unknown,
    whole_number,
    yes_or_no,
)
from cairn_protocol.codes import (
    UNLISTED_FAMILY,
    Channel,
    EndUse,
    EndUseDocument,
    Incoterm,
    Mode,
    Outcome,
    PartyType,
    PriceSignal,
    QuantityUnit,
    Role,
    Stage,
    items,
    red_flags,
)
from cairn_protocol.messages.parties import Sector
from cairn_protocol.messages.report import Caveat, Confidence, GovRelease, Handling, Tlp

MAX_ID: Final = 128
MAX_NAME: Final = 512
MAX_ADDRESS: Final = 512
MAX_CITY: Final = 128
MAX_EMAIL: Final = 254
MAX_PHONE: Final = 64
MAX_WEBSITE: Final = 512
MAX_NUMBER: Final = 64
MAX_MODEL: Final = 128
MAX_NARRATIVE: Final = 8_000
MAX_CONTACTS: Final = 16
MAX_VIA: Final = 16
MAX_RED_FLAGS: Final = 64
MAX_TRANSACTION_REFS: Final = 2

STRICTEST_DEFAULT: Final = Handling(tlp=Tlp.AMBER_STRICT, caveats=(), embargo_until=None)

_ECCN: Final = re.compile(r"^([0-9][A-E][0-9]{3})(?![0-9])[A-Z0-9.\s()-]*$")
_ECCN_WORDS: Final = ("EAR99", "UNCLASSIFIED", "USML")
_EU_NUMBER: Final = re.compile(r"^([0-9][A-E][0-9]{3})(?![0-9])[a-zA-Z0-9.\s()-]*$")
_SHA_256: Final = re.compile(r"^[0-9a-f]{64}$")
_HS: Final = re.compile(r"^[0-9]{4}\.?[0-9]{2}(?:\.?[0-9]{2}){0,2}$")


class _Raw:
    """What the types here share: no value in a repr, and the way to and from plain data."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.to_mapping())} fields)"

    def to_mapping(self) -> dict[str, Any]:
        """The fields that are told, as JSON can hold them; `from_mapping` gives an equal value back."""
        told = {field.name: _plain(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, value in told.items() if value not in (None, "", [], {})}


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Party(_Raw):
    """The party an inquiry is about. Needs a name, a contact or a number; everything else may be unknown.

    country is where the party is established, ISO 3166-1 alpha-2, never a person's nationality.
    person is who one deals with there: for the firm's own use, never sent, neither as a pseudonym nor sealed.
    """

    role: Role
    type: PartyType | None
    name: str
    country: str
    address: str
    city: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    website: str
    registration_no: str
    vat: str
    lei: str
    imo: str
    iban: str
    person: str

    def __init__(
        self,
        *,
        name: str = "",
        role: str = Role.PURCHASER,
        type: str | None = None,
        country: str | None = "",
        address: str = "",
        city: str = "",
        emails: Sequence[str] = (),
        phones: Sequence[str] = (),
        website: str = "",
        registration_no: str = "",
        vat: str = "",
        lei: str = "",
        imo: str = "",
        iban: str = "",
        person: str = "",
    ) -> None:
        """Raises BadInquiry."""
        _set(
            self,
            role=code(role, "party.role", Role, Role.PURCHASER),
            type=optional_code(type, "party.type", PartyType),
            name=text(name, "party.name", MAX_NAME),
            country=_country(country, "party.country"),
            address=text(address, "party.address", MAX_ADDRESS),
            city=text(city, "party.city", MAX_CITY),
            emails=texts(emails, "party.emails", MAX_EMAIL, MAX_CONTACTS),
            phones=texts(phones, "party.phones", MAX_PHONE, MAX_CONTACTS),
            website=text(website, "party.website", MAX_WEBSITE),
            registration_no=text(registration_no, "party.registration_no", MAX_NUMBER),
            vat=text(vat, "party.vat", MAX_NUMBER),
            lei=text(lei, "party.lei", MAX_NUMBER),
            imo=text(imo, "party.imo", MAX_NUMBER),
            iban=text(iban, "party.iban", MAX_NUMBER),
            person=text(person, "party.person", MAX_NAME),
        )
        if not self.to_mapping().keys() - {"role", "type", "country", "address", "city", "person"}:
            raise BadInquiry("needs a name, or at least one contact or number", place="party")


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Item(_Raw):
    """What was asked for: a control-list number or a customs code, never both; the model stays at the firm.

    `eccn` may have its subparagraph and `hs6` more digits than six: they are cut before anything is sent.
    `eu_number` is the number in Annex I of Regulation (EU) 2021/821, alone or beside one of the others.
    `family` is only needed for an item that the list doesn't have.
    """

    eccn: str
    hs6: str
    eu_number: str
    family: str
    model: str

    def __init__(
        self, *, eccn: str = "", hs6: str = "", eu_number: str = "", family: str = "", model: str = ""
    ) -> None:
        """Raises BadInquiry."""
        _set(
            self,
            eccn=text(eccn, "item.eccn", MAX_NUMBER).upper(),
            hs6=text(hs6, "item.hs6", MAX_NUMBER),
            eu_number=text(eu_number, "item.eu_number", MAX_NUMBER).upper(),
            family=text(family, "item.family", MAX_NUMBER).upper(),
            model=text(model, "item.model", MAX_MODEL),
        )
        if self.eccn and self.hs6:
            raise BadInquiry("give either eccn or hs6", place="item")
        if self.eccn and self.eccn not in _ECCN_WORDS and not _ECCN.match(self.eccn):
            raise BadInquiry(
                "not a control-list number like 2B230 or 3A001.a.2, nor EAR99, UNCLASSIFIED or USML",
                place="item.eccn",
            )
        if self.hs6 and not _HS.match(self.hs6):
            raise BadInquiry("not a customs code like 854231 or 8542.31", place="item.hs6")
        if self.eu_number and not _EU_NUMBER.match(self.eu_number):
            raise BadInquiry("not a number of Annex I like 2B230 or 3A001.a.2", place="item.eu_number")
        known = {*items().family_codes, UNLISTED_FAMILY}
        if self.family and self.family not in known:
            raise unknown(self.family, "item.family", known, "code")


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Route(_Raw):
    """Countries the goods would take, "" where unknown. `via` in the order of travel.

    suspected_destination  where the firm suspects they would go; a red flag of the inquiry says why
    routed                 whether the buyer's own forwarder would ship
    """

    export_country: str
    via: tuple[str, ...]
    stated_destination: str
    suspected_destination: str
    mode: Mode | None
    incoterm: Incoterm | None
    routed: bool | None

    def __init__(
        self,
        *,
        export_country: str | None = "",
        via: Sequence[str] = (),
        stated_destination: str | None = "",
        suspected_destination: str | None = "",
        mode: str | None = None,
        incoterm: str | None = None,
        routed: bool | str | None = None,
    ) -> None:
        """Raises BadInquiry."""
        passed = [
            _country(entry, f"route.via[{at}]")
            for at, entry in enumerate(texts(via, "route.via", MAX_NUMBER, MAX_VIA))
        ]
        _set(
            self,
            export_country=_country(export_country, "route.export_country"),
            via=tuple(entry for entry in passed if entry),
            stated_destination=_country(stated_destination, "route.stated_destination"),
            suspected_destination=_country(suspected_destination, "route.suspected_destination"),
            mode=optional_code(mode, "route.mode", Mode),
            incoterm=optional_code(incoterm, "route.incoterm", Incoterm),
            routed=yes_or_no(routed, "route.routed"),
        )


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Inquiry(_Raw):
    """One inquiry about one party, as the firm received it.

    inquiry_id       the firm's own; the same id is the same report
    received_on      today if not told; not after the current ISO week
    firm, group      accepted as the firm's file has them, and not used: a member's home says who reports
    transaction_ref  none, one or two numbers of transport documents
    typical_quantity what the firm usually sells of such an item: only the ratio leaves
    quantity_unit    what both count, by UN/ECE Recommendation 20: pieces if it is not told
    attempt_link     the inquiry_id (or report id) of an earlier inquiry of yours: the same party came back with the
                     same matter, and the network counts one event
    evidence_hash    SHA-256 of a file of yours, in hex: only a keyed digest leaves, with which you can show later
                     that you had this file then
    handling         a TLP label, alone or first in a list with caveats: no-gov, no-foreign-gov, counsel-only,
                     embargo-until:2027-W05 (or a date, kept as its week)
    """

    inquiry_id: str
    party: Party
    received_on: dt.date
    item: Item
    route: Route
    sector: Sector | None
    stage: Stage
    channel: Channel
    quantity: int | None
    typical_quantity: int | None
    quantity_unit: QuantityUnit | None
    value_usd: int | None
    price_signal: PriceSignal | None
    end_use_stated: EndUse
    end_use_document: EndUseDocument | None
    red_flags: tuple[str, ...]
    outcome: Outcome
    transaction_ref: tuple[str, ...]
    attempt_link: str
    evidence_hash: str
    confidence: Confidence
    handling: Handling
    consent: GovRelease
    narrative: str
    firm: str
    group: str

    def __init__(
        self,
        *,
        inquiry_id: str,
        party: Party | Mapping[str, Any],
        received_on: dt.date | str | None = None,
        item: Item | Mapping[str, Any] | None = None,
        route: Route | Mapping[str, Any] | None = None,
        sector: str | None = None,
        stage: str = Stage.INQUIRY,
        channel: str = Channel.OTHER,
        quantity: int | str | None = None,
        typical_quantity: int | str | None = None,
        quantity_unit: str | None = None,
        value_usd: float | Decimal | str | None = None,
        price_signal: str | None = None,
        end_use_stated: str = EndUse.NONE,
        end_use_document: str | None = None,
        red_flags: Sequence[str] = (),
        outcome: str = Outcome.OPEN,
        transaction_ref: str | Sequence[str] | None = None,
        attempt_link: str = "",
        evidence_hash: str = "",
        confidence: str = Confidence.STATEMENT,
        handling: Handling | str | Sequence[str] = STRICTEST_DEFAULT,
        consent: str = GovRelease.AGGREGATE_ONLY,
        narrative: str = "",
        firm: str = "",
        group: str = "",
    ) -> None:
        """Raises BadInquiry."""
        _set(
            self,
            inquiry_id=_required(inquiry_id, "inquiry_id"),
            party=party if isinstance(party, Party) else Party(**_named(party, Party, "party")),
            received_on=day(received_on, "received_on", dt.date.today()),
            item=item if isinstance(item, Item) else Item(**_named(item or {}, Item, "item")),
            route=route if isinstance(route, Route) else Route(**_named(route or {}, Route, "route")),
            sector=code(sector, "sector", Sector, Sector.EXPORTER) if sector else None,
            stage=code(stage, "stage", Stage, Stage.INQUIRY),
            channel=code(channel, "channel", Channel, Channel.OTHER),
            quantity=whole_number(quantity, "quantity", 1),
            typical_quantity=whole_number(typical_quantity, "typical_quantity", 1),
            quantity_unit=optional_code(quantity_unit, "quantity_unit", QuantityUnit),
            value_usd=whole_number(value_usd, "value_usd", 0),
            price_signal=optional_code(price_signal, "price_signal", PriceSignal),
            end_use_stated=code(end_use_stated, "end_use_stated", EndUse, EndUse.NONE),
            end_use_document=optional_code(end_use_document, "end_use_document", EndUseDocument),
            red_flags=_red_flags(red_flags),
            outcome=code(outcome, "outcome", Outcome, Outcome.OPEN),
            transaction_ref=texts(
                [transaction_ref] if isinstance(transaction_ref, str) else transaction_ref,
                "transaction_ref",
                MAX_ID,
                MAX_TRANSACTION_REFS,
            ),
            attempt_link=text(attempt_link, "attempt_link", MAX_ID),
            evidence_hash=text(evidence_hash, "evidence_hash", MAX_ID).lower(),
            confidence=code(confidence, "confidence", Confidence, Confidence.STATEMENT),
            handling=handling if isinstance(handling, Handling) else _handling(handling),
            consent=code(consent, "consent", GovRelease, GovRelease.AGGREGATE_ONLY),
            narrative=text(narrative, "narrative", MAX_NARRATIVE),
            firm=text(firm, "firm", MAX_ID),
            group=text(group, "group", MAX_ID),
        )
        if self.route.suspected_destination and not self.red_flags:
            raise BadInquiry(
                "a suspicion needs a red flag that says why", place="route.suspected_destination"
            )

        if self.attempt_link == self.inquiry_id:
            raise BadInquiry("names the inquiry itself; it is for an earlier one", place="attempt_link")
        if self.evidence_hash and not _SHA_256.match(self.evidence_hash):
            raise BadInquiry(
                "not a SHA-256 in hex, as `sha256sum` or `Get-FileHash` print it", place="evidence_hash"
            )

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Self:
        """An inquiry from plain data, such as a decoded JSON object.

        Raises BadInquiry; an unknown field is refused with the nearest known name.
        """
        told = {name: value for name, value in _named(mapping, cls, "").items() if value is not None}
        for name in ("inquiry_id", "party"):
            if name not in told:
                raise BadInquiry("is missing", place=name)
        return cls(**told)


def _set(raw: _Raw, **values: object) -> None:
    for name, value in values.items():
        object.__setattr__(raw, name, value)


def _named(typed: object, of: type[_Raw], place: str) -> dict[str, Any]:
    return dict(named(typed, place, [field.name for field in fields(of)]))  # type: ignore[arg-type]


def _required(typed: object, place: str) -> str:
    value = text(typed, place, MAX_ID)
    if not value:
        raise BadInquiry("is missing", place=place)
    return value


# `country` is also the name of a parameter above.
_country = country


def _red_flags(typed: object) -> tuple[str, ...]:
    """Codes in order, each once."""
    told = texts(typed, "red_flags", MAX_NUMBER, MAX_RED_FLAGS)
    listed = red_flags().by_code
    for at, flag in enumerate(told):
        if flag not in listed:
            raise unknown(flag, f"red_flags[{at}]", listed, "code")
        if listed[flag].status == "retired":
            raise BadInquiry("a retired code; the list names what replaced it", place=f"red_flags[{at}]")
    return tuple(sorted(set(told)))


def _handling(typed: object) -> Handling:
    """From "AMBER+STRICT", "TLP:RED" or ["AMBER", "no-gov", "embargo-until:2027-W05"]."""
    labels = texts([typed] if isinstance(typed, str) else typed, "handling", MAX_NUMBER, 8)
    if not labels:
        return STRICTEST_DEFAULT
    caveats: set[Caveat] = set()
    embargo_until: str | None = None
    for at, label in enumerate(labels[1:], start=1):
        name, _, until = label.partition(":")
        caveat = code(name, f"handling[{at}]", Caveat, Caveat.NO_GOV)
        if (caveat is Caveat.EMBARGO_UNTIL) != bool(until):
            raise BadInquiry(
                "embargo-until, and only that, is followed by a colon and a week", place=f"handling[{at}]"
            )
        if until:
            embargo_until = _week(until, f"handling[{at}]")
        caveats.add(caveat)
    tlp = code(labels[0].upper().removeprefix("TLP:"), "handling", Tlp, Tlp.AMBER_STRICT)
    return Handling(tlp=tlp, caveats=tuple(sorted(caveats)), embargo_until=embargo_until)


def _week(typed: str, place: str) -> str:
    """The ISO week of "2027-W05" or of a date in it."""
    try:
        year, week, _ = dt.date.fromisoformat(typed).isocalendar()
    except ValueError:
        raise BadInquiry("not a week like 2027-W05 nor a date", place=place) from None
    return f"{year}-W{week:02}"


def _plain(value: Any) -> Any:
    if isinstance(value, _Raw):
        return value.to_mapping()
    if isinstance(value, Handling):
        embargo = {Caveat.EMBARGO_UNTIL: f"{Caveat.EMBARGO_UNTIL}:{value.embargo_until}"}
        return [str(value.tlp), *(embargo.get(caveat, str(caveat)) for caveat in value.caveats)]
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value
