"""Slots: what goes in comes out, for every sum that honest groups and noise can make, and nothing else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.errors import CounterOutOfRange, VoidSum
from cairn_protocol.packing import (
    MAX_NOISE,
    MAX_SUM,
    OFFSET,
    SLOT_BITS,
    check_room,
    offsets,
    pack,
    pack_noise,
    plaintexts_for,
    slots_of,
    unpack,
)

SLOTS = 7
N = (1 << 300) - 1  # any modulus that leaves the slots free


def summed(*vectors: list[int]) -> list[int]:
    return [sum(place) % N for place in zip(*vectors, strict=True)]


@given(st.data(), st.integers(1, 25), st.integers(1, 6), st.integers(0, 4))
def test_a_sum_of_packed_counters_and_noise_unpacks_to_their_sums(
    data: st.DataObject, count: int, groups: int, trustees: int
) -> None:
    """Authority: the sums done one by one."""
    counters = st.lists(st.integers(0, MAX_SUM // 6), min_size=count, max_size=count)
    noises = st.lists(st.integers(-MAX_NOISE, MAX_NOISE), min_size=count, max_size=count)
    filed = [data.draw(counters) for _ in range(groups)]
    added = [data.draw(noises) for _ in range(trustees)]

    total = summed(
        offsets(count, SLOTS),
        *(pack(vector, [MAX_SUM] * count, SLOTS) for vector in filed),
        *(pack_noise(vector, SLOTS) for vector in added),
    )

    assert unpack(total, count, SLOTS) == [sum(place) for place in zip(*filed, *added, strict=True)]


def test_255_trustees_noise_never_borrows_and_a_full_slot_never_carries() -> None:
    lowest = [-MAX_NOISE] * SLOTS
    highest = [MAX_NOISE] * SLOTS
    none = [0] * len(offsets(SLOTS, SLOTS))

    for noise, counters in ((lowest, [0] * SLOTS), (highest, [MAX_SUM] * SLOTS)):
        packed = pack(counters, [MAX_SUM] * SLOTS, SLOTS)
        total = summed(offsets(SLOTS, SLOTS), packed, none, *[pack_noise(noise, SLOTS)] * 255)
        wanted = [counter + 255 * one for counter, one in zip(counters, noise, strict=True)]
        assert unpack(total, SLOTS, SLOTS) == wanted


@pytest.mark.parametrize("counters", [[3, -1, 0], [0, 6, 0], [5, 5, 1 << 40]])
def test_a_counter_below_zero_or_above_its_cap_is_refused_and_not_shown(counters: list[int]) -> None:
    with pytest.raises(CounterOutOfRange) as raised:
        pack(counters, [5, 5, 5], SLOTS)
    assert str(counters[1]) not in str(raised.value).replace("place 1", "")


def test_a_cap_above_what_a_slot_holds_helps_nobody() -> None:
    with pytest.raises(CounterOutOfRange):
        pack([MAX_SUM + 1], [1 << 60], SLOTS)


def test_caps_and_counters_go_together() -> None:
    with pytest.raises(ValueError):
        pack([1, 2], [5], SLOTS)


def test_more_groups_than_a_slot_has_room_for_are_refused() -> None:
    check_room(1_000, MAX_SUM // 1_000)
    with pytest.raises(CounterOutOfRange):
        check_room(1_001, MAX_SUM // 1_000)


@pytest.mark.parametrize("value", [MAX_NOISE + 1, -MAX_NOISE - 1])
def test_noise_that_could_borrow_is_refused(value: int) -> None:
    with pytest.raises(CounterOutOfRange):
        pack_noise([0, value], SLOTS)


def test_something_in_an_empty_slot_voids_the_sum() -> None:
    total = offsets(5, SLOTS)
    total[0] += 1 << SLOT_BITS * 6

    with pytest.raises(VoidSum):
        unpack(total, 5, SLOTS)


def test_something_beyond_the_last_slot_voids_the_sum() -> None:
    for plaintext in (1 << SLOT_BITS * SLOTS, -1):
        with pytest.raises(VoidSum):
            unpack([plaintext], SLOTS, SLOTS)
    with pytest.raises(VoidSum):
        unpack([], 1, SLOTS)


def test_a_slot_that_a_lying_firm_overflowed_shows_in_its_neighbour() -> None:
    """It can't be hidden: 2^32 too much here is 1 too much there, and here the window finds what is left."""
    total = offsets(SLOTS, SLOTS)
    total[0] += (1 << SLOT_BITS) - 1

    assert unpack(total, SLOTS, SLOTS)[:2] == [-1, 1]
    assert OFFSET > 255 * MAX_NOISE


def test_3072_bits_hold_95_counters_and_phe_reads_them_as_positive() -> None:
    assert slots_of(3072) == 95
    assert plaintexts_for(1_027, 95) == plaintexts_for(1_024, 95) == 11
    assert 1 << SLOT_BITS * 95 < (3 << 3070) // 3
