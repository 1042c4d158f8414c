"""Transport documents: one shipment seen by exporter, forwarder and insurer is one event.

The number alone is the key: firms write "HAWB 123-00000012", "hawb12300000012" or "123-00000012" for one
air waybill. The names of document kinds are dropped, so a house and a master bill with one number would be one
event; that only lowers a count, never raises it. Short numbers are some firm's own and give no key.
"""

import re
import unicodedata
from typing import Final

MAX_CHARACTERS: Final = 128
MIN_CHARACTERS: Final = 6
MIN_DIGITS: Final = 4

_DOCUMENT: Final = re.compile(
    r"^(?:(?:HAWB|MAWB|AWB|HBL|MBL|[HM]?-?B/L|BL|BOL|CMR|CIM|FCR|FBL|SWB|REF(?:ERENCE)?)(?![A-Z]))?"
    r"[\s.:#-]*(?:(?:NO|NR|NUMBER)(?![A-Z]))?[\s.:#-]*(?=[A-Z0-9])"
)
_NOT_ALPHANUMERIC: Final = re.compile(r"[^A-Z0-9]+")


def transaction_value(typed: str) -> str | None:
    """A-Z and 0-9 of a document number without the document's kind, or None if it is too short."""
    text = unicodedata.normalize("NFKC", typed[:MAX_CHARACTERS]).upper().strip()
    number = _NOT_ALPHANUMERIC.sub("", _DOCUMENT.sub("", text, count=1))
    enough = len(number) >= MIN_CHARACTERS and sum(map(str.isdigit, number)) >= MIN_DIGITS
    return number if enough else None
