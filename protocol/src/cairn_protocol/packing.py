"""Many counters in one plaintext: slots of 32 bits that can't run into each other.

Every slot of a sum is counters plus noise plus `OFFSET`. The offset is a public constant that
everybody adds to the sum, so noise below zero finds something to take from and never borrows from
the slot above. `pack` refuses what an honest firm never sends; `unpack` refuses a sum that
shows that somebody did: an empty slot that isn't empty, or bits beyond the last slot.

Not here: caps and clipping (`returns_layout`), the window of a sum (`sum_figures`).
"""

from collections.abc import Sequence
from typing import Final

from cairn_protocol.errors import CounterOutOfRange, VoidSum

SLOT_BITS: Final = 32
_SLOT_BYTES: Final = SLOT_BITS // 8
OFFSET: Final = 1 << 30
MAX_SUM: Final = 1 << 31  # of counters in one slot, over all groups
MAX_NOISE: Final = 1 << 22  # of one trustee; 255 of them stay below the offset

# OFFSET + MAX_SUM + 255 * MAX_NOISE < 2^32, and OFFSET - 255 * MAX_NOISE > 0.


def slots_of(modulus_bits: int) -> int:
    """How many slots a plaintext has. Two bits stay free: `phe` reads the upper third of n as negative."""
    return (modulus_bits - 2) // SLOT_BITS


def plaintexts_for(count: int, slots: int) -> int:
    """How many plaintexts hold `count` counters."""
    return -(-count // slots)


def check_room(groups: int, cap: int) -> None:
    """Raise CounterOutOfRange if so many groups, each at the cap, would overflow a slot."""
    if groups * cap > MAX_SUM:
        raise CounterOutOfRange("so many groups under so high a cap don't fit a slot")


def pack(counters: Sequence[int], caps: Sequence[int], slots: int) -> list[int]:
    """The plaintexts of a group's counters, in the layout's order.

    caps   for each counter the most a group may count
    slots  of one plaintext (`slots_of`)

    Raises CounterOutOfRange, naming the place, for a counter below 0 or above its cap.
    """
    for place, (counter, cap) in enumerate(zip(counters, caps, strict=True)):
        if not 0 <= counter <= min(cap, MAX_SUM):
            raise CounterOutOfRange(f"the counter at place {place} is negative or above its cap")
    return [_joined(counters[at : at + slots]) for at in range(0, len(counters), slots)]


def pack_noise(noise: Sequence[int], slots: int) -> list[int]:
    """A trustee's noise as plaintexts: whole numbers, also below zero, to be taken modulo n.

    Raises CounterOutOfRange for noise that the slots are not made for: the variance is far too high.
    """
    if any(abs(value) > MAX_NOISE for value in noise):
        raise CounterOutOfRange("noise beyond what a slot is made for")
    return [
        sum(value << SLOT_BITS * at for at, value in enumerate(noise[start : start + slots]))
        for start in range(0, len(noise), slots)
    ]


def offsets(count: int, slots: int) -> list[int]:
    """What everybody adds to a sum: `OFFSET` in every slot, also in the empty ones of the last plaintext."""
    return [_joined([OFFSET] * slots)] * plaintexts_for(count, slots)


def unpack(plaintexts: Sequence[int], count: int, slots: int) -> list[int]:
    """The noisy sums in an opened sum to which `offsets` were added.

    Raises VoidSum if an empty slot holds anything, or a plaintext has more bits than slots.
    """
    if len(plaintexts) != plaintexts_for(count, slots):
        raise VoidSum("a sum of another number of plaintexts than the layout has")
    if any(not 0 <= plaintext < 1 << SLOT_BITS * slots for plaintext in plaintexts):
        raise VoidSum("a plaintext of the sum runs over its last slot")
    packed = b"".join(int(plaintext).to_bytes(slots * _SLOT_BYTES, "little") for plaintext in plaintexts)
    values = [
        int.from_bytes(packed[at : at + _SLOT_BYTES], "little") - OFFSET
        for at in range(0, len(packed), _SLOT_BYTES)
    ]
    if any(values[count:]):
        raise VoidSum("an empty slot of the sum is not empty")
    return values[:count]


def _joined(slots: Sequence[int]) -> int:
    return int.from_bytes(b"".join(value.to_bytes(_SLOT_BYTES, "little") for value in slots), "little")
