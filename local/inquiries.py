"""Background load: made-up inquiries about sampled names, so that a local Cairn is not empty.

The same seed gives the same inquiries. Contacts are invented; phones are of ranges that
regulators keep for fiction or that nobody can dial, domains end in `.example`. A share of the subjects
asks several firms, as procurers do; one forwarder's phone belongs to many of them.
"""

import csv
import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cairn_protocol.codes import items, red_flags

_NAMES = Path(__file__).parent / "data" / "subjects.csv"
_FORWARDER_PHONE = "+44 20 7946 0000"
_CHANNELS = ("EMAIL", "WEBFORM", "PHONE", "DISTRIBUTOR", "RFQ_PORTAL", "BROKER")
_OUTCOMES = ("OPEN", "HELD", "DECLINED", "DECLINED", "REFERRED", "CLEARED", "LOST_CONTACT")
_VIA = ("AE", "HK", "TR", "SG", "MY", "KZ", "GE")


@dataclass(frozen=True, slots=True)
class Subject:
    """A buyer that asks one firm or several."""

    name: str
    country: str
    email: str
    phone: str
    asks: int  # how many firms it turns to


def subjects(count: int, rng: random.Random) -> list[Subject]:
    """`count` subjects, about a third of which ask more than one firm."""
    with _NAMES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Subject(
            row["name"],
            row["country"],
            f"purchase@{_slug(row['name'])}-{rng.randrange(100, 999)}.example",
            f"+44 1632 96{rng.randrange(10_000):04d}",
            rng.choices((1, 2, 3, 4, 6), (66, 14, 10, 6, 4))[0],
        )
        for row in rng.sample(rows, count)
    ]


def inquiries(
    firms: Sequence[tuple[str, str]], count: int, *, seed: int, today: dt.date
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(firm, inquiry as the SDK reads it), about `count` of them.

    firms  id and sector of each
    """
    rng = random.Random(seed)
    listed = list(items().items)
    flags = [flag.code for flag in red_flags().flags if not flag.local_only and flag.status != "retired"]
    number = 0
    for subject in subjects(min(count, 330), rng):
        for firm, sector in rng.sample(list(firms), min(subject.asks, len(firms))):
            if number == count:
                return
            number += 1
            item = rng.choice(listed)
            yield (
                firm,
                {
                    "inquiry_id": f"{firm}-{number:05d}",
                    "sector": sector,
                    "received_on": (today - dt.timedelta(days=rng.randrange(1, 300))).isoformat(),
                    "channel": rng.choice(_CHANNELS),
                    "stage": "inquiry" if sector == "exporter" else "shipment",
                    "party": {
                        "role": rng.choice(("PUR", "PUR", "UCN", "EUS")),
                        "name": subject.name,
                        "country": subject.country,
                        "emails": [subject.email] if rng.random() < 0.7 else [],
                        "phones": [_FORWARDER_PHONE if rng.random() < 0.03 else subject.phone],
                    },
                    "item": {"hs6" if item.system == "HS6" else "eccn": item.code},
                    "quantity": int(rng.lognormvariate(2.5, 1.2)) + 1,
                    "value_usd": int(rng.lognormvariate(9, 1.5)) + 200,
                    "route": {
                        "export_country": rng.choice(("US", "DE", "GB", "NL", "JP")),
                        "via": rng.sample(_VIA, rng.choice((0, 1, 1, 2))),
                        "stated_destination": subject.country,
                    },
                    "end_use_stated": rng.choice(
                        ("research", "oil-gas", "telecom", "semiconductor", "resale")
                    ),
                    "red_flags": sorted(rng.sample(flags, rng.choice((1, 2, 2, 3)))),
                    "outcome": rng.choice(_OUTCOMES),
                },
            )


def _slug(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())[:16] or "buyer"
