"""The peers beside which linkage is measured: on the same data, in the same run, with the same contacts and linker.

    clk          cryptographic long-term keys of names (clkhash), compared by Dice (anonlink): the usual
                 privacy-preserving linkage. Whoever holds its secret can attack it; ours has none
    plaintext    names compared as they are (rapidfuzz): what nobody here may do, as the bound

Both compare within a country, as our fuzzy keys do, and give what they find alike the points of a fuzzy
key; exact names and contacts count as ever. Each is told at the threshold where its F1 is best, with precision and
recall at each of the others (`each`), so that recall can be read at equal precision.

Needs requirements/peers.txt, which is no part of the product.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import anonlink
import numpy as np
from bitarray import bitarray
from clkhash import clk, comparators
from clkhash.field_formats import BitsPerFeatureStrategy, FieldHashingProperties, StringSpec
from clkhash.schema import Schema
from rapidfuzz import fuzz, process

from cairn.raw.normalise import exact_keys
from cairn.raw.normalise.words import words_of
from cairn_protocol.kinds import Kind
from cairn_protocol.tags import Tag
from hub.linkage.batch import link_all
from hub.linkage.clustering import Sighting

if TYPE_CHECKING:
    from benchmarks.linkage import Told

CLK_THRESHOLDS: Final = (0.85, 0.88, 0.90, 0.93, 0.95)
PLAINTEXT_THRESHOLDS: Final = (84, 86, 88, 90, 92)

_BITS: Final = 1024
_KNOWN_TO_EVERY_FIRM: Final = "one leak opens all names"

Alike = Iterator[tuple[int, int]]


def measure(told: "Sequence[Told]") -> dict[str, Any]:
    """The figures of both peers, each with its threshold."""
    blocks: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for at, one in enumerate(told):
        core = " ".join(words_of(one.inquiry.party.name).core)
        if core:
            blocks[one.inquiry.party.country][core].append(at)
    peers: Mapping[str, tuple[Callable[[Sequence[str], float], Alike], Sequence[float]]] = {
        "clk": (_alike_clks, CLK_THRESHOLDS),
        "plaintext": (_alike_words, PLAINTEXT_THRESHOLDS),
    }
    found: dict[str, Any] = {}
    for name, (alike, limits) in peers.items():
        by_threshold = [{"threshold": limit} | _linked(told, blocks, alike, limit) for limit in limits]
        best = max(by_threshold, key=lambda figures: float(figures["f1"]))
        shown = ("threshold", "precision", "recall")
        found[name] = best | {"each": [{key: one[key] for key in shown} for one in by_threshold]}
    return found


def _linked(
    told: "Sequence[Told]",
    blocks: Mapping[str, Mapping[str, Sequence[int]]],
    alike: Callable[[Sequence[str], float], Alike],
    limit: float,
) -> dict[str, Any]:
    """What our linker makes of exact keys and of a peer's pairs, each pair a tag that its reports share."""
    from benchmarks.linkage import scores

    tags: list[list[tuple[Kind, Tag]]] = [
        [(key.kind, _tag(key.value, key.kind)) for key in exact_keys(one.inquiry)] for one in told
    ]
    for country, names in blocks.items():
        known = list(names)
        for one, other in alike(known, limit):
            shared = Kind.EDIT, _tag(country, known[one], known[other])
            for at in (*names[known[one]], *names[known[other]]):
                tags[at].append(shared)
    sightings = [
        Sighting(place, one.inquiry.group, one.inquiry.party.country or None, tuple(dict.fromkeys(mine)))
        for place, (one, mine) in enumerate(zip(told, tags, strict=True), start=1)
    ]
    board = link_all(sightings)
    return scores([board.home(one.place) for one in sightings], told)


def name_verdicts(names: Iterable[str]) -> dict[str, Callable[[str, str], bool]]:
    """Verdicts of bare name pairs at usual thresholds."""
    known = list(dict.fromkeys(" ".join(words_of(name).core) for name in names))
    clks = dict(zip(known, _clks(known), strict=True))

    def dice(one: str, other: str) -> float:
        a, b = (clks[" ".join(words_of(name).core)] for name in (one, other))
        return 2 * (a & b).count() / max(1, a.count() + b.count())

    def ratio(one: str, other: str) -> float:
        return fuzz.token_sort_ratio(*(" ".join(words_of(name).core) for name in (one, other)))

    return {
        **{f"clk {limit}": (lambda a, b, at=limit: dice(a, b) >= at) for limit in (0.75, 0.85, 0.9)},  # type: ignore[misc]
        **{f"plaintext {limit}": (lambda a, b, at=limit: ratio(a, b) >= at) for limit in (85, 92)},  # type: ignore[misc]
    }


def _alike_words(names: Sequence[str], limit: float) -> Alike:
    """Pairs of names by the ratio of their sorted words."""
    for start in range(0, len(names), 500):
        found = process.cdist(
            names[start : start + 500],
            names,
            scorer=fuzz.token_sort_ratio,
            score_cutoff=limit,
            dtype=np.uint8,
        )
        for one, other in zip(*np.nonzero(found), strict=True):
            if start + one < other:
                yield start + int(one), int(other)


def _alike_clks(names: Sequence[str], limit: float) -> Alike:
    """Pairs of names by the Dice coefficient of their CLKs."""
    clks = _clks(names)
    _, (first, second) = anonlink.similarities.dice_coefficient([clks, clks], limit)
    for one, other in zip(first, second, strict=True):
        if one < other:
            yield int(one), int(other)


def _clks(names: Sequence[str]) -> list[bitarray]:
    schema = Schema(
        fields=[
            StringSpec(
                identifier="name",
                hashing_properties=FieldHashingProperties(
                    comparator=comparators.NgramComparison(2),
                    strategy=BitsPerFeatureStrategy(300),
                    hash_type="blakeHash",
                ),
                case="lower",
                max_length=None,
            )
        ],
        l=_BITS,
    )
    return clk.generate_clks([(name or " ",) for name in names], schema, _KNOWN_TO_EVERY_FIRM, max_workers=1)


def _tag(*told: str) -> Tag:
    return Tag(blake2b("\0".join(told).encode(), digest_size=32).digest())
