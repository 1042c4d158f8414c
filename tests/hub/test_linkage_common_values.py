"""Common values: a forwarder's phone is told from a procurer's, and no firm alone decides which it is."""

from collections.abc import Iterable

import pytest

from cairn_protocol.kinds import Kind
from cairn_protocol.tags import Tag
from hub.linkage.common_values import MOST_NAMES, WEIGHED, Beside, Verdict, judge


def beside(
    group: int, name: str | None = None, registration: str | None = None, kind: Kind = Kind.REGISTRATION
) -> Beside:
    return Beside(
        f"g{group}",
        frozenset({Tag(name.encode())}) if name else frozenset(),
        frozenset({(kind, Tag(registration.encode()))}) if registration else frozenset(),
    )


def is_common(reports: list[Beside]) -> bool:
    return judge(reports) is Verdict.COMMON


def named(names: Iterable[int]) -> list[Beside]:
    """Each name seen by a firm of its own."""
    return [beside(at, f"name {name}") for at, name in enumerate(names)]


@pytest.mark.parametrize("names", [1, 4, 8, 12])
def test_a_procurer_who_changes_names_keeps_the_phone(names: int) -> None:
    assert not is_common(named(range(names)))


def test_more_names_than_anyone_changes_make_it_common() -> None:
    assert is_common(named(range(MOST_NAMES + 2)))


def test_a_known_company_in_many_spellings_keeps_its_phone() -> None:
    """A third of its reports have the name right; each of the rest has a typing error of its own."""
    assert not is_common(named([0] * 10 + list(range(1, 21))))


@pytest.mark.parametrize("parties", [3, 5, 40])
def test_a_phone_of_three_registered_parties_is_common(parties: int) -> None:
    assert is_common([beside(at, f"name {at}", f"R{at}") for at in range(parties)])


def test_two_registrations_may_be_one_procurers() -> None:
    assert not is_common([beside(at, f"name {at}", f"R{at % 2}") for at in range(6)])


def test_one_company_with_several_kinds_of_number_is_one_party() -> None:
    reports = [
        beside(1, "orkide", "TR1"),
        beside(2, "orkide", "VAT1", Kind.VAT),
        beside(3, "orkide", "LEI1", Kind.LEI),
        beside(4, "orkide", "TR1-old"),
    ]

    assert not is_common(reports)


def test_ships_and_accounts_are_no_parties() -> None:
    assert not is_common([beside(at, f"ship {at}", f"IMO{at}", Kind.IMO) for at in range(6)])


@pytest.mark.parametrize("made_up", [3, 20, 200])
def test_one_group_alone_makes_nothing_common(made_up: int) -> None:
    """It would hide a subject from everybody."""
    honest = [beside(1, "orkide", "TR1"), beside(2, "okt")]
    lies = [beside(9, f"lie {at}", f"XX{at}") for at in range(made_up)]

    assert not is_common(honest + lies)


def test_two_groups_that_say_so_do() -> None:
    honest = [beside(1, "orkide", "TR1"), beside(2, "okt", "TR2")]

    assert is_common([*honest, beside(9, "another", "TR3")])


def test_later_reports_do_not_turn_what_the_oldest_said() -> None:
    """So a hot value costs no more to weigh than its first reports."""
    own = [beside(at % 30, "orkide") for at in range(WEIGHED)]

    assert not is_common(own + named(range(2_000)))


def established(parties: int, *, with_domain: int, with_mailbox: int = 0) -> list[Beside]:
    """Parties without numbers, each named by a firm of its own, some with a web site, some with a mailbox."""
    kinds = [Kind.DOMAIN] * with_domain + [Kind.EMAIL] * with_mailbox
    told = [frozenset({(kind, Tag(f"own {at}".encode()))}) for at, kind in enumerate(kinds)]
    told += [frozenset()] * (parties - len(told))
    return [
        Beside(f"g{at}", frozenset({Tag(f"name {at}".encode())}), frozenset(), contacts=own)
        for at, own in enumerate(told)
    ]


def test_a_switchboard_of_companies_with_web_sites_is_common() -> None:
    assert judge(established(7, with_domain=5)) is Verdict.COMMON


def test_what_comes_close_is_left_to_the_operator() -> None:
    assert judge(established(5, with_domain=3, with_mailbox=1)) is Verdict.UNCLEAR
    assert judge(established(4, with_domain=3)) is Verdict.UNCLEAR


@pytest.mark.parametrize("names", [3, 4, 8, 12])
def test_a_procurer_with_fresh_mailboxes_for_half_of_its_names_keeps_the_phone(names: int) -> None:
    assert judge(established(names, with_domain=0, with_mailbox=names // 2)) is Verdict.OWN


def test_names_that_share_another_contact_too_are_one_party() -> None:
    """A company with two phones and one mailbox, under ten names."""
    mailbox = frozenset({(Kind.EMAIL, Tag(b"one")), (Kind.DOMAIN, Tag(b"site"))})
    reports = [
        Beside(f"g{at}", frozenset({Tag(f"name {at}".encode())}), frozenset(), contacts=mailbox)
        for at in range(10)
    ]

    assert judge(reports) is Verdict.OWN


def test_a_virtual_office_is_found_though_one_group_knows_its_two_registered_tenants() -> None:
    """Without that group's reports enough is left of the others' own."""
    one_groups = [beside(9, "weir", "JP1"), beside(9, "kestrel", "CN1")]

    assert judge([*established(4, with_domain=1, with_mailbox=2), *one_groups]) is Verdict.COMMON


def test_one_group_alone_establishes_nobody() -> None:
    honest = established(3, with_domain=1)
    lies = [
        Beside(
            "liar",
            frozenset({Tag(f"lie {at}".encode())}),
            frozenset(),
            contacts=frozenset({(Kind.DOMAIN, Tag(f"lie {at}".encode()))}),
        )
        for at in range(20)
    ]

    assert judge([*honest, *lies]) is Verdict.OWN
