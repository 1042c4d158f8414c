"""The log's tree is that of RFC 6962, and its proofs prove nothing that is not so."""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_protocol.errors import BadConsistency, BadInclusion, BadMessage
from cairn_protocol.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    Node,
    append,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    nodes_for_consistency,
    nodes_for_inclusion,
    nodes_for_root,
    root_of,
    root_of_frontier,
    verify_consistency,
    verify_inclusion,
)

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "rfc6962.json").read_text())
LEAVES = [leaf_hash(bytes.fromhex(leaf)) for leaf in VECTORS["leaves"]]
ROOTS = [bytes.fromhex(root) for root in VECTORS["roots_by_size"]]


def slow_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word for word."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return node_hash(slow_root(leaves[:k]), slow_root(leaves[k:]))


def slow_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m < k:
        return [*slow_path(m, leaves[:k]), slow_root(leaves[k:])]
    return [*slow_path(m - k, leaves[k:]), slow_root(leaves[:k])]


def slow_subproof(m: int, leaves: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962, 2.1.2."""
    if m == len(leaves):
        return [] if whole else [slow_root(leaves)]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m <= k:
        return [*slow_subproof(m, leaves[:k], whole), slow_root(leaves[k:])]
    return [*slow_subproof(m - k, leaves[k:], False), slow_root(leaves[:k])]


class Log:
    """A store as the hub has one: rows by (level, at), and never the leaves below them."""

    def __init__(self, leaves: Sequence[bytes], batch: int = 7) -> None:
        self.size = 0
        self.frontier: tuple[bytes, ...] = ()
        self.rows: dict[Node, bytes] = {}
        for begin in range(0, len(leaves), batch):
            self.add(leaves[begin : begin + batch])

    def add(self, leaves: Sequence[bytes]) -> None:
        grown = append(self.size, self.frontier, leaves)
        assert not self.rows.keys() & grown.interior.keys()  # a row is written once
        self.rows |= grown.interior
        self.rows |= {Node(0, at): leaf for at, leaf in enumerate(leaves, start=self.size)}
        self.size, self.frontier = grown.size, grown.frontier

    def fetch(self, nodes: Sequence[Node]) -> dict[Node, bytes]:
        return {node: self.rows[node] for node in nodes}

    def root(self, size: int) -> bytes:
        return root_of_frontier([self.rows[node] for node in nodes_for_root(size)])

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return inclusion_proof(index, size, self.fetch(nodes_for_inclusion(index, size)))

    def consistency(self, old: int, new: int) -> list[bytes]:
        return consistency_proof(old, new, self.fetch(nodes_for_consistency(old, new)))


def numbered(count: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(4, "big")) for number in range(count)]


BIG = Log(numbered(600))
sizes = st.integers(1, BIG.size)


def hexed(proof: Sequence[bytes]) -> list[str]:
    return [one.hex() for one in proof]


def test_every_node_and_root_of_the_reference_tree_is_ours() -> None:
    log = Log(LEAVES, batch=3)

    for level, nodes in enumerate(VECTORS["nodes_by_level"]):
        assert hexed([log.rows[Node(level, at)] for at in range(len(nodes))]) == nodes
    for size, root in enumerate(ROOTS):
        assert root_of(LEAVES[:size]) == root
        assert log.root(size) == root
        assert append(0, (), LEAVES[:size]).root == root
    assert ROOTS[0] == EMPTY_ROOT


@pytest.mark.parametrize("case", VECTORS["inclusion"])
def test_the_reference_trees_inclusion_proofs_are_ours(case: dict) -> None:  # type: ignore[type-arg]
    proof = Log(LEAVES).inclusion(case["index"], case["size"])

    assert hexed(proof) == case["proof"]
    verify_inclusion(LEAVES[case["index"]], case["index"], case["size"], proof, ROOTS[case["size"]])


@pytest.mark.parametrize("case", VECTORS["consistency"])
def test_the_reference_trees_consistency_proofs_are_ours(case: dict) -> None:  # type: ignore[type-arg]
    proof = Log(LEAVES).consistency(case["old"], case["new"])

    assert hexed(proof) == case["proof"]
    verify_consistency(case["old"], case["new"], proof, ROOTS[case["old"]], ROOTS[case["new"]])


def test_the_example_that_the_standard_gives_in_letters_holds() -> None:
    example = VECTORS["example"]
    log = Log(LEAVES[: example["size"]])
    letters = {letter: log.rows[Node(*place)] for letter, place in example["letters"].items()}
    letters["l"] = node_hash(letters["i"], letters["j"])  # the incomplete right edge

    for index, path in example["inclusion"].items():
        assert log.inclusion(int(index), example["size"]) == [letters[letter] for letter in path]
    for old, path in example["consistency"].items():
        assert log.consistency(int(old), example["size"]) == [letters[letter] for letter in path]


@given(st.lists(st.binary(max_size=8), max_size=40), st.integers(1, 9))
def test_a_tree_grown_in_batches_is_the_standards(data: list[bytes], batch: int) -> None:
    leaves = [leaf_hash(one) for one in data]
    log = Log(leaves, batch)

    assert root_of(leaves) == log.root(len(leaves)) == root_of_frontier(log.frontier) == slow_root(leaves)


@given(sizes, st.data())
def test_proofs_from_stored_subtrees_are_the_standards_and_verify(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    leaves = numbered(size)
    root = BIG.root(size)

    inclusion, consistency = BIG.inclusion(index, size), BIG.consistency(old, size)

    assert root == slow_root(leaves)
    assert inclusion == slow_path(index, leaves)
    assert consistency == slow_subproof(old, leaves)
    verify_inclusion(leaves[index], index, size, inclusion, root)
    verify_consistency(old, size, consistency, BIG.root(old), root)


@given(sizes, st.data())
def test_a_leaf_has_one_place_and_no_other_proof(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaf, root, proof = BIG.rows[Node(0, index)], BIG.root(size), BIG.inclusion(index, size)
    other_index = data.draw(st.integers(-1, size).filter(lambda other: other != index))

    def refused(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
        with pytest.raises(BadInclusion) as refusal:
            verify_inclusion(leaf, index, size, proof, root, culprit="hub")
        assert refusal.value.culprit == "hub"

    refused(leaf, other_index, size, proof, root)
    refused(leaf_hash(b"never filed"), index, size, proof, root)
    refused(leaf, index, size, proof, leaf) if size > 1 else None
    refused(leaf, index, size, [*proof, root], root)
    refused(leaf, index, size, [root, *proof], root)
    if proof:
        refused(leaf, index, size, proof[:-1], root)
        refused(leaf, index, size, proof[1:], root)
        at = data.draw(st.integers(0, len(proof) - 1))
        refused(leaf, index, size, [*proof[:at], flipped(proof[at], data), *proof[at + 1 :]], root)
        refused(leaf, index, size, [*proof[:at], proof[at][:-1], *proof[at + 1 :]], root)


@given(sizes, st.data())
def test_a_log_that_changed_a_leaf_has_no_consistency_proof(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size))
    old_root, new_root, proof = BIG.root(old), BIG.root(size), BIG.consistency(old, size)

    def refused(old: int, size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
        with pytest.raises(BadConsistency) as refusal:
            verify_consistency(old, size, proof, old_root, new_root, culprit="hub")
        assert refusal.value.culprit == "hub"

    refused(old, size, proof, flipped(old_root, data), new_root)
    refused(old, size, proof, old_root, flipped(new_root, data))
    refused(old, size, [*proof, new_root], old_root, new_root)
    refused(size + 1, size, proof, old_root, new_root)
    if old < size:
        refused(old, size, proof, new_root, old_root)
        refused(old, size, [], old_root, new_root)
        refused(old, size, proof[:-1], old_root, new_root)
        at = data.draw(st.integers(0, len(proof) - 1))
        refused(old, size, [*proof[:at], flipped(proof[at], data), *proof[at + 1 :]], old_root, new_root)
        rewritten = numbered(size)
        rewritten[data.draw(st.integers(0, old - 1))] = leaf_hash(b"edited")
        edited = Log(rewritten)
        refused(old, size, edited.consistency(old, size), old_root, edited.root(size))


def flipped(value: bytes, data: st.DataObject) -> bytes:
    bit = data.draw(st.integers(0, 8 * len(value) - 1))
    return (int.from_bytes(value, "big") ^ 1 << bit).to_bytes(len(value), "big")


def test_every_log_grew_from_the_empty_one_and_only_with_the_empty_root() -> None:
    assert nodes_for_consistency(0, 8) == []
    verify_consistency(0, 8, [], EMPTY_ROOT, ROOTS[8])
    verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)

    for old_root, new_root, size, proof in [
        (ROOTS[1], ROOTS[8], 8, []),
        (EMPTY_ROOT, ROOTS[8], 8, [ROOTS[8]]),
        (EMPTY_ROOT, ROOTS[8], 0, []),
    ]:
        with pytest.raises(BadConsistency):
            verify_consistency(0, size, proof, old_root, new_root)


def test_a_proof_is_as_long_as_its_place_asks_for() -> None:
    """Else a subtree would pass for a leaf, or a small log for a large one."""
    log = Log(LEAVES)
    path, grown = log.inclusion(0, 8), log.consistency(2, 8)

    with pytest.raises(BadInclusion, match="too short"):
        verify_inclusion(log.rows[Node(1, 0)], 0, 8, path[1:], ROOTS[8])
    with pytest.raises(BadInclusion, match="too long"):
        verify_inclusion(LEAVES[0], 0, 2, path, ROOTS[8])
    with pytest.raises(BadConsistency, match="too short"):
        verify_consistency(2, 16, grown, ROOTS[2], ROOTS[8])
    with pytest.raises(BadConsistency, match="too long"):
        verify_consistency(2, 4, grown, ROOTS[2], ROOTS[8])


def test_a_log_never_shrinks_even_with_one_root() -> None:
    rows = Log(LEAVES).rows

    with pytest.raises(BadConsistency, match="shrank"):
        verify_consistency(6, 5, [rows[Node(1, 2)], rows[Node(2, 0)]], ROOTS[6], ROOTS[6])


def test_two_hashes_of_other_lengths_never_pass_for_two_hashes() -> None:
    left, right = LEAVES[:2]

    with pytest.raises(BadInclusion, match="32 bytes"):
        verify_inclusion(left[:31], 0, 2, [left[31:] + right], ROOTS[2])
    with pytest.raises(BadConsistency, match="32 bytes"):
        verify_consistency(1, 2, [left[31:] + right], left[:31], ROOTS[2])


def test_a_leaf_never_passes_for_a_node() -> None:
    left, right = LEAVES[:2]

    assert leaf_hash(left + right) != node_hash(left, right)


def test_a_million_leaves_cost_a_handful_of_rows_and_hashes() -> None:
    million = 1_000_000

    assert len(nodes_for_root(million)) == million.bit_count()
    assert max(len(nodes_for_inclusion(index, million)) for index in range(0, million, 997)) <= 40
    assert max(len(nodes_for_consistency(old, million)) for old in range(1, million, 997)) <= 40
    frontier = [leaf_hash(b"%d" % at) for at in range(million.bit_count())]
    assert len(append(million, frontier, numbered(100)).interior) < 100 + 20


@given(st.integers(1, MAX_SIZE), st.data())
def test_asked_nodes_are_complete_and_inside_the_tree_at_any_size(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))

    for nodes in (nodes_for_root(size), nodes_for_inclusion(index, size), nodes_for_consistency(old, size)):
        assert len(set(nodes)) == len(nodes) <= 126
        assert all((node.at + 1) << node.level <= size for node in nodes)


def test_questions_no_log_can_answer_are_refused() -> None:
    for question in (
        lambda: nodes_for_inclusion(8, 8),
        lambda: nodes_for_inclusion(-1, 8),
        lambda: nodes_for_inclusion(0, MAX_SIZE + 1),
        lambda: nodes_for_consistency(9, 8),
        lambda: nodes_for_consistency(-1, 8),
        lambda: nodes_for_root(-1),
        lambda: append(3, ROOTS[:1], LEAVES),
    ):
        with pytest.raises(BadMessage):
            question()
