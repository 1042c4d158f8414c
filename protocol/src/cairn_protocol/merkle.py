"""Merkle tree of the log: who holds a root holds every leaf under it, in its place, for good.

A log keeps leaf hashes and complete subtrees, each once, in any store that finds a row
by (level, at). Nothing else is needed: an incomplete right edge is composed from
complete subtrees when asked for. So appending, rooting and proving cost O(log n) rows.
A caller learns which rows from `nodes_for_...`, fetches them in one query, and hands
them to the function of the same proof.

    grown = append(size, frontier, leaf_hashes)         # keep grown.interior, grown.frontier
    hashes = fetch(nodes_for_inclusion(index, size))    # one query
    proof = inclusion_proof(index, size, hashes)
    verify_inclusion(leaf, index, size, proof, root)    # on another machine

Not here: what a leaf means, who signs a root (`checkpoint`), the store itself.
Source: RFC 6962 section 2, RFC 9162 section 2.1, with SHA-256.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from cairn_protocol.errors import BadConsistency, BadInclusion, BadMessage, PartyId, ProtocolError

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256().digest()

# A signed 64-bit column holds every size and index.
MAX_SIZE: Final = 2**63 - 1


class Node(NamedTuple):
    """The complete subtree over the 2^level leaves from at * 2^level on; level 0 is a leaf's hash."""

    level: int
    at: int


class _Leaves(NamedTuple):
    """The leaves from `begin` to before `end`: a subtree of the standard's, complete or on the right edge."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Grown:
    """A tree after appending.

    interior  every subtree that became complete, level 1 and up; leaf hashes are the caller's own
    frontier  hashes of `nodes_for_root(size)`, in that order
    """

    size: int
    frontier: tuple[bytes, ...]
    interior: dict[Node, bytes]

    @property
    def root(self) -> bytes:
        return root_of_frontier(self.frontier)


def leaf_hash(data: bytes) -> bytes:
    """32 bytes; the prefix keeps a leaf from passing for a node."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """32 bytes over two children's hashes."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over all `leaf_hashes`, in one pass: O(n) time, O(log n) memory."""
    frontier: list[bytes] = []
    for at, leaf in enumerate(leaf_hashes):
        subtree = leaf
        for _ in range(_trailing_ones(at)):
            subtree = node_hash(frontier.pop(), subtree)
        frontier.append(subtree)
    return root_of_frontier(frontier)


def root_of_frontier(frontier: Sequence[bytes]) -> bytes:
    """The root over complete subtrees from the largest, on the left, to the smallest."""
    if not frontier:
        return EMPTY_ROOT
    root = frontier[-1]
    for subtree in reversed(frontier[:-1]):
        root = node_hash(subtree, root)
    return root


def append(size: int, frontier: Sequence[bytes], leaf_hashes: Sequence[bytes]) -> Grown:
    """The tree of `size` leaves after `leaf_hashes`, and the rows to add for it.

    frontier  hashes of `nodes_for_root(size)`

    Cost: under two hashes a leaf, amortised; no row is read or rewritten.
    Raises BadMessage if the frontier is not one of `size` leaves.
    """
    _require_size(size + len(leaf_hashes))
    if len(frontier) != size.bit_count():
        raise BadMessage(f"a tree of {size} leaves has {size.bit_count()} subtrees, not {len(frontier)}")
    edge = list(frontier)
    interior: dict[Node, bytes] = {}
    for at, leaf in enumerate(leaf_hashes, start=size):
        subtree = leaf
        for level in range(1, _trailing_ones(at) + 1):
            subtree = node_hash(edge.pop(), subtree)
            interior[Node(level, at >> level)] = subtree
        edge.append(subtree)
    return Grown(size + len(leaf_hashes), tuple(edge), interior)


def nodes_for_root(size: int) -> list[Node]:
    """The frontier of a tree of `size` leaves, left to right: one node a set bit."""
    _require_size(size)
    return _complete_subtrees(_Leaves(0, size))


def nodes_for_inclusion(index: int, size: int) -> list[Node]:
    """What `inclusion_proof` needs: at most 2 log2(size) nodes. Raises BadMessage on no such leaf."""
    return [node for part in _inclusion_parts(index, size) for node in _complete_subtrees(part)]


def nodes_for_consistency(old_size: int, new_size: int) -> list[Node]:
    """What `consistency_proof` needs: at most 2 log2(new_size) nodes. Raises BadMessage if old > new."""
    return [node for part in _consistency_parts(old_size, new_size) for node in _complete_subtrees(part)]


def inclusion_proof(index: int, size: int, hashes: Mapping[Node, bytes]) -> list[bytes]:
    """The audit path of leaf `index` in the first `size` leaves, from the bottom up.

    hashes  at least those of `nodes_for_inclusion(index, size)`; KeyError names a missing node
    """
    return [_composed(part, hashes) for part in _inclusion_parts(index, size)]


def consistency_proof(old_size: int, new_size: int, hashes: Mapping[Node, bytes]) -> list[bytes]:
    """The proof that the first `old_size` leaves are unchanged among the first `new_size`.

    hashes  at least those of `nodes_for_consistency(old_size, new_size)`; KeyError names a missing node
    """
    return [_composed(part, hashes) for part in _consistency_parts(old_size, new_size)]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes, *, culprit: PartyId | None = None
) -> None:
    """Raise BadInclusion unless the tree of `size` leaves under `root` has `leaf` at `index`.

    leaf   32 bytes, from `leaf_hash`
    proof  32 bytes each, bottom up, exactly as many as the place in the tree asks for
    root   32 bytes, from a checkpoint that was verified

    Source: RFC 9162, 2.1.3.2.
    """
    _require_hashes(BadInclusion, culprit, leaf, root, *proof)
    if not 0 <= index < size <= MAX_SIZE:
        raise BadInclusion("the log has no such leaf", culprit=culprit)
    at, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise BadInclusion("the proof is too long for its place in the tree", culprit=culprit)
        if at & 1 or at == last:
            computed = node_hash(sibling, computed)
            # On the right edge the path skips the levels at which there is nothing to its right.
            skipped = 0 if at & 1 else _trailing_zeros(at)
            at, last = at >> skipped, last >> skipped
        else:
            computed = node_hash(computed, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise BadInclusion("the proof is too short for its place in the tree", culprit=culprit)
    if computed != root:
        raise BadInclusion("the leaf does not lead to the root", culprit=culprit)


def verify_consistency(
    old_size: int,
    new_size: int,
    proof: Sequence[bytes],
    old_root: bytes,
    new_root: bytes,
    *,
    culprit: PartyId | None = None,
) -> None:
    """Raise BadConsistency unless the tree under `new_root` only adds leaves to that under `old_root`.

    proof  32 bytes each; empty if the sizes are equal or the old tree is empty

    Source: RFC 9162, 2.1.4.2; the empty tree as in C2SP tlog-witness.
    """
    _require_hashes(BadConsistency, culprit, old_root, new_root, *proof)
    if not 0 <= old_size <= new_size <= MAX_SIZE:
        raise BadConsistency("the log shrank", culprit=culprit)
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise BadConsistency("the root of no leaves is not the empty root", culprit=culprit)
    if old_size in (0, new_size):
        if proof:
            raise BadConsistency("nothing is to be proven, and yet there is a proof", culprit=culprit)
        if old_size == new_size and old_root != new_root:
            raise BadConsistency("one size has two roots", culprit=culprit)
        return
    if not proof:
        raise BadConsistency("the proof is empty", culprit=culprit)

    # A complete old tree is itself the first subtree; the proof leaves it out.
    path = list(proof) if old_size.bit_count() > 1 else [old_root, *proof]
    skipped = _trailing_ones(old_size - 1)
    at, last = (old_size - 1) >> skipped, (new_size - 1) >> skipped
    old_computed = new_computed = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise BadConsistency("the proof is too long for its sizes", culprit=culprit)
        if at & 1 or at == last:
            old_computed = node_hash(sibling, old_computed)
            new_computed = node_hash(sibling, new_computed)
            skipped = 0 if at & 1 else _trailing_zeros(at)
            at, last = at >> skipped, last >> skipped
        else:
            new_computed = node_hash(new_computed, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise BadConsistency("the proof is too short for its sizes", culprit=culprit)
    if old_computed != old_root:
        raise BadConsistency("the proof does not lead to the old root", culprit=culprit)
    if new_computed != new_root:
        raise BadConsistency("the proof does not lead to the new root", culprit=culprit)


def _inclusion_parts(index: int, size: int) -> list[_Leaves]:
    """The subtrees beside the path from leaf `index` to the root, bottom up (RFC 9162, 2.1.3.1)."""
    _require_size(size)
    if not 0 <= index < size:
        raise BadMessage(f"a log of {size} leaves has no leaf {index}")
    parts = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _largest_power_below(end - begin)
        if index < middle:
            parts.append(_Leaves(middle, end))
            end = middle
        else:
            parts.append(_Leaves(begin, middle))
            begin = middle
    return parts[::-1]


def _consistency_parts(old_size: int, new_size: int) -> list[_Leaves]:
    """The subtrees of RFC 9162, 2.1.4.1, bottom up. None if either tree says nothing about the other."""
    _require_size(new_size)
    if not 0 <= old_size <= new_size:
        raise BadMessage(f"a log of {new_size} leaves has no earlier state of {old_size}")
    if old_size in (0, new_size):
        return []
    parts = []
    begin, end = 0, new_size
    while old_size != end:
        middle = begin + _largest_power_below(end - begin)
        if old_size <= middle:
            parts.append(_Leaves(middle, end))
            end = middle
        else:
            parts.append(_Leaves(begin, middle))
            begin = middle
    if begin:  # else the verifier has it already: it is the old root
        parts.append(_Leaves(begin, end))
    return parts[::-1]


def _complete_subtrees(part: _Leaves) -> list[Node]:
    """The complete subtrees that make up `part`, left to right, so by falling size."""
    nodes = []
    begin, count = part.begin, part.end - part.begin
    while count:
        level = count.bit_length() - 1
        nodes.append(Node(level, begin >> level))
        begin += 1 << level
        count -= 1 << level
    return nodes


def _composed(part: _Leaves, hashes: Mapping[Node, bytes]) -> bytes:
    return root_of_frontier([hashes[node] for node in _complete_subtrees(part)])


def _largest_power_below(count: int) -> int:
    """The largest power of two less than `count`, which is at least 2."""
    return 1 << ((count - 1).bit_length() - 1)


def _trailing_ones(number: int) -> int:
    return _trailing_zeros(number + 1)


def _trailing_zeros(number: int) -> int:
    """Zeros below the lowest set bit; none for 0, where a path has reached the root."""
    return (number & -number).bit_length() - 1 if number else 0


def _require_size(size: int) -> None:
    if not 0 <= size <= MAX_SIZE:
        raise BadMessage(f"{size} is not the size of a log")


def _require_hashes(error: type[ProtocolError], culprit: PartyId | None, *hashes: bytes) -> None:
    if any(len(one) != HASH_BYTES for one in hashes):
        raise error("a hash is not 32 bytes", culprit=culprit)
