"""Agreement: points that explain themselves, and what may not undo a link."""

from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.agreement import DECIDING, POINTS, THRESHOLD, Reason, agree
from cairn_protocol.kinds import LOCKABLE, Kind

kinds = st.sets(st.sampled_from(Kind))


def test_every_identifying_value_links_alone() -> None:
    assert all(agree({kind}).links for kind in LOCKABLE)


def test_what_decides_in_this_version_links_alone() -> None:
    assert all(agree({kind}).links for kind in DECIDING)


def test_a_shared_shipment_is_no_sign_of_one_buyer() -> None:
    """Domain truth 6: it only makes one event of several reports."""
    assert agree({Kind.TRANSACTION}).points == 0
    assert agree({Kind.TRANSACTION}).reasons == ()


def test_an_email_address_does_not_vouch_for_its_own_domain() -> None:
    assert agree({Kind.EMAIL, Kind.DOMAIN}).points == agree({Kind.EMAIL}).points == 10


def test_name_kinds_count_once_by_their_strongest() -> None:
    assert agree({Kind.NAME, Kind.BAG, Kind.SOUND}).points == POINTS[Kind.NAME]


def test_a_name_in_another_country_does_not_link() -> None:
    verdict = agree({Kind.NAME}, countries_differ=True)

    assert (verdict.points, verdict.links) == (5, False)
    assert verdict.reasons == (Reason("name", 10), Reason("country differs", -5))


def test_a_name_with_another_email_and_another_phone_does_not_link() -> None:
    verdict = agree({Kind.NAME}, {Kind.EMAIL, Kind.PHONE})

    assert (verdict.points, verdict.links) == (6, False)


def test_an_address_alone_does_not_reach_a_link() -> None:
    """A business centre houses hundreds of firms."""
    assert not agree({Kind.ADDRESS}).links


def test_another_address_at_one_domain_leaves_the_domain_its_points() -> None:
    assert agree({Kind.DOMAIN}, {Kind.EMAIL}, countries_differ=True).points == POINTS[Kind.DOMAIN]


@given(shared=kinds, differing=kinds, abroad=st.booleans())
def test_nothing_that_differs_undoes_a_link_that_contacts_make(
    shared: set[Kind], differing: set[Kind], abroad: bool
) -> None:
    contacts = shared - {Kind.NAME, Kind.NAME_COMMON, Kind.BAG, Kind.SOUND, Kind.ACRONYM, Kind.EDIT}

    assert agree(shared, differing, countries_differ=abroad).points >= agree(contacts).points


@given(shared=kinds, more=st.sampled_from(Kind), differing=kinds, abroad=st.booleans())
def test_sharing_more_never_speaks_against(
    shared: set[Kind], more: Kind, differing: set[Kind], abroad: bool
) -> None:
    with_more = agree(shared | {more}, differing, countries_differ=abroad)

    if more is Kind.EMAIL and Kind.DOMAIN in shared:  # it takes the domain's place
        assert with_more.points >= THRESHOLD
    else:
        assert with_more.points >= agree(shared, differing, countries_differ=abroad).points


@given(shared=kinds, differing=kinds, abroad=st.booleans())
def test_reasons_add_up_to_the_points_unless_a_name_has_more_against_it_than_for_it(
    shared: set[Kind], differing: set[Kind], abroad: bool
) -> None:
    verdict = agree(shared, differing, countries_differ=abroad)

    assert verdict.points >= max(0, sum(reason.points for reason in verdict.reasons))
    assert list(verdict.reasons) == sorted(verdict.reasons, key=lambda reason: (-reason.points, reason.what))
