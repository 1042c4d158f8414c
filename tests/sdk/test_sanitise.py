"""OPEN codes: every field coarse, every free text gone, and nothing told by leaving out."""

import json
from pathlib import Path
from typing import Any

import pytest

from cairn.raw.details import details_of
from cairn.raw.fields import BadInquiry
from cairn.raw.inquiry import Inquiry
from cairn.raw.sanitise import open_codes, week_of
from cairn.raw.sanitise.bands import quantity_ratio
from cairn_protocol.codes import Outcome, SentOutcome, items, red_flags
from cairn_protocol.messages.open_codes import OpenCodes
from cairn_protocol.messages.wire import decode, encode

CANARY = "kestrelmoor"


def codes(**told: Any) -> OpenCodes:
    return open_codes(Inquiry.from_mapping({"inquiry_id": "A-1", "party": {"name": "x"}} | told))


def test_no_typed_text_is_in_the_codes() -> None:
    """G1: a canary in every field that takes text."""
    sent = encode(
        codes(
            inquiry_id=CANARY,
            firm=CANARY,
            group=CANARY,
            party={
                "name": CANARY,
                "address": CANARY,
                "city": CANARY,
                "emails": [f"{CANARY}@{CANARY}.example"],
                "phones": [CANARY],
                "website": f"{CANARY}.example",
                "person": CANARY,
                **dict.fromkeys(("registration_no", "vat", "lei", "imo", "iban"), CANARY),
            },
            item={"eccn": "3A001.b.2", "model": CANARY},
            transaction_ref=[CANARY],
            attempt_link=f"{CANARY}-2",
            narrative=CANARY,
        )
    )

    assert CANARY.encode() not in sent.lower()
    assert b"3A001" in sent
    assert b".b.2" not in sent


def test_who_one_deals_with_is_not_even_sealed() -> None:
    about = Inquiry.from_mapping(
        {
            "inquiry_id": "A-1",
            "party": {"name": "x", "person": CANARY},
            "narrative": f"we spoke with {CANARY} twice",
        }
    )

    assert CANARY.encode() not in encode(details_of(about, narrative=True))


def test_codes_pass_the_wires_own_limits() -> None:
    example = Path(__file__).parents[2] / "examples" / "inquiries.jsonl"
    for line in example.read_text(encoding="utf-8").splitlines():
        sent = open_codes(Inquiry.from_mapping(json.loads(line)))
        assert decode(encode(sent), OpenCodes) == sent


@pytest.mark.parametrize(
    ("item", "eccn", "hs6", "family"),
    [
        ({"eccn": "2b230"}, "2B230", None, "FAM-VAC"),
        ({"eccn": "3A001.a.2"}, "3A001", None, "FAM-IC"),
        ({"eccn": "0B001"}, "0B001", None, "FAM-ENR"),
        ({"eccn": "EAR99"}, "EAR99", None, "ALL"),
        ({"eccn": "9E999"}, "9E999", None, "ALL"),
        ({"hs6": "8542.31"}, None, "854231", "FAM-IC"),
        ({"hs6": "8542.31.00.10"}, None, "854231", "FAM-IC"),
        ({"hs6": "0101.21"}, None, "010121", "ALL"),
        ({"hs6": "0101.21", "family": "FAM-CNC"}, None, "010121", "FAM-CNC"),
        ({}, None, None, "ALL"),
    ],
)
def test_an_item_is_cut_to_what_its_family_needs(
    item: dict[str, str], eccn: str | None, hs6: str | None, family: str
) -> None:
    sent = codes(item=item)

    assert (sent.eccn, sent.hs6, sent.family) == (eccn, hs6, family)


def test_every_listed_item_has_its_own_family() -> None:
    for item in items().items:
        field = "hs6" if item.system == "HS6" else "eccn"
        assert codes(item={field: item.code}).family == item.family


@pytest.mark.parametrize(
    ("quantity", "band"),
    [
        (None, None),
        (1, "Q0"),
        (2, "Q1"),
        (10, "Q1"),
        (11, "Q2"),
        (100, "Q2"),
        (101, "Q3"),
        (1_000, "Q3"),
        (10_000, "Q4"),
        (10_001, "Q5"),
    ],
)
def test_quantities_are_banded(quantity: int | None, band: str | None) -> None:
    """By hand from the table of bands."""
    assert codes(quantity=quantity).quantity_band == band


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (None, None),
        (0, "V1"),
        (4_999, "V1"),
        (5_000, "V2"),
        (24_999, "V2"),
        (25_000, "V3"),
        (100_000, "V4"),
        (499_999, "V4"),
        (500_000, "V5"),
        (2_500_000, "V5"),
        (2_500_001, "V6"),
    ],
)
def test_values_are_banded(value: int | None, band: str | None) -> None:
    """By hand from the table of bands."""
    assert codes(value_usd=value).value_band == band


def test_shipped_looks_like_open_and_like_untold() -> None:
    """A missing outcome must not say what a stated one would have said."""
    assert encode(codes(outcome="SHIPPED")) == encode(codes(outcome="OPEN")) == encode(codes())


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.OPEN, Outcome.SHIPPED}))
def test_every_other_outcome_is_sent(outcome: Outcome) -> None:
    assert codes(outcome=outcome).outcome == SentOutcome(outcome)


def test_a_local_only_red_flag_stays_at_the_firm() -> None:
    local = [flag.code for flag in red_flags().flags if flag.local_only]
    every = [flag.code for flag in red_flags().flags]

    assert local
    assert set(codes(red_flags=every).red_flags) == set(every) - set(local)
    assert encode(codes(red_flags=local)) == encode(codes())


def test_a_route_is_countries_and_at_most_three_on_the_way() -> None:
    sent = codes(route={"export_country": "DE", "via": ["AE", "HK", "TR", "KG"]})

    assert (sent.export_country, sent.via, sent.stated_destination) == ("DE", ("AE", "HK", "TR"), "XX")
    assert sent.party_country == "XX"


@pytest.mark.parametrize(
    ("day", "week"),
    [
        ("2026-11-16", "2026-W47"),
        ("2026-11-22", "2026-W47"),
        ("2024-12-30", "2025-W01"),
        ("2021-01-03", "2020-W53"),
    ],
)
def test_a_day_becomes_its_iso_week(day: str, week: str) -> None:
    assert week_of(Inquiry(inquiry_id="A-1", party={"name": "x"}, received_on=day)) == week


def test_the_rarer_fields_leave_as_codes() -> None:
    sent = codes(
        party={"name": "x", "type": "university"},
        quantity=21,
        typical_quantity=2,
        price_signal="far-over",
        end_use_document="letter",
        red_flags=["RF-LOG-01"],
        route={"suspected_destination": "KZ", "mode": "4", "incoterm": "EXW", "routed": "Y"},
    )

    assert (sent.party_type, sent.quantity_ratio, sent.price_signal) == ("university", "R3", "far-over")
    assert (sent.suspected_destination, sent.mode, sent.incoterm, sent.routing) == (
        "KZ",
        "4",
        "EXW",
        "routed",
    )
    assert sent.end_use_document == "letter"


@pytest.mark.parametrize(
    ("quantity", "typical", "ratio"),
    [
        (None, 5, None),
        (5, None, None),
        (2, 5, "R0"),
        (3, 5, "R1"),
        (10, 5, "R1"),
        (11, 5, "R2"),
        (51, 5, "R3"),
    ],
)
def test_a_quantity_beside_what_is_typical_leaves_as_a_ratio(
    quantity: int | None, typical: int | None, ratio: str | None
) -> None:
    assert quantity_ratio(quantity, typical) == ratio


def test_a_suspicion_without_a_sendable_reason_stays_at_the_firm() -> None:
    with pytest.raises(BadInquiry, match="needs a red flag"):
        codes(route={"suspected_destination": "KZ"})
    local = next(flag.code for flag in red_flags().flags if flag.local_only)
    assert codes(route={"suspected_destination": "KZ"}, red_flags=[local]).suspected_destination == "XX"
