"""The coarsening ladder: what a pack and a small market take out of a report, and that nothing comes back in."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn import Inquiry
from cairn.raw.sanitise import Leaving, Rules, leaving, open_codes
from cairn_protocol.messages.policy import FINEST, Policy
from cairn_protocol.messages.report import GovRelease, Tlp
from cairn_protocol.messages.wire import encode
from cairn_protocol.policy_text import BadPolicy, read_policy

ALL = {
    "inquiry_id": "A-1",
    "party": {"name": "Orkide", "type": "R", "country": "TR", "phones": ["+90 555 010 0199"]},
    "item": {"eccn": "2B230.a", "model": "PX-7 of ours"},
    "quantity": 17,
    "value_usd": 31_250,
    "route": {
        "export_country": "DE",
        "via": ["AE"],
        "stated_destination": "TR",
        "suspected_destination": "KZ",
        "mode": "4",
        "incoterm": "EXW",
        "routed": True,
    },
    "typical_quantity": 2,
    "price_signal": "far-over",
    "end_use_stated": "research",
    "end_use_document": "refused",
    "channel": "EMAIL",
    "red_flags": ["RF-ENU-01", "RF-LOG-01"],
    "outcome": "DECLINED",
    "handling": "GREEN",
    "consent": "contact-me",
}


def out(policy: Policy = FINEST, covered: int | None = 9, **told: object) -> Leaving:
    return leaving(Inquiry.from_mapping(ALL | told), Rules(policy, covered))


def pack(**levels: object) -> Policy:
    return msgspec.structs.replace(FINEST, **levels)


def test_without_a_pack_and_with_enough_firms_the_number_goes() -> None:
    sent = out()

    assert (sent.codes.eccn, sent.codes.family, sent.steps) == ("2B230", "FAM-VAC", ())


@pytest.mark.parametrize(("covered", "number"), [(5, "2B230"), (4, None), (0, None), (None, None)])
def test_in_a_small_market_the_family_stands_for_the_number(covered: int | None, number: str | None) -> None:
    """Domain brief 2.4. The family stays: by it the hub judges whether a card may be shown (policy P7)."""
    sent = out(covered=covered)

    assert (sent.codes.eccn, sent.codes.family) == (number, "FAM-VAC")
    assert bool(sent.steps) is (number is None)


def test_a_customs_code_goes_up_the_same_ladder() -> None:
    sent = out(covered=4, item={"hs6": "8542.31"})

    assert sent.codes.hs6 is None and sent.codes.family.startswith("FAM-")


@pytest.mark.parametrize(
    ("levels", "field", "value"),
    [
        ({"item": "family"}, "eccn", None),
        ({"item": "none"}, "family", "ALL"),
        ({"party_country": "none"}, "party_country", "XX"),
        ({"route": "none"}, "via", ()),
        ({"route": "none"}, "stated_destination", "XX"),
        ({"route": "none"}, "suspected_destination", "XX"),
        ({"route": "none"}, "mode", None),
        ({"route": "none"}, "incoterm", None),
        ({"route": "none"}, "routing", None),
        ({"party_country": "none"}, "party_type", None),
        ({"quantity": "none"}, "quantity_ratio", None),
        ({"value": "none"}, "price_signal", None),
        ({"end_use": "none"}, "end_use_document", None),
        ({"withheld_flags": ("RF-ENU-01", "RF-LOG-01")}, "suspected_destination", "XX"),
        ({"quantity": "none"}, "quantity_band", None),
        ({"value": "none"}, "value_band", None),
        ({"end_use": "none"}, "end_use_stated", None),
        ({"channel": "none"}, "channel", "OTHER"),
        ({"outcome": "none"}, "outcome", None),
        ({"withheld_flags": ("RF-LOG-01",)}, "red_flags", ("RF-ENU-01",)),
    ],
)
def test_a_pack_takes_a_field_up_and_says_so(levels: dict[str, object], field: str, value: object) -> None:
    sent = out(pack(**levels))

    assert getattr(sent.codes, field) == value
    assert sent.steps and all("policy pack" in step.why for step in sent.steps)


def test_a_pack_limits_the_label_and_the_consent() -> None:
    sent = out(pack(tlp=Tlp.AMBER, consent=GovRelease.AGGREGATE_ONLY))

    assert (sent.handling.tlp, sent.consent) == ("AMBER", "aggregate-only")


def test_a_pack_never_loosens_what_the_inquiry_says_itself() -> None:
    sent = out(pack(tlp=Tlp.CLEAR), handling="RED", consent="none")

    assert (sent.handling.tlp, sent.consent, sent.steps) == ("RED", "none", ())


levels = st.fixed_dictionaries(
    {
        "item": st.sampled_from(["number", "family", "none"]),
        **{name: st.sampled_from(["country", "none"]) for name in ("party_country", "route")},
        **{name: st.sampled_from(["band", "none"]) for name in ("quantity", "value")},
        **{name: st.sampled_from(["code", "none"]) for name in ("end_use", "channel", "outcome")},
    }
)


def small(covered: int | None) -> bool:
    return covered is None or covered < 5


@given(levels, st.one_of(st.none(), st.integers(0, 9)))
def test_coarsening_leaves_each_field_as_it_was_or_untold(told: dict[str, str], covered: int | None) -> None:
    untold = {None, "ALL", "XX", "OTHER", ()}
    fine = msgspec.to_builtins(open_codes(Inquiry.from_mapping(ALL)))
    coarse = msgspec.to_builtins(out(pack(**told), covered).codes)

    if small(covered) and told["party_country"] == "country":
        assert coarse.pop("party_country") == "145"
    for field, value in coarse.items():
        assert value == fine[field] or (tuple(value) if isinstance(value, list) else value) in untold


def test_the_model_and_the_exact_figures_are_in_nothing_that_leaves() -> None:
    text = json.dumps(msgspec.to_builtins(out().codes))

    assert not any(raw in text for raw in ("PX-7", "17", "31250", "2B230.a"))


def test_a_pack_is_written_as_what_it_coarsens() -> None:
    written = read_policy(
        'name = "de"\nversion = 3\nitem = "family"\nwithheld_kinds = ["name"]\nhold = true',
        issuer="cedar",
        issued_at=5,
    )

    assert (written.item, written.value, written.hold, written.issuer) == ("family", "band", True, "cedar")
    assert {"name", "name-common", "bag", "edit"} <= set(written.withheld_kinds)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = 1", "needs name"),
        ('name = "x"\nversion = 1\nitems = "family"', "no field items"),
        ('name = "x"\nversion = 1\nissuer = "hub"', "no field issuer"),
        ('name = "x"\nversion = 1\nitem = "model"', "not a level"),
        ('name = "x"\nversion = 0', "not a level"),
        ('name = "x"\nversion = 1\nmin_coverage = 2', "not a level"),
        ('name = "x"\nversion = 1\nwithheld_flags = ["RF-XXX-01"]', "no RF-XXX-01"),
        ("name = ", "TOML"),
    ],
)
def test_what_is_no_pack_is_refused_with_a_reason(text: str, said: str) -> None:
    with pytest.raises(BadPolicy, match=said):
        read_policy(text, issuer="cedar", issued_at=0)


def test_the_pack_on_the_page_about_packs_is_one() -> None:
    page = (Path(__file__).parent.parent.parent / "docs/for-firms-policy.md").read_text()
    block = page.split("\n\n    ")[1].split("\n\n")[0]

    assert read_policy("\n".join(block.splitlines()), issuer="cedar", issued_at=0).min_coverage == 7


def test_a_pack_makes_places_subregions_each_once_on_the_way() -> None:
    route = {"export_country": "DE", "via": ["AE", "OM", "KZ"], "stated_destination": "TR"}
    sent = out(pack(party_country="subregion", route="subregion"), route=route).codes

    assert (sent.party_country, sent.export_country, sent.stated_destination) == ("145", "155", "145")
    assert (sent.via, sent.suspected_destination) == (("145", "143"), "XX")


def test_in_a_small_market_the_subregion_stands_for_the_partys_country() -> None:
    """Domain brief 2.2: a buyer's country beside a number that three groups sell tells who was asked."""
    sent = out(covered=4)

    assert (sent.codes.party_country, sent.codes.stated_destination) == ("145", "TR")
    assert {step.field for step in sent.steps} == {"item", "party country"}
    assert out(covered=4, party={"name": "x", "country": "AQ"}).codes.party_country == "XX"


def test_an_annex_number_goes_up_with_the_others() -> None:
    item = {"eu_number": "2B230.a", "hs6": "8413.70"}

    assert (out(item=item).codes.eu_number, out(item=item).codes.family) == ("2B230", "FAM-VAC")
    assert not out(item=item, covered=4).codes.eu_number
    assert not out(pack(item="family"), item=item).codes.eu_number
    assert not out(pack(quantity="none"), quantity_unit="KGM").codes.quantity_unit


def test_what_a_pack_tells_the_operator_stands_in_every_report() -> None:
    written = read_policy(
        'name = "de"\nversion = 1\nlegal_basis = "legitimate-interests"\nretention = "18"\nlegal_hold = true',
        issuer="cedar",
        issued_at=5,
    )
    sent = out(written).codes

    assert (sent.legal_basis, sent.retention, sent.legal_hold) == ("legitimate-interests", "18", True)
    assert b"retention" not in encode(out().codes), "untold is left out"
