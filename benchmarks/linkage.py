"""Linkage measured: who is found to be one buyer, by the real keys and the hub's own rules.

    python benchmarks/linkage.py --reports R.jsonl --truth T.jsonl --json [--peers] [--oprf real|stand-in]

Reads inquiries and their truth as `benchmarks.made_up_inquiries` writes them and prints one JSON object:

    precision, recall, f1          of pairs of reports, after clustering
    b3_precision, b3_recall        per report (B-cubed)
    company_recall                 recall of pairs about companies that are on no list
    variants                       recall of pairs with a report of each variant
    procurers_together             share of a procurer's names in its largest cluster, if the truth has procurers
    traps, traps_linked            traps in the truth, and those that joined two parties
    keys_per_report                before padding
    seconds                        {"keys", "link"}: processor time of one core

The OPRF stands for itself in `--oprf real`, which costs milliseconds a key; by default a keyed hash with
outputs of the same shape stands in for it, for equal values give equal tags either way. Reports are padded
with random tags as firms pad them. With `--peers` the object has `peers`: see `benchmarks.linkage_peers`.

Without `--reports` it is a bench like the others: JSON lines of made-up inquiries in either setting, and how
linking grows from 200,000 tags to 1,000,000.
"""

import argparse
import hashlib
import importlib
import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

if __package__ in (None, ""):  # run by its path
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.made_up_inquiries import made_up
from benchmarks.measuring import tell
from cairn.raw.inquiry import Inquiry
from cairn.raw.normalise import MatchKey, exact_keys, fuzzy_keys
from cairn_protocol import voprf
from cairn_protocol.group import multiply, random_scalar
from cairn_protocol.kinds import FUZZY_COUNT, Kind
from cairn_protocol.sharing import Index
from cairn_protocol.tags import Tag, derive
from hub.linkage.batch import link_all
from hub.linkage.clustering import Sighting

EPOCH: Final = 1
GROWTH_REPEATS: Final = 3
_WHOLE_KEY: Final = Index(1)  # of one trustee that has all of it

Evaluate = Callable[[MatchKey], Tag]


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the two files."""

    inquiry: Inquiry
    entity: str
    variant: str
    procurer: str | None
    trap: str | None


def read(reports: Path, truth: Path) -> list[Told]:
    """Inquiries with the truth about them, in the order of the reports' file."""
    with truth.open(encoding="utf-8") as file:
        known = {row["inquiry_id"]: row for row in map(json.loads, file)}
    with reports.open(encoding="utf-8") as file:
        return [_told(inquiry, known[inquiry["inquiry_id"]]) for inquiry in map(json.loads, file)]


def _told(inquiry: dict[str, Any], truth: dict[str, Any]) -> Told:
    return Told(
        Inquiry.from_mapping(inquiry),
        truth["entity_id"],
        truth["variant"],
        truth.get("procurer"),
        truth.get("trap"),
    )


def keys_of(inquiry: Inquiry) -> tuple[MatchKey, ...]:
    """All match keys, as `cairn report` derives them."""
    return (*exact_keys(inquiry), *fuzzy_keys(inquiry))


def stand_in() -> Evaluate:
    """A keyed hash in place of the OPRF: equal tags for equal values, and nothing else to be seen."""
    key = os.urandom(32)
    return lambda value: Tag(hashlib.blake2b(value.oprf_input(), key=key, digest_size=32).digest())


def real_oprf() -> Evaluate:
    """The OPRF under one key of this process: the output that trustees reach together."""
    secret = random_scalar()

    def evaluate(value: MatchKey) -> Tag:
        blinded = voprf.blind([value.oprf_input()])
        answer = voprf.Evaluation((multiply(secret, blinded.elements[0]),), b"")
        (y,) = voprf.combine(blinded, {_WHOLE_KEY: answer})
        assert y is not None
        return derive(y, value.kind, EPOCH).tag

    return evaluate


def prepared(told: Sequence[Told], keys: Sequence[Sequence[MatchKey]], evaluate: Evaluate) -> list[Sighting]:
    """The reports as the hub has them when it links: tags, filler among them, group and country."""
    known: dict[MatchKey, Tag] = {}
    sightings = []
    for place, (one, mine) in enumerate(zip(told, keys, strict=True), start=1):
        tags = []
        for key in dict.fromkeys(mine):
            if key not in known:
                known[key] = evaluate(key)
            tags.append((key.kind, known[key]))
        present = Counter(kind for kind, _ in tags)
        tags += [
            (kind, Tag(os.urandom(32)))
            for kind, count in FUZZY_COUNT.items()
            for _ in range(count - present[kind])
        ]
        if not present[Kind.NAME] and not present[Kind.NAME_COMMON]:
            tags.append((Kind.NAME, Tag(os.urandom(32))))
        sightings.append(
            Sighting(
                place, one.inquiry.group or one.inquiry.firm, one.inquiry.party.country or None, tuple(tags)
            )
        )
    return sightings


def scores(homes: Sequence[Hashable], told: Sequence[Told]) -> dict[str, Any]:
    """The figures of a clustering, one home a report."""
    clusters: dict[Hashable, Counter[str]] = defaultdict(Counter)
    for home, one in zip(homes, told, strict=True):
        clusters[home][one.entity] += 1
    sizes = {home: mine.total() for home, mine in clusters.items()}
    entities = Counter(one.entity for one in told)
    together = sum(_pairs(count) for mine in clusters.values() for count in mine.values())
    precision = together / max(1, sum(map(_pairs, sizes.values())))
    recall = together / max(1, sum(map(_pairs, entities.values())))
    found = [clusters[home][one.entity] for home, one in zip(homes, told, strict=True)]
    reached: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for count, one in zip(found, told, strict=True):
        reached[one.variant][0] += count - 1
        reached[one.variant][1] += entities[one.entity] - 1
    companies = [entity for entity in entities if entity.startswith("company:")]
    of_companies = sum(
        _pairs(count)
        for mine in clusters.values()
        for entity, count in mine.items()
        if entity.startswith("company:")
    )
    figures = {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(1e-9, precision + recall),
        "b3_precision": sum(count / sizes[home] for count, home in zip(found, homes, strict=True))
        / len(told),
        "b3_recall": sum(count / entities[one.entity] for count, one in zip(found, told, strict=True))
        / len(told),
        "company_recall": of_companies / max(1, sum(_pairs(entities[entity]) for entity in companies)),
    }
    rounded: dict[str, Any] = {name: round(value, 4) for name, value in figures.items()}
    rounded["variants"] = {
        variant: round(got / wanted, 4) for variant, (got, wanted) in sorted(reached.items()) if wanted
    }
    return rounded | _churn(homes, told)


def _churn(homes: Sequence[Hashable], told: Sequence[Told]) -> dict[str, Any]:
    """What became of procurers and traps, where the truth knows them."""
    procurers: dict[str, Counter[Hashable]] = defaultdict(Counter)
    traps: dict[str, dict[Hashable, set[str]]] = defaultdict(lambda: defaultdict(set))
    for home, one in zip(homes, told, strict=True):
        if one.procurer:
            procurers[one.procurer][home] += 1
        if one.trap:
            traps[one.trap][home].add(one.entity)
    if not procurers and not traps:
        return {}
    shares = [max(names.values()) / names.total() for names in procurers.values()]
    linked = sum(any(len(parties) > 1 for parties in where.values()) for where in traps.values())
    return {
        "procurers_together": round(sum(shares) / max(1, len(shares)), 4),
        "traps": len(traps),
        "traps_linked": linked,
    }


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What work returns, and the processor seconds it took."""
    begun = time.process_time()
    result = work()
    return result, round(time.process_time() - begun, 3)


def measure(told: Sequence[Told], evaluate: Evaluate) -> dict[str, Any]:
    """All figures but the peers'."""
    keys, of_keys = timed(lambda: [keys_of(one.inquiry) for one in told])
    sightings = prepared(told, keys, evaluate)
    board, of_linking = timed(lambda: link_all(sightings))
    return scores([board.home(one.place) for one in sightings], told) | {
        "keys_per_report": round(sum(map(len, keys)) / len(keys), 2),
        "seconds": {"keys": of_keys, "link": of_linking},
    }


def growth() -> float:
    """How much longer five times the tags take to link."""

    def seconds_for(tags: int) -> float:
        per_report = 1 + sum(FUZZY_COUNT.values()) + 2  # a name, its padded likenesses, two contacts
        sightings = []
        for place in range(tags // per_report):
            subject, spelling = place // 4, place % 4 // 2  # its four reports have two spellings, one phone
            told = [
                (Kind.PHONE, f"{subject}"),
                (Kind.NAME, f"{subject} {spelling}"),
                (Kind.EMAIL, f"{place}"),
            ]
            told += [(Kind.EDIT, f"{subject} {spelling} {at}") for at in range(12)]
            told += [(Kind.EDIT, f"filler {place} {at}") for at in range(per_report - len(told))]
            mine = tuple(
                (kind, Tag(hashlib.blake2b(f"{kind}{value}".encode(), digest_size=32).digest()))
                for kind, value in told
            )
            sightings.append(Sighting(place, f"g{place % 40}", "TR", mine))
        # The best of some: what else the machine does can only add.
        return min(timed(lambda: link_all(sightings))[1] for _ in range(GROWTH_REPEATS))

    few = seconds_for(200_000)
    return seconds_for(1_000_000) / few


def peers() -> ModuleType:
    """The module of the peers. Ends with a sentence if they are not installed."""
    try:
        return importlib.import_module("benchmarks.linkage_peers")
    except ImportError as missing:
        raise SystemExit(
            f"--peers needs what requirements/peers.in names ({missing.name} is missing): see there how to install it"
        ) from missing


def bench() -> None:
    """The figures of made-up inquiries, as lines of `make bench`."""
    for setting in ("ordinary", "churn-heavy"):
        figures = measure(
            [_told(made.inquiry, made.truth) for made in made_up(5_000, setting, seed=1)], stand_in()
        )
        for line in lines(figures):
            name, value = line.split()
            unit = "s" if name.startswith("seconds") else "traps" if name.startswith("traps") else "share"
            unit = "keys" if name.startswith("keys") else unit
            tell("linkage", f"{setting.replace('-', '_')}.{name}", float(value), unit)
    tell("linkage", "growth_of_linking", growth(), "ratio")


def lines(figures: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """The figures for people, a line each."""
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from lines(value, f"{prefix}{name}.")
        else:
            yield f"{prefix + name:32} {value}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reports", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--oprf", choices=("real", "stand-in"), default="stand-in")
    asked = parser.parse_args()
    if asked.reports is None or asked.truth is None:
        bench()
        return
    told = read(asked.reports, asked.truth)
    figures = measure(told, real_oprf() if asked.oprf == "real" else stand_in())
    if asked.peers:
        linkage_peers = peers()

        figures["peers"] = linkage_peers.measure(told)
    print(json.dumps(figures) if asked.json else "\n".join(lines(figures)))


if __name__ == "__main__":
    main()
