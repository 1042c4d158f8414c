"""Where a country lies: the United Nations' subregions (M49), one step coarser than a country.

Every code of `countries` has exactly one subregion, but Antarctica, which has none and gets
`UNKNOWN`. Intermediate regions are used where M49 has them (Eastern Africa, Caribbean), so no
subregion is half a continent.
Source: UN Statistics Division, M49 standard, which does not list TW: it is put by its place, into
Eastern Asia.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cairn_protocol.codes.countries import UNKNOWN

SUBREGIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "005": "South America",
        "011": "Western Africa",
        "013": "Central America",
        "014": "Eastern Africa",
        "015": "Northern Africa",
        "017": "Middle Africa",
        "018": "Southern Africa",
        "021": "Northern America",
        "029": "Caribbean",
        "030": "Eastern Asia",
        "034": "Southern Asia",
        "035": "South-eastern Asia",
        "039": "Southern Europe",
        "053": "Australia and New Zealand",
        "054": "Melanesia",
        "057": "Micronesia",
        "061": "Polynesia",
        "143": "Central Asia",
        "145": "Western Asia",
        "151": "Eastern Europe",
        "154": "Northern Europe",
        "155": "Western Europe",
    }
)

_MEMBERS: Final = {
    "005": "AR BO BR BV CL CO EC FK GF GS GY PE PY SR UY VE",
    "011": "BF BJ CI CV GH GM GN GW LR ML MR NE NG SH SL SN TG",
    "013": "BZ CR GT HN MX NI PA SV",
    "014": "BI DJ ER ET IO KE KM MG MU MW MZ RE RW SC SO SS TF TZ UG YT ZM ZW",
    "015": "DZ EG EH LY MA SD TN",
    "017": "AO CD CF CG CM GA GQ ST TD",
    "018": "BW LS NA SZ ZA",
    "021": "BM CA GL PM US",
    "029": "AG AI AW BB BL BQ BS CU CW DM DO GD GP HT JM KN KY LC MF MQ MS PR SX TC TT VC VG VI",
    "030": "CN HK JP KP KR MN MO TW",
    "034": "AF BD BT IN IR LK MV NP PK",
    "035": "BN ID KH LA MM MY PH SG TH TL VN",
    "039": "AD AL BA ES GI GR HR IT ME MK MT PT RS SI SM VA",
    "053": "AU CC CX HM NF NZ",
    "054": "FJ NC PG SB VU",
    "057": "FM GU KI MH MP NR PW UM",
    "061": "AS CK NU PF PN TK TO TV WF WS",
    "143": "KG KZ TJ TM UZ",
    "145": "AE AM AZ BH CY GE IL IQ JO KW LB OM PS QA SA SY TR YE",
    "151": "BG BY CZ HU MD PL RO RU SK UA",
    "154": "AX DK EE FI FO GB GG IE IM IS JE LT LV NO SE SJ",
    "155": "AT BE CH DE FR LI LU MC NL",
}

_SUBREGION_OF: Final = {
    country: subregion for subregion, countries in _MEMBERS.items() for country in countries.split()
}


def subregion_of(place: str) -> str:
    """The three digits of a country's subregion, or "XX" for Antarctica and what was not told.

    A subregion lies in itself.
    """
    return place if place in SUBREGIONS else _SUBREGION_OF.get(place, UNKNOWN)


def may_be_one(place: str, other: str) -> bool:
    """Whether two told places can be one: the same, or a country and the subregion that it lies in."""
    if place == other:
        return True
    return other == _SUBREGION_OF.get(place) or place == _SUBREGION_OF.get(other)
