"""The inquiry types: short to write, strict to read, and silent about what was typed."""

import datetime as dt
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.raw.fields import BadInquiry
from cairn.raw.inquiry import Inquiry, Item, Party, Route
from cairn_protocol.codes import Outcome, Role, red_flags
from cairn_protocol.messages.report import Caveat, Confidence, GovRelease, Tlp

WHOLE: dict[str, Any] = {
    "inquiry_id": "A-2026-0041",
    "firm": "F001",
    "group": "G001",
    "sector": "exporter",
    "received_on": "2026-11-16",
    "channel": "EMAIL",
    "stage": "quotation",
    "party": {
        "role": "UCN",
        "name": "Orkide Teknik",
        "country": "TR",
        "address": "14 Quay Road",
        "city": "Izmir",
        "emails": ["info@orkide.example"],
        "phones": ["+90 555 010 0199"],
        "website": "orkide.example",
        "registration_no": "12345",
        "vat": "TR1",
        "lei": "L",
        "imo": "I",
        "iban": "B",
    },
    "item": {"eccn": "3A001.A.2", "family": "FAM-IC", "model": "M-1"},
    "quantity": 12,
    "value_usd": 38400,
    "route": {"export_country": "DE", "via": ["AE", "HK"], "stated_destination": "TR"},
    "end_use_stated": "oil-gas",
    "red_flags": ["RF-CUS-02"],
    "outcome": "DECLINED",
    "transaction_ref": ["HAWB 1", "MAWB 2"],
    "confidence": "DOCUMENT",
    "handling": ["AMBER", "embargo-until:2027-W05", "no-gov"],
    "consent": "contact-me",
    "narrative": "Would not say who uses them.",
}


def fault(**changed: Any) -> BadInquiry:
    with pytest.raises(BadInquiry) as refused:
        Inquiry.from_mapping({"inquiry_id": "A-1", "party": {"name": "Orkide"}} | changed)
    return refused.value


def test_a_short_inquiry_has_careful_defaults() -> None:
    inquiry = Inquiry(
        inquiry_id="A-1",
        party=Party(name="Orkide Teknik", country="TR", phones=["+90 555 010 0199"]),
        item={"eccn": "2B230"},
    )

    assert inquiry.received_on == dt.date.today()
    assert inquiry.handling.tlp is Tlp.AMBER_STRICT
    assert inquiry.consent is GovRelease.AGGREGATE_ONLY
    assert inquiry.confidence is Confidence.STATEMENT
    assert inquiry.outcome is Outcome.OPEN
    assert inquiry.party.role is Role.PURCHASER


def test_every_field_survives_the_way_to_plain_data_and_back() -> None:
    inquiry = Inquiry.from_mapping(WHOLE)

    assert inquiry.to_mapping() == WHOLE
    assert Inquiry.from_mapping(inquiry.to_mapping()) == inquiry
    assert pickle.loads(pickle.dumps(inquiry)) == inquiry
    assert len({inquiry, Inquiry.from_mapping(WHOLE)}) == 1


def test_no_repr_shows_a_value() -> None:
    inquiry = Inquiry.from_mapping(WHOLE)

    assert [repr(part) for part in (inquiry, inquiry.party, inquiry.item, inquiry.route)] == [
        "Inquiry(20 fields)",
        "Party(13 fields)",
        "Item(3 fields)",
        "Route(3 fields)",
    ]


def test_an_inquiry_cannot_be_changed() -> None:
    inquiry = Inquiry.from_mapping(WHOLE)

    with pytest.raises(AttributeError):
        inquiry.party.name = "another"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"inquiry_id": " "}, "inquiry_id: is missing"),
        ({"inquiry_id": None}, "inquiry_id: is missing"),
        ({"party": None}, "party: is missing"),
        ({"party": "Orkide"}, "party: must be an object with named fields, not a text"),
        ({"party": {"country": "TR"}}, "party: needs a name, or at least one contact or number"),
        (
            {"party": {"name": "x", "phone": []}},
            'party: unknown field "phone"; the nearest known one is "phones"',
        ),
        (
            {"recieved_on": "2026-11-16"},
            'unknown field "recieved_on"; the nearest known one is "received_on"',
        ),
        ({"Orkide Teknik": 1}, "unknown field; none is like it"),
        ({"party": {"phones": "+90 555"}}, "party.phones: must be a list of texts, not a text"),
        ({"party": {"phones": ["+90 555", 7]}}, "party.phones[1]: must be text, not a number"),
        ({"party": {"phones": ["0" * 65]}}, "party.phones[0]: longer than 64 characters"),
        ({"party": {"phones": ["1"] * 17}}, "party.phones: more than 16 entries"),
        ({"party": {"name": "x" * 513}}, "party.name: longer than 512 characters"),
        (
            {"party": {"name": "x\0"}},
            "party.name: holds a NUL or half a character; the file was damaged or saved wrongly",
        ),
        (
            {"party": {"name": "\ud800"}},
            "party.name: holds a NUL or half a character; the file was damaged or saved wrongly",
        ),
        ({"party": {"name": "x", "role": "BUYER"}}, "party.role: unknown code; none is like it"),
        (
            {"party": {"name": "x", "country": "Turkey"}},
            "party.country: not a two-letter country code of ISO 3166-1, such as DE; leave it empty if unknown",
        ),
        ({"channel": "E-MAIL"}, 'channel: unknown code "E-MAIL"; the nearest known one is "EMAIL"'),
        ({"stage": "Orkide Teknik"}, "stage: unknown code; none is like it"),
        ({"outcome": "DECLINE"}, 'outcome: unknown code "DECLINE"; the nearest known one is "DECLINED"'),
        (
            {"red_flags": ["RF-CUS-02", "RF-CUS-2"]},
            'red_flags[1]: unknown code "RF-CUS-2"; the nearest known one is "RF-CUS-02"',
        ),
        ({"received_on": "16.11.2026"}, "received_on: not a date like 2026-11-24"),
        ({"received_on": "0206-11-16"}, "received_on: lies before 2000-01-01"),
        (
            {"item": {"eccn": "2B23"}},
            "item.eccn: not a control-list number like 2B230 or 3A001.a.2, nor EAR99, UNCLASSIFIED or USML",
        ),
        ({"item": {"hs6": "85"}}, "item.hs6: not a customs code like 854231 or 8542.31"),
        ({"item": {"eccn": "2B230", "hs6": "854231"}}, "item: give either eccn or hs6"),
        ({"item": {"family": "FAM-XYZ"}}, None),
        ({"quantity": 0}, "quantity: not between 1 and 1000000000000"),
        ({"quantity": True}, "quantity: must be a number, not true or false"),
        ({"quantity": "1,500"}, "quantity: not a number like 1500 or 1500.50, without thousands separators"),
        ({"value_usd": float("inf")}, "value_usd: not a number"),
        ({"value_usd": -1}, "value_usd: not between 0 and 1000000000000"),
        ({"transaction_ref": ["1", "2", "3"]}, "transaction_ref: more than 2 entries"),
        ({"handling": "PURPLE"}, "handling: unknown code; none is like it"),
        ({"handling": ["RED", "no-goverment"]}, None),
        (
            {"handling": ["RED", "embargo-until"]},
            "handling[1]: embargo-until, and only that, is followed by a colon and a week",
        ),
        ({"handling": ["RED", "embargo-until:soon"]}, "handling[1]: not a week like 2027-W05 nor a date"),
        ({"consent": "all"}, "consent: unknown code; none is like it"),
        ({"confidence": "RUMOUR"}, "confidence: unknown code; none is like it"),
        ({"narrative": "x" * 8_001}, "narrative: longer than 8000 characters"),
    ],
)
def test_a_fault_is_named_by_its_place(changed: dict[str, Any], said: str | None) -> None:
    refused = fault(**changed)

    assert said is None or str(refused) == said
    assert "Orkide" not in str(refused)


def test_the_rest_of_this_week_is_no_future_and_the_next_week_is() -> None:
    today = dt.date.today()
    sunday = today + dt.timedelta(days=7 - today.isoweekday())

    assert Inquiry(inquiry_id="A-1", party={"name": "x"}, received_on=sunday).received_on == sunday
    assert str(fault(received_on=sunday + dt.timedelta(days=1))) == "received_on: lies in a future week"


def test_a_retired_red_flag_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from msgspec import structs

    from cairn.raw import inquiry as module

    listed = red_flags()
    retired = structs.replace(listed, flags=(structs.replace(listed.flags[0], status="retired"),))
    monkeypatch.setattr(module, "red_flags", lambda: retired)

    assert str(fault(red_flags=[listed.flags[0].code])).startswith("red_flags[0]: a retired code")


@pytest.mark.parametrize(
    ("typed", "tlp", "caveats", "embargo"),
    [
        ("RED", Tlp.RED, (), None),
        ("TLP:Amber+Strict", Tlp.AMBER_STRICT, (), None),
        (["GREEN", "no-gov", "counsel-only"], Tlp.GREEN, (Caveat.COUNSEL_ONLY, Caveat.NO_GOV), None),
        (["AMBER", "embargo-until:2027-01-31"], Tlp.AMBER, (Caveat.EMBARGO_UNTIL,), "2027-W04"),
    ],
)
def test_handling_is_a_label_and_caveats(
    typed: Any, tlp: Tlp, caveats: tuple[Caveat, ...], embargo: str | None
) -> None:
    handling = Inquiry(inquiry_id="A-1", party={"name": "x"}, handling=typed).handling

    assert (handling.tlp, handling.caveats, handling.embargo_until) == (tlp, caveats, embargo)


def test_parts_may_be_given_as_objects_or_as_plain_data() -> None:
    objects = Inquiry(
        inquiry_id="A", party=Party(name="x"), item=Item(hs6="8542.31"), route=Route(via=["ae", "XX"])
    )
    plain = Inquiry(inquiry_id="A", party={"name": "x"}, item={"hs6": "8542.31"}, route={"via": ["AE"]})

    assert objects == plain


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(field=st.sampled_from(sorted(WHOLE)), inner=st.sampled_from(["", "phones", "eccn", "via"]), value=JSON)
def test_any_json_in_any_field_is_read_or_refused(field: str, inner: str, value: object) -> None:
    mapping = {"inquiry_id": "A-1", "party": {"name": "x"}, field: {inner: value} if inner else value}
    try:
        inquiry = Inquiry.from_mapping(mapping)
    except BadInquiry:
        return
    assert Inquiry.from_mapping(inquiry.to_mapping()) == inquiry
