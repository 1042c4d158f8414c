"""From a raw inquiry to its OPEN compartment: codes only, each as coarse as the network's policy asks.

What is dropped or cut here never leaves the firm: model, the subparagraphs of control-list numbers, HS digits
after the sixth, the person one deals with, exact quantity and value, the day, countries after the third of the
way, red flags that are `local_only`, the outcome SHIPPED. No field can carry a name: `OpenCodes` has only
enumerations and patterns of public code lists.

An outcome OPEN is not sent either. If it were, a report without an outcome would say SHIPPED.
Source: design.md 3; domain brief 2.2, 2.4 and truth 4.
"""

from typing import Final

from msgspec import UNSET

from cairn.raw.inquiry import Inquiry, Item
from cairn.raw.sanitise.bands import quantity_band, quantity_ratio, value_band
from cairn_protocol.codes import TERMS_VERSION, UNKNOWN, Outcome, Routing, SentOutcome, items, red_flags
from cairn_protocol.messages.open_codes import OpenCodes

ECCN_CHARACTERS: Final = 5
HS_DIGITS: Final = 6
MAX_VIA_SENT: Final = 3
_ROUTING: Final = {None: None, False: Routing.STANDARD, True: Routing.ROUTED}
NOT_SENT: Final = frozenset({Outcome.OPEN, Outcome.SHIPPED})


def open_codes(inquiry: Inquiry) -> OpenCodes:
    """The codes of an inquiry. Never raises for a valid one."""
    eccn, hs6, eu_number = _numbers(inquiry.item)
    flags = red_flags()
    return OpenCodes(
        stage=inquiry.stage,
        channel=inquiry.channel,
        role=inquiry.party.role,
        party_country=inquiry.party.country or UNKNOWN,
        eccn=eccn,
        hs6=hs6,
        family=family_of(inquiry.item),
        quantity_band=quantity_band(inquiry.quantity),
        value_band=value_band(inquiry.value_usd),
        end_use_stated=inquiry.end_use_stated,
        export_country=inquiry.route.export_country or UNKNOWN,
        via=inquiry.route.via[:MAX_VIA_SENT],
        stated_destination=inquiry.route.stated_destination or UNKNOWN,
        red_flags=tuple(flag for flag in inquiry.red_flags if not flags.by_code[flag].local_only),
        outcome=None if inquiry.outcome in NOT_SENT else SentOutcome(inquiry.outcome),
        terms_version=TERMS_VERSION,
        red_flags_version=flags.version,
        items_version=items().version,
        party_type=inquiry.party.type,
        end_use_document=inquiry.end_use_document,
        price_signal=inquiry.price_signal,
        quantity_ratio=quantity_ratio(inquiry.quantity, inquiry.typical_quantity),
        mode=inquiry.route.mode,
        incoterm=inquiry.route.incoterm,
        routing=_ROUTING[inquiry.route.routed],
        suspected_destination=_suspected(inquiry),
        eu_number=eu_number or UNSET,
        quantity_unit=(inquiry.quantity_unit or UNSET) if inquiry.quantity else UNSET,
    )


def family_of(item: Item) -> str:
    """The item's family: the one told, the list's, or ALL."""
    eccn, hs6, eu_number = _numbers(item)
    listed = items()
    return item.family or listed.family_of(
        next((number for number in (eccn, hs6, eu_number) if number in listed.by_number), None) or ""
    )


def week_of(inquiry: Inquiry) -> str:
    """The ISO week an inquiry was received in, like "2026-W47"."""
    year, week, _ = inquiry.received_on.isocalendar()
    return f"{year}-W{week:02}"


def _suspected(inquiry: Inquiry) -> str:
    """The suspected destination, untold where only flags that stay at the firm give the reason for it."""
    flags = red_flags().by_code
    reason = any(not flags[flag].local_only for flag in inquiry.red_flags)
    return (inquiry.route.suspected_destination or UNKNOWN) if reason else UNKNOWN


def _numbers(item: Item) -> tuple[str | None, str | None, str | None]:
    """The ECCN and the Annex I number without subparagraphs, between them the HS code's first six digits."""
    is_word = not item.eccn[:1].isdigit()  # EAR99, UNCLASSIFIED, USML
    eccn = item.eccn if is_word else item.eccn[:ECCN_CHARACTERS]
    return (
        eccn or None,
        item.hs6.replace(".", "")[:HS_DIGITS] or None,
        item.eu_number[:ECCN_CHARACTERS] or None,
    )
