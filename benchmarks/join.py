"""The local join: a firm's own tags against a synced index, warm and cold, and what the index weighs.

    python -m benchmarks.join

The index is made as the hub makes it and lies on disk as after a sync. Cold means that the
system's cache of its files was dropped, and that the index is loaded anew. Times are the best of
`REPEATS`: what else runs on the machine can only add to them. Prints JSON lines
{"bench", "figure", "value", "unit"}.
"""

import contextlib
import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import UUID

from cairn.client.index_state import SYNCED_FILE, Synced, segment_name
from cairn.client.join import LocalIndex
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.index import Card, Evidence, Manifest, seal_card, wrap_content_key
from cairn_protocol.messages.wire import encode
from cairn_protocol.tags import CardKey, Tag
from hub.index.segments import Segment, card_segments, depth_for, tag_segments

EPOCH: Final = 1
INDEX_TAGS: Final = 100_000
TAGS_PER_CARD: Final = 4
OWN_TAGS: Final = 10_000
OWN_IN_INDEX: Final = 200  # of the own tags, those that a card is published for
REPEATS: Final = 15

Own = tuple[Tag, CardKey]


def main() -> None:
    """Print the figures."""
    dice = random.Random(7)
    indexed = [_key(dice) for _ in range(INDEX_TAGS)]
    tags, cards = _index(indexed, dice)
    own = [_key(dice) for _ in range(OWN_TAGS - OWN_IN_INDEX)] + dice.sample(indexed, OWN_IN_INDEX)
    dice.shuffle(own)
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        _write(directory, tags, cards)
        warm, cold = _join_times(directory, own)
    _print("join_ms_warm", round(warm * 1_000, 2), "ms")
    _print("join_ms_cold", round(cold * 1_000, 2), "ms")
    _print("index_bytes_per_tag", _weight(tags) / INDEX_TAGS, "bytes")
    _print("index_bytes_per_card", _weight(cards) / (INDEX_TAGS // TAGS_PER_CARD), "bytes")


def _join_times(directory: Path, own: list[Own]) -> tuple[float, float]:
    index = LocalIndex.load(directory)
    if not OWN_IN_INDEX * 0.9 <= len(index.find(own)) <= OWN_IN_INDEX:  # some own tags share a card
        raise SystemExit("the join does not find what was published")
    warm = [_seconds(lambda: index.find(own)) for _ in range(REPEATS)]
    cold = [_cold(directory, own) for _ in range(REPEATS)]
    return min(warm), min(cold)


def _cold(directory: Path, own: list[Own]) -> float:
    for path in directory.rglob("*"):
        if path.is_file():
            _drop_from_cache(path)
    return _seconds(lambda: LocalIndex.load(directory).find(own))


def _drop_from_cache(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    with contextlib.closing(os.fdopen(descriptor, "rb")):
        os.fsync(descriptor)  # only what is written can be dropped
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _key(dice: random.Random) -> Own:
    return Tag(dice.randbytes(32)), CardKey(dice.randbytes(32))


def _index(indexed: list[Own], dice: random.Random) -> tuple[list[Segment], list[Segment]]:
    sealed, rows = [], []
    for number in range(len(indexed) // TAGS_PER_CARD):
        content_key = dice.randbytes(16)
        sealed.append((number, seal_card(_card(dice), content_key, EPOCH)))
        rows += [
            (tag, wrap_content_key(card_key, content_key), number)
            for tag, card_key in indexed[number * TAGS_PER_CARD : (number + 1) * TAGS_PER_CARD]
        ]
    return tag_segments(rows, depth_for(len(rows), 0), EPOCH), card_segments(sealed, EPOCH)


def _card(dice: random.Random) -> Card:
    return Card(
        card_id=UUID(int=dice.getrandbits(128)),
        version=dice.randint(1, 9),
        groups=dice.choice(["2-4", "5-9", "10+"]),
        events=dice.choice(["2-4", "5-9", "10+"]),
        evidence=Evidence.E2,
        first="2025-Q1",
        last="2026-Q3",
        families=tuple(
            sorted(dice.sample(["FAM-VAC", "FAM-CNC", "FAM-MARE", "FAM-UAV"], dice.randint(1, 3)))
        ),
        sectors=("exporter", "logistics"),
        linked_by=(Kind.PHONE, Kind.DOMAIN, Kind.NAME),
        stages=(),
        typologies=(),
        after_decline=False,
        cleared=0,
    )


def _write(directory: Path, tags: list[Segment], cards: list[Segment]) -> None:
    (directory / "segments").mkdir()
    for segment in tags + cards:
        (directory / segment_name(segment.ref)).write_bytes(segment.content)
    manifest = Manifest(
        epoch=EPOCH,
        number=1,
        published_at=0,
        max_age_seconds=86_400,
        tag_segments=tuple(segment.ref for segment in tags),
        card_segments=tuple(segment.ref for segment in cards),
        tombstones=(),
        quarantined=(),
    )
    (directory / SYNCED_FILE).write_bytes(encode(Synced(manifest=manifest, synced_at=0, etag=None)))


def _weight(segments: list[Segment]) -> int:
    return sum(len(segment.content) for segment in segments)


def _print(figure: str, value: float, unit: str) -> None:
    print(json.dumps({"bench": "join", "figure": figure, "value": round(value, 2), "unit": unit}))


if __name__ == "__main__":
    main()
