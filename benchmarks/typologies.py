"""Typologies: all of them over 100,000 reports at once, and over the one subject that a new report touches.

From reports as they are read for cards, events told apart included; reading and decrypting them is not. Sizes of
subjects are as in the background load (`local.inquiries`): two thirds ask one firm, few ask many.
"""

import random
import statistics
from collections.abc import Sequence
from functools import partial
from typing import Final

from benchmarks.measuring import CPU, run_on_one_core, seconds, tell
from cairn_protocol.codes import SentOutcome, items
from cairn_protocol.kinds import Kind
from cairn_protocol.messages.parties import Sector
from cairn_protocol.messages.report import Confidence
from cairn_protocol.tags import Tag
from hub.cards.insight import Told, askings
from hub.linkage.events import Seen, events_of
from hub.typologies.asking import Hit
from hub.typologies.registry import hits

REPORTS: Final = 100_000
_SIZES: Final = ((1, 2, 3, 4, 6, 12, 40), (60, 16, 10, 6, 4, 3, 1))
_OUTCOMES: Final = (None, SentOutcome.DECLINED, SentOutcome.HELD, SentOutcome.CLEARED)


def found(reports: Sequence[Told]) -> list[Hit]:
    """What a publication does for each subject that changed."""
    return hits(askings(reports, events_of([report.seen for report in reports])))


def subject(size: int, dice: random.Random) -> list[Told]:
    """A subject's reports, by up to forty groups, under a few names on one phone."""
    listed = items().items
    names = [dice.randbytes(32) for _ in range(dice.choice((1, 1, 1, 2, 3, 5)))]
    phone = (Kind.PHONE, Tag(dice.randbytes(32)))
    told = []
    for at in range(size):
        item = dice.choice(listed)
        shipment = frozenset({Tag(dice.randbytes(32))}) if dice.random() < 0.1 else frozenset()
        told.append(
            Told(
                Seen(at, f"group-{dice.randrange(40)}", dice.choice(list(Sector)), shipment),
                f"2026-W{dice.randrange(1, 53):02}",
                Confidence.STATEMENT,
                item.family,
                ((Kind.NAME, Tag(dice.choice(names))), phone),
                outcome=dice.choice(_OUTCOMES),
                programmes=frozenset(item.programme_tags),
            )
        )
    return told


def main() -> None:
    """Measure on one core."""
    dice = random.Random(7)
    subjects: list[list[Told]] = []
    made = 0
    while made < REPORTS:
        size = min(dice.choices(*_SIZES)[0], REPORTS - made)
        subjects.append(subject(size, dice))
        made += size
    fired: list[Hit] = []
    took = seconds(lambda: fired.extend(hit for one in subjects for hit in found(one)), CPU)
    tell("typologies", f"batch of {REPORTS} reports of {len(subjects)} subjects", took, "s")
    tell("typologies", "patterns that fired", len(fired), "patterns")
    for size in (12, 1_000):
        touched = subject(size, dice)
        once = statistics.median(seconds(partial(found, touched), CPU) for _ in range(30))
        tell("typologies", f"new report of a subject of {size}", once * 1_000, "ms")


if __name__ == "__main__":
    import sys

    if "--here" in sys.argv:
        main()
    else:
        run_on_one_core("benchmarks.typologies", "--here")
