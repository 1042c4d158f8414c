"""OPEN codes against the code lists: only what is listed, and nothing that has to stay at the firm.

The message's own types hold the short lists. Here the long ones: countries and subregions, red flags, item
families, and the versions of the lists. Terms of an earlier version that only lacked words are taken too: a firm
may send again what it built before.
"""

from functools import cache

from cairn_protocol.codes import (
    COUNTRIES,
    EARLIER_TERMS,
    TERMS_VERSION,
    UNKNOWN,
    UNLISTED_FAMILY,
    items,
    red_flags,
)
from cairn_protocol.codes.m49 import SUBREGIONS
from cairn_protocol.errors import BadMessage, PartyId
from cairn_protocol.messages.open_codes import OpenCodes
from hub.reports.refusals import UnknownCode


def check_codes(codes: OpenCodes, *, culprit: PartyId | None = None) -> None:
    """Raise UnknownCode unless every code is on its list; BadMessage for codes out of order or at odds."""
    lists = codes.red_flags_version, codes.items_version
    if codes.terms_version not in (TERMS_VERSION, *EARLIER_TERMS) or lists != _versions():
        raise UnknownCode("coded with lists of another version", culprit=culprit)
    places = {
        codes.party_country,
        codes.export_country,
        codes.stated_destination,
        codes.suspected_destination,
        *codes.via,
    }
    if not places <= _places():
        raise UnknownCode("a place that is neither in ISO 3166-1 nor a subregion of UN M49", culprit=culprit)
    if codes.family not in _families():
        raise UnknownCode("an item family that is not listed", culprit=culprit)
    if not _sendable_flags().issuperset(codes.red_flags):
        raise UnknownCode("a red flag that is not listed, is retired, or stays at the firm", culprit=culprit)
    if list(codes.red_flags) != sorted(set(codes.red_flags)):
        raise BadMessage("red flags out of order, or one twice", culprit=culprit)
    if codes.suspected_destination != UNKNOWN and not codes.red_flags:
        raise BadMessage("a suspected destination without a red flag to say why", culprit=culprit)
    if codes.eccn is not None and codes.hs6 is not None:
        raise BadMessage("one item under two numbers", culprit=culprit)


@cache
def _versions() -> tuple[str, str]:
    return red_flags().version, items().version


@cache
def _places() -> frozenset[str]:
    return COUNTRIES | SUBREGIONS.keys() | {UNKNOWN}


@cache
def _families() -> frozenset[str]:
    return items().family_codes | {UNLISTED_FAMILY}


@cache
def _sendable_flags() -> frozenset[str]:
    return frozenset(
        flag.code for flag in red_flags().flags if flag.status == "active" and not flag.local_only
    )
