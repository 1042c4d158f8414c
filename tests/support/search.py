"""Search for many byte strings at once, also in what runs of hex and base64 in the haystack decode to."""

import base64
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

LEAST_BYTES: Final = 7
_LAYERS: Final = 3
_CHUNK_BYTES: Final = 8 << 20
_HEX: Final = re.compile(rb"(?:[0-9a-f]{2}){16,}|(?:[0-9A-F]{2}){16,}")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{22,}={0,2}")


class Search:
    """What is searched for, each of at least LEAST_BYTES bytes, with a word for it."""

    def __init__(self, wanted: Mapping[bytes, str]) -> None:
        self._what = dict(wanted)

    def __len__(self) -> int:
        return len(self._what)

    def hits(self, raw: bytes) -> set[str]:
        """What is in these bytes, by its word."""
        return self.hits_in(layers(raw))

    def hits_in(self, decoded: Iterable[bytes]) -> set[str]:
        """The same of `layers` that are decoded already."""
        return {what for layer in decoded for what in self._search(layer)}

    def hits_in_files(self, files: Iterable[Path]) -> dict[Path, set[str]]:
        """The same of files as they are; those without a hit are left out."""
        found = {}
        for path in files:
            try:
                raw = path.read_bytes()
            except FileNotFoundError:
                continue  # a log segment that the database has just recycled
            if hits := set(self._search(raw)):
                found[path] = hits
        return found

    @cached_property
    def _by_beginning(self) -> dict[bytes, list[bytes]]:
        beginnings: dict[bytes, list[bytes]] = defaultdict(list)
        for form in self._what:
            beginnings[form[:LEAST_BYTES]].append(form)
        return beginnings

    @cached_property
    def _sieves(self) -> tuple[Any, Any]:
        """Which three bytes a form can begin with, and which three end its first seven."""
        sieves = np.zeros((2, 1 << 24), dtype=bool)
        for beginning in self._by_beginning:
            sieves[0, int.from_bytes(beginning[:3], "big")] = True
            sieves[1, int.from_bytes(beginning[4:7], "big")] = True
        return sieves[0], sieves[1]

    def _search(self, raw: bytes) -> Iterator[str]:
        """A search for each form alone would take minutes: only where its first bytes may stand it is looked for."""
        first, second = self._sieves
        for begin in range(0, len(raw), _CHUNK_BYTES):
            part = np.frombuffer(raw[begin : begin + _CHUNK_BYTES + LEAST_BYTES], dtype=np.uint8).astype(
                np.uint32
            )
            if len(part) < LEAST_BYTES:
                return
            threes = (part[:-2] << 16) | (part[1:-1] << 8) | part[2:]
            for place in np.nonzero(first[threes[:-4]] & second[threes[4:]])[0]:
                at = begin + int(place)
                for form in self._by_beginning.get(raw[at : at + LEAST_BYTES], ()):
                    if raw.startswith(form, at):
                        yield self._what[form]


def layers(raw: bytes, depth: int = _LAYERS) -> Iterator[bytes]:
    """The bytes, and what runs of hex and base64 in them decode to, and so on."""
    yield raw
    if not depth:
        return
    inner = bytearray()
    for run in _HEX.findall(raw):
        inner += bytes.fromhex(run.decode()) + b"\n"
    for run in _BASE64.findall(raw):
        core = run.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        core = core[: len(core) - (len(core) % 4 == 1)]
        inner += base64.b64decode(core + b"=" * (-len(core) % 4)) + b"\n"
    if inner:
        yield from layers(bytes(inner), depth - 1)
