"""Clustering: the same subjects from any portions, and as a slow ten-line version finds them."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from cairn_protocol.kinds import Kind
from cairn_protocol.tags import Tag
from hub.linkage.clustering import Board, Cluster, Sighting

CONTACTS = (Kind.PHONE, Kind.EMAIL)


def tag(kind: Kind, value: object) -> tuple[Kind, Tag]:
    return kind, Tag(f"{kind} {value}".encode())


def sighting(place: int, *tags: tuple[Kind, Tag], group: str = "g", country: str | None = None) -> Sighting:
    return Sighting(place, group, country, tags)


def subjects(board: Board, places: Sequence[int]) -> set[frozenset[int]]:
    homes: dict[int, set[int]] = {}
    for place in places:
        homes.setdefault(board.home(place), set()).add(place)
    return {frozenset(members) for members in homes.values()}


def placed(sightings: Sequence[Sighting], board: Board | None = None) -> Board:
    board = board or Board([], [])
    for one in sightings:
        board.place(one)
    return board


def loaded_again(board: Board) -> Board:
    """What the next job loads of what the last one wrote, all of it."""
    clusters = [
        Cluster(one.id, one.size, one.founder, set(one.groups), set(one.kinds), set(one.countries))
        for one in board.clusters.values()
    ]
    leads = [(tag, at) for at, carried in board.carried.items() for tag in carried]
    return Board(clusters, leads)


values = st.integers(0, 6)
contacts_only = st.lists(st.sets(st.tuples(st.sampled_from(CONTACTS), values), max_size=3), max_size=14).map(
    lambda told: [sighting(at + 1, *(tag(*pair) for pair in sorted(pairs))) for at, pairs in enumerate(told)]
)
of_all_kinds = st.lists(
    st.tuples(
        st.sets(
            st.tuples(st.sampled_from((*CONTACTS, Kind.NAME, Kind.NAME_COMMON, Kind.REGISTRATION)), values),
            max_size=4,
        ),
        st.sampled_from("abcd"),
        st.sampled_from((None, "TR", "CN")),
    ),
    max_size=16,
).map(
    lambda told: [
        sighting(at + 1, *(tag(*pair) for pair in sorted(pairs)), group=group, country=country)
        for at, (pairs, group, country) in enumerate(told)
    ]
)


def connected(sightings: Sequence[Sighting]) -> set[frozenset[int]]:
    """Whoever shares a contact, directly or through others, is together."""
    groups: list[tuple[set[int], set[Tag]]] = []
    for one in sightings:
        places, tags = {one.place}, {tag for _, tag in one.tags}
        for other in [group for group in groups if group[1] & tags]:
            groups.remove(other)
            places |= other[0]
            tags |= other[1]
        groups.append((places, tags))
    return {frozenset(places) for places, _ in groups}


@given(sightings=contacts_only)
def test_contacts_alone_give_connected_components(sightings: list[Sighting]) -> None:
    assert subjects(placed(sightings), [one.place for one in sightings]) == connected(sightings)


@given(sightings=of_all_kinds, cut=st.integers(0, 16))
@settings(max_examples=300)
def test_portions_make_no_difference(sightings: list[Sighting], cut: int) -> None:
    places = [one.place for one in sightings]
    at_once = subjects(placed(sightings), places)

    first = placed(sightings[:cut])
    then = loaded_again(first)
    placed(sightings[cut:], then)
    homes: dict[int, set[int]] = {}
    for place in places[:cut]:
        homes.setdefault(then.alive(first.home(place)), set()).add(place)
    for place in places[cut:]:
        homes.setdefault(then.home(place), set()).add(place)

    assert {frozenset(members) for members in homes.values()} == at_once


def test_a_tie_goes_to_the_older_subject() -> None:
    name = tag(Kind.NAME, "orkide")
    tr = sighting(1, name, country="TR")
    cn = sighting(2, name, country="CN")
    untold = sighting(3, tag(Kind.NAME, "other"), tag(Kind.PHONE, 1))
    board = placed([tr, cn, untold])
    assert len(subjects(board, [1, 2, 3])) == 3

    board.place(sighting(4, name, country="TR"))

    assert board.home(4) == board.home(1) != board.home(2)


def test_the_larger_of_two_keeps_its_rows() -> None:
    large = [sighting(at, tag(Kind.PHONE, "large")) for at in range(2, 8)]
    board = placed([sighting(1, tag(Kind.PHONE, "small")), *large])
    kept = board.home(2)

    board.place(sighting(9, tag(Kind.PHONE, "small"), tag(Kind.PHONE, "large")))

    assert {board.home(place) for place in (1, 2, 9)} == {kept}
    assert board.clusters[kept].founder == 1


def under_two_names(witnesses: int) -> Board:
    """Five reports by phone and five by another name alone; then some that tell both."""
    phone, alias = tag(Kind.PHONE, 1), tag(Kind.NAME, "zanvo trade")
    by_phone = [sighting(at, phone) for at in range(1, 6)]
    by_name = [sighting(at, alias) for at in range(6, 11)]
    both = [sighting(at, phone, alias) for at in range(11, 11 + witnesses)]
    return placed([*by_phone, *by_name, *both])


def test_an_alias_told_twice_beside_a_subjects_phone_joins_two_big_subjects() -> None:
    board = under_two_names(witnesses=2)

    assert board.home(1) == board.home(6)
    assert [(merge.kept_size, merge.absorbed_size) for merge in board.big_merges] == [(6, 5)]


def test_one_report_with_another_subjects_name_joins_no_two_big_ones() -> None:
    """A firm that typed the wrong phone once must not make two subjects one."""
    board = under_two_names(witnesses=1)

    assert board.home(11) == board.home(1) != board.home(6)


def test_a_name_that_both_have_joins_no_two_big_subjects_without_a_value_of_either() -> None:
    board = under_two_names(witnesses=1)
    board.place(sighting(12, tag(Kind.NAME, "zanvo trade")))

    assert board.home(1) != board.home(6)


def test_a_subregion_contradicts_no_country_that_lies_in_it() -> None:
    """A firm in a small market says Western Asia for Türkiye; it must not lose the link for that."""
    orkide = tag(Kind.NAME, "orkide")

    def together(*countries: str) -> bool:
        board = placed([sighting(at, orkide, country=country) for at, country in enumerate(countries, 1)])
        return len(subjects(board, range(1, len(countries) + 1))) == 1

    assert together("TR", "145") and together("145", "TR") and together("145", "145")
    assert not together("TR", "035") and not together("145", "155") and not together("TR", "AE")
