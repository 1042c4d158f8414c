"""Two groups that know a value open its lock; one group, however often it files, does not."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cairn_protocol.errors import BadShare, TooFewShares
from cairn_protocol.group import ORDER, Scalar
from cairn_protocol.kinds import Kind
from cairn_protocol.match_lock import MAX_GROUP_INDEX, GroupIndex, Line, check_share, recover
from cairn_protocol.tags import derive
from cairn_protocol.voprf import Output
from tests.support.keys import scalar

# As an output gives them: uniform. A chosen line can pass through zero, where no share is taken.
scalars = st.integers().map(lambda drawn: scalar("drawn", drawn))
lines = st.builds(Line, scalars, scalars)
places = st.integers(1, MAX_GROUP_INDEX).map(GroupIndex)
LINE = Line(scalar("a_0"), scalar("a_1"))


@given(line=lines, at=st.lists(places, min_size=2, max_size=5, unique=True))
def test_the_shares_of_any_two_groups_open(line: Line, at: list[GroupIndex]) -> None:
    commitments = line.commitments()
    shares = {place: line.share_at(place) for place in at}
    for place, share in shares.items():
        check_share(share, place, commitments)
    assert recover(shares, commitments) == line.a_0


@given(y=st.binary(min_size=64, max_size=64).map(Output), one=places, other=places)
def test_two_firms_that_know_a_value_meet_without_meeting(
    y: Output, one: GroupIndex, other: GroupIndex
) -> None:
    first, second = derive(y, Kind.PHONE, 1).lock, derive(y, Kind.PHONE, 1).lock
    assert first is not None and second is not None
    shares = {one: first.line.share_at(one), other: second.line.share_at(other)}
    if one == other:  # the second report of a group brings the share it already gave
        with pytest.raises(TooFewShares):
            recover(shares, first.commitments)
    else:
        assert recover(shares, second.commitments) == first.line.a_0


def test_one_group_opens_nothing_however_often_it_files() -> None:
    shares: dict[GroupIndex, Scalar] = {}
    for _ in range(1_000):
        with pytest.raises(TooFewShares):
            recover(shares, LINE.commitments())
        shares[GroupIndex(4)] = LINE.share_at(GroupIndex(4))


@given(line=lines, other=lines, one=places, two=places)
def test_shares_of_two_lines_do_not_mix(line: Line, other: Line, one: GroupIndex, two: GroupIndex) -> None:
    crossing = any(line.share_at(at) == other.share_at(at) for at in (one, two))
    assume(one != two and not crossing)  # where two lines cross, a share is of both
    mixed = {one: line.share_at(one), two: other.share_at(two)}
    for commitments in (line.commitments(), other.commitments()):
        with pytest.raises(BadShare):
            recover(mixed, commitments)


@given(line=lines, at=places, off=st.integers(1, ORDER - 1))
def test_a_share_off_its_line_is_refused_and_its_sender_named(line: Line, at: GroupIndex, off: int) -> None:
    share = Scalar((line.share_at(at) + off) % ORDER)
    with pytest.raises(BadShare) as refused:
        check_share(share, at, line.commitments(), culprit="member:m07")
    assert refused.value.culprit == "member:m07"


@given(line=lines, own=places, claimed=places)
def test_a_share_stands_at_its_groups_place_alone(line: Line, own: GroupIndex, claimed: GroupIndex) -> None:
    """A firm can't give its share as that of another group: the roster says where it stands."""
    if own != claimed:
        with pytest.raises(BadShare):
            check_share(line.share_at(own), claimed, line.commitments())


def test_places_outside_the_roster_are_refused() -> None:
    """At 0 stands the secret itself."""
    commitments = LINE.commitments()
    for at in (0, -1, MAX_GROUP_INDEX + 1):
        with pytest.raises(BadShare):
            check_share(LINE.share_at(GroupIndex(at)), GroupIndex(at), commitments, culprit="member:m07")
    check_share(LINE.share_at(GroupIndex(MAX_GROUP_INDEX)), GroupIndex(MAX_GROUP_INDEX), commitments)


def test_commitments_of_another_degree_are_refused() -> None:
    """With one commitment every group had the same share; with three, two groups would not open."""
    c_0, c_1 = LINE.commitments()
    for commitments in ((c_0,), (c_0, c_1, c_1), ()):
        with pytest.raises(BadShare):
            check_share(LINE.a_0, GroupIndex(1), commitments)


def test_the_line_is_in_no_repr() -> None:
    assert str(LINE.a_0) not in repr(LINE) and str(LINE.a_1) not in repr(LINE)
