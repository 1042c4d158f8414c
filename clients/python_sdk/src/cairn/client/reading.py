"""Leaves of the log as they are read: the root they lead to, the roster acts, and what is off about them.

A leaf's hash is always computed from its content or digest; what the hub's table says of it is
only compared. So a reading is as true as the cosigned root that it is held against.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from cairn_protocol import merkle
from cairn_protocol.errors import BadMessage
from cairn_protocol.merkle import HASH_BYTES
from cairn_protocol.messages.index import Manifest
from cairn_protocol.messages.log import Entries, LeafKind, LogEntry, check_entry, hash_of
from cairn_protocol.messages.wire import decode
from cairn_protocol.roster import ACT_KINDS


class Followed(msgspec.Struct, frozen=True):
    """What stays of the leaves read so far.

    size      how many
    frontier  hashes of `merkle.nodes_for_root(size)`
    acts      leaf index and content of every roster act
    openings  leaf index and content of every opening: a firm finds its own reports in them
    manifest  number of the newest manifest of the index; 0 before the first
    cuts      leaf index and content of every cut: a firm finds its own reports in them too
    """

    size: int
    frontier: tuple[bytes, ...]
    acts: tuple[tuple[int, bytes], ...]
    openings: tuple[tuple[int, bytes], ...] = ()
    manifest: int = 0
    cuts: tuple[tuple[int, bytes], ...] = ()

    @property
    def root(self) -> bytes:
        """The root of the first `size` leaves."""
        return merkle.root_of_frontier(self.frontier)


NOTHING_READ = Followed(0, (), ())


class Reading:
    """Consecutive leaves from where an earlier reading ended."""

    def __init__(self, before: Followed = NOTHING_READ) -> None:
        self.first = before.size
        self.followed = before
        self.kinds: Counter[LeafKind] = Counter()
        self.odd: set[int] = set()  # leaves whose hash is not the one in the hub's table
        self.false_content: set[int] = set()  # leaves whose content is not what their digest says
        self.second_indexes: dict[int, int] = {}  # leaves of manifests whose number was there before, and it
        self._kind_at: list[LeafKind] = []
        self._computed = bytearray()
        self._stated = bytearray()

    def take(self, page: Entries) -> None:
        """Take in the next leaves (`page.start` is where the last page ended)."""
        hashes, acts, openings = [], list(self.followed.acts), list(self.followed.openings)
        manifest, cuts = self.followed.manifest, list(self.followed.cuts)
        for index, (entry, stated) in enumerate(
            zip(page.entries, page.leaf_hashes, strict=True), start=page.start
        ):
            computed = hash_of(entry.kind, entry.digest)
            try:
                check_entry(entry)
            except BadMessage:
                self.false_content.add(index)
            if computed != stated:
                self.odd.add(index)
            if entry.kind in ACT_KINDS and entry.content is not None:
                acts.append((index, entry.content))
            if entry.kind is LeafKind.OPENING and entry.content is not None:
                openings.append((index, entry.content))
            if entry.kind is LeafKind.CUT and entry.content is not None:
                cuts.append((index, entry.content))
            if entry.kind is LeafKind.MANIFEST:
                number = self._number(index, entry)
                if number <= manifest:
                    self.second_indexes[index] = number
                manifest = max(manifest, number)
            hashes.append(computed)
            self._kind_at.append(entry.kind)
            self._stated += stated
            self.kinds[entry.kind] += 1
        self._computed += b"".join(hashes)
        grown = merkle.append(self.followed.size, self.followed.frontier, hashes)
        self.followed = Followed(
            grown.size, grown.frontier, tuple(acts), tuple(openings), manifest, tuple(cuts)
        )

    def _number(self, index: int, entry: LogEntry) -> int:
        """The number of a manifest; 0, and noted as false content, if it is none."""
        try:
            return decode(entry.content or b"", Manifest).number
        except BadMessage:
            self.false_content.add(index)
            return 0

    @property
    def clean(self) -> bool:
        """Whether content, digest and the hub's table agree about every leaf, and no index has two manifests."""
        return not self.odd and not self.false_content and not self.second_indexes

    def kind(self, index: int) -> LeafKind:
        """The kind that the hub gives to a leaf."""
        return self._kind_at[index - self.first]

    def computed(self, index: int) -> bytes:
        """The leaf hash that follows from what the hub gives as the leaf."""
        return _hash_at(self._computed, index - self.first)

    def stated(self, index: int) -> bytes:
        """The leaf hash in the hub's table."""
        return _hash_at(self._stated, index - self.first)

    def differing(self, true_hashes: bytes) -> Sequence[int]:
        """Leaves whose hash, computed or stated, is not the one in `true_hashes`, which begins at leaf 0."""
        return [
            index
            for index in range(self.first, self.followed.size)
            if not self.computed(index) == self.stated(index) == _hash_at(true_hashes, index)
        ]


def _hash_at(hashes: bytes | bytearray, at: int) -> bytes:
    return bytes(hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES])
