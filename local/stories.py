"""The inquiries of the stories that the demo tells: who is asked what by whom. All of it is invented.

Each is (firm, inquiry as the SDK reads it).
"""

from typing import Any, Final

Told = tuple[str, dict[str, Any]]

# A buyer declined by one firm asks the next: a new name on the old phone, then the old web site.
ORKIDE: Final[tuple[Told, ...]] = (
    (
        "alder",
        {
            "inquiry_id": "AS-2026-118",
            "received_on": "2026-03-05",
            "channel": "EMAIL",
            "party": {
                "role": "PUR",
                "name": "Orkide Teknik Dis Ticaret",
                "country": "TR",
                "phones": ["+90 555 010 0199"],
                "website": "https://www.orkide-teknik.example",
            },
            "item": {"eccn": "2B230"},
            "quantity": 20,
            "red_flags": ["RF-ENU-01", "RF-LOG-01"],
            "outcome": "DECLINED",
        },
    ),
    (
        "birch",
        {
            "inquiry_id": "BV-0712",
            "received_on": "2026-03-19",
            "channel": "WEBFORM",
            "party": {
                "role": "PUR",
                "name": "OKT Makina",
                "country": "TR",
                "phones": ["0090 555 010 01 99"],
                "website": "okt-makina.example",
            },
            "item": {"eccn": "2A226"},
            "red_flags": ["RF-ENU-03", "RF-PRD-01"],
            "outcome": "DECLINED",
        },
    ),
    (
        "cedar",
        {
            "inquiry_id": "CD-26-0031",
            "received_on": "2026-04-02",
            "channel": "EMAIL",
            "party": {
                "role": "PUR",
                "name": "Orkide Teknik",
                "country": "TR",
                "website": "http://orkide-teknik.example/contact",
            },
            "item": {"eccn": "2B231"},
            "red_flags": ["RF-ORD-03"],
            "outcome": "HELD",
        },
    ),
    (
        "dogwood",
        {
            "inquiry_id": "DM-5519",
            "received_on": "2026-04-20",
            "channel": "PHONE",
            "party": {"role": "PUR", "name": "Ork Trading", "country": "TR", "phones": ["(0555) 010 01 99"]},
            "item": {"eccn": "2B219"},
            "red_flags": ["RF-ENU-01"],
        },
    ),
)


def _under_the_name(firm: str, inquiry_id: str, name: str, received_on: str) -> Told:
    """A buyer who leaves no contact: a name and a country are all there is."""
    return (
        firm,
        {
            "inquiry_id": inquiry_id,
            "received_on": received_on,
            "channel": "TRADE_SHOW",
            "party": {"role": "PUR", "name": name, "country": "KZ"},
            "item": {"eccn": "2B230"},
            "red_flags": ["RF-ENU-01"],
            "outcome": "DECLINED",
        },
    )


# One buyer as three firms write it: in Latin letters, in its own, and with a slip. None has a contact.
ZARYA: Final[tuple[Told, ...]] = (
    _under_the_name("elm", "EM-2026-40", "Zarya Priborservis LLC", "2026-05-04"),
    _under_the_name("gum", "GO-3302", "ООО «Заря Приборсервис»", "2026-05-11"),
    _under_the_name("dogwood", "DM-5602", "Zaria Priborservis Ltd", "2026-05-18"),
)

_CONSIGNEE: Final = {
    "role": "UCN",
    "name": "Lantern Bay Measurement Ltd",
    "country": "HK",
    "phones": ["+852 5550 0142"],
}
_WAYBILL: Final = "HAWB 512-00417733"


def _of_the_shipment(firm: str, inquiry_id: str, **more: object) -> Told:
    base: dict[str, Any] = {
        "inquiry_id": inquiry_id,
        "received_on": "2026-05-13",
        "channel": "BOOKING",
        "stage": "shipment",
        "party": _CONSIGNEE,
        "item": {"hs6": "903020"},
        "red_flags": ["RF-LOG-04"],
    }
    return firm, {**base, **more}


# One shipment seen by exporter, forwarder and insurer; then the exporter's affiliate.
SCOPE: Final[tuple[Told, ...]] = (
    _of_the_shipment("fir", "FT-2026-77", transaction_ref=_WAYBILL),
    _of_the_shipment("ibis", "IB-90133", transaction_ref=_WAYBILL),
    _of_the_shipment("juniper", "JM-C-4410", transaction_ref=_WAYBILL, channel="INSURANCE_PROPOSAL"),
    _of_the_shipment("fir-asia", "FA-2026-09", received_on="2026-05-20", stage="inquiry", channel="EMAIL"),
)
S3_LATER: Final = _of_the_shipment(
    "gum", "GO-3381", received_on="2026-06-03", stage="inquiry", channel="EMAIL"
)
