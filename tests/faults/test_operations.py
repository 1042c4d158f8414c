"""Whatever parties do and whatever breaks, in any order: nothing acknowledged is lost or doubled, no opening is
unlogged, and every client verifies the same log.

A failing list of operations is shrunk to the few that are enough, and printed with its seed.
"""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.support.operations import (
    Facts,
    File,
    Kill,
    Open,
    Operation,
    Publish,
    Revive,
    Sync,
    faults_in,
    lived,
    random_operations,
    shrunk,
)
from tests.support.town import RunningTown

pytestmark = pytest.mark.anyio

SEED = 20_261_124
OPERATIONS = 12  # a round


async def _rounds(town: RunningTown, seed: int, rounds: int) -> None:
    rng = random.Random(seed)
    print(f"operations: seed {seed}")
    for number in range(rounds):
        operations = random_operations(rng, OPERATIONS)
        if faults := await lived(town, f"op{seed}-{number}", operations):
            shortest = await _shortest(town, f"op{seed}-{number}", operations)
            told = "\n".join(f"    {operation}," for operation in shortest)
            pytest.fail(f"seed {seed}, round {number}: {'; '.join(faults)}\n[\n{told}\n]", pytrace=False)


async def _shortest(town: RunningTown, name: str, operations: Sequence[Operation]) -> list[Operation]:
    tries = 0

    async def fails(fewer: Sequence[Operation]) -> bool:
        nonlocal tries
        tries += 1
        return bool(await lived(town, f"{name}-try{tries}", fewer))

    return await shrunk(operations, fails)


async def test_whatever_happens_in_any_order_what_was_promised_holds(town: RunningTown) -> None:
    await _rounds(town, SEED, 3)


@pytest.mark.long
@pytest.mark.timeout(12 * 3600)
async def test_a_thousand_rounds(town: RunningTown) -> None:
    await _rounds(town, random.randrange(2**32), 1_000)


async def test_an_opening_of_three_firms_reports_is_among_what_happens(town: RunningTown) -> None:
    """Else the rounds above would say nothing about openings."""
    firms = ("dogwood", "gum", "kauri")
    before = town.query("SELECT count(*) FROM opening_answers")

    assert await lived(town, "op-opening", [*(File(firm, 0) for firm in firms), Open("gum", 0)]) == []

    assert town.query("SELECT count(*) FROM opening_answers") > before


# The simulator itself

RIGHT = Facts(
    acknowledged={"a": b"leaf a"},
    promises={"a": {b"leaf a"}},
    rows={"a": 1},
    leaves={b"leaf a": 1},
    answered=[(b"opening", "t1")],
    logged={b"opening"},
    mirrored={"t1": {b"opening"}},
    seen={"gum": (9, b"root"), "kauri": (9, b"root")},
)


def test_when_all_holds_nothing_is_found() -> None:
    assert faults_in(RIGHT) == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (replace(RIGHT, rows={}), "on file 0 times"),
        (replace(RIGHT, rows={"a": 2}), "on file 2 times"),
        (replace(RIGHT, leaves={}), "has 0 leaves"),
        (replace(RIGHT, leaves={b"leaf a": 2}), "has 2 leaves"),
        (replace(RIGHT, leaves={b"leaf a": 1, b"another": 1}), "1 more leaves than reports"),
        (replace(RIGHT, promises={"a": {b"leaf a", b"other"}}), "two promises"),
        (replace(RIGHT, logged=set()), "that t1 answered is not in the log"),
        (replace(RIGHT, mirrored={"t1": set()}), "not in its own log"),
        (replace(RIGHT, seen={"gum": (9, b"root"), "kauri": (9, b"another")}), "different logs: gum, kauri"),
    ],
)
def test_each_fault_is_found_and_told(wrong: Facts, sentence: str) -> None:
    assert any(sentence in fault for fault in faults_in(wrong))


async def test_a_failing_list_shrinks_to_what_is_enough() -> None:
    """A made-up bug: a report filed after the hub was killed and revived is lost."""
    culprits = [Kill("hub"), Revive(), File("gum", 1)]
    operations = random_operations(random.Random(1), 40)
    for place, culprit in zip((7, 20, 33), culprits, strict=True):
        operations.insert(place, culprit)

    async def fails(some: Sequence[Operation]) -> bool:
        rest = iter(some)
        return all(culprit in rest for culprit in culprits)

    assert await shrunk(operations, fails) == culprits


def test_the_same_seed_gives_the_same_operations_and_many_seeds_give_all_kinds() -> None:
    assert random_operations(random.Random(5), 50) == random_operations(random.Random(5), 50)

    many = random_operations(random.Random(5), 500)

    assert {type(operation) for operation in many} >= {File, Open, Publish, Sync, Kill, Revive}
    meanwhile = {one.while_ for one in many if isinstance(one, File)}
    assert meanwhile >= {None, "answer is lost", "client is killed", "hub is killed"}
