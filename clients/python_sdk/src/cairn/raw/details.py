"""What goes into the sealed part: the party as typed, and a scrubbed narrative if the firm says so.

Scrubbing replaces every finding of the lint by its code in brackets: a narrative tells what happened,
the names stand in their own fields.
"""

from cairn.raw.inquiry import Inquiry
from cairn.raw.sanitise.lint import lint
from cairn_protocol.messages.sealed import Details

MAX_VALUES = 16
MAX_TEXT = 512


def details_of(inquiry: Inquiry, *, narrative: bool) -> Details:
    """The details of an inquiry's party. `narrative`: whether its narrative is among them, scrubbed."""
    party = inquiry.party
    return Details(
        names=(party.name[:MAX_TEXT],) if party.name else (),
        address=party.address[:MAX_TEXT],
        city=party.city,
        emails=tuple(party.emails[:MAX_VALUES]),
        phones=tuple(party.phones[:MAX_VALUES]),
        website=party.website[:MAX_TEXT],
        registration_no=party.registration_no,
        vat=party.vat,
        lei=party.lei,
        imo=party.imo,
        iban=party.iban,
        narrative=scrubbed(inquiry) if narrative and inquiry.narrative else None,
    )


def scrubbed(inquiry: Inquiry) -> str:
    """The inquiry's narrative with every finding of the lint replaced by its code."""
    party = inquiry.party
    text = inquiry.narrative
    for finding in reversed(
        lint(text, (party.name, party.person, *party.emails, *party.phones, party.website))
    ):
        text = f"{text[: finding.start]}[{finding.code}]{text[finding.end :]}"
    return text
