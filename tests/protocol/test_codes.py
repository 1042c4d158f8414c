"""Code lists: complete, consistent, and equal to the standards they name."""

import pycountry

from cairn_protocol.codes import COUNTRIES, Outcome, SentOutcome, items, red_flags


def test_countries_are_those_of_iso_3166() -> None:
    assert {country.alpha_2 for country in pycountry.countries} == COUNTRIES


def test_every_item_has_a_listed_family_and_a_number_of_its_own() -> None:
    listed = items()

    assert {item.family for item in listed.items} <= listed.family_codes
    assert len(listed.by_number) == len(listed.items) == 100
    assert listed.family_of("010121") == "ALL"


def test_every_red_flag_has_a_listed_category_and_a_code_of_its_own() -> None:
    listed = red_flags()

    assert {flag.category for flag in listed.flags} <= {category.code for category in listed.categories}
    assert len(listed.by_code) == len(listed.flags) == 58


def test_a_report_may_state_every_outcome_but_open_and_shipped() -> None:
    assert {*SentOutcome} == {*Outcome} - {Outcome.OPEN, Outcome.SHIPPED}
