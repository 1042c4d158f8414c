"""Bare names: which of two written names are one party's, by fuzzy keys alone.

    python benchmarks/names.py --pairs FILE.csv --json [--peers]

FILE has the columns name1, name2, is_match (true or false), and country1, country2 if known. Two names match if
they share keys that link by the hub's own points. Prints one object: precision, recall, f1, pairs, matches.
"""

import argparse
import csv
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # run by its path
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.linkage import peers
from cairn.raw.inquiry import Inquiry
from cairn.raw.normalise import MatchKey, exact_keys, fuzzy_keys
from cairn_protocol.agreement import agree


@dataclass(frozen=True, slots=True)
class Pair:
    """Two names, and whether they are one party's."""

    names: tuple[str, str]
    countries: tuple[str, str]
    is_match: bool


def read(path: Path) -> list[Pair]:
    """The pairs of a file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            Pair(
                (row["name1"], row["name2"]),
                (row.get("country1") or "", row.get("country2") or ""),
                row["is_match"].strip().lower() in ("true", "1", "yes"),
            )
            for row in csv.DictReader(file)
        ]


def links(pair: Pair) -> bool:
    """Whether the hub would link two reports that tell these names and nothing else."""
    one, other = (_keys(name, country) for name, country in zip(pair.names, pair.countries, strict=True))
    differ = all(pair.countries) and pair.countries[0] != pair.countries[1]
    return agree({key.kind for key in one & other}, countries_differ=differ).links


def _keys(name: str, country: str) -> set[MatchKey]:
    inquiry = Inquiry.from_mapping({"inquiry_id": "pair", "party": {"name": name, "country": country}})
    return {*exact_keys(inquiry), *fuzzy_keys(inquiry)}


def scores(pairs: Sequence[Pair], verdict: Callable[[Pair], bool]) -> dict[str, Any]:
    """Precision, recall and F1 of a verdict."""
    found = [verdict(pair) for pair in pairs]
    right = sum(pair.is_match for pair, linked in zip(pairs, found, strict=True) if linked)
    precision = right / max(1, sum(found))
    recall = right / max(1, sum(pair.is_match for pair in pairs))
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / max(1e-9, precision + recall), 4),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peers", action="store_true")
    asked = parser.parse_args()
    pairs = read(asked.pairs)
    figures = scores(pairs, links) | {"pairs": len(pairs), "matches": sum(pair.is_match for pair in pairs)}
    if asked.peers:
        linkage_peers = peers()

        figures["peers"] = {
            name: scores(pairs, lambda pair, verdict=verdict: verdict(*pair.names))  # type: ignore[misc]
            for name, verdict in linkage_peers.name_verdicts(
                [name for pair in pairs for name in pair.names]
            ).items()
        }
    print(
        json.dumps(figures)
        if asked.json
        else "\n".join(f"{name:12} {value}" for name, value in figures.items())
    )


if __name__ == "__main__":
    main()
