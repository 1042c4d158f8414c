"""Finding the leaf where the hub's log is not the one that trustees cosigned.

The judge is a mirror whose leaves lead to the cosigned root, so it needs no trust in whoever
keeps it. Against it stand what the hub gives as the leaf, and what its table says.
"""

from typing import Final

from cairn.client.connection import HUB
from cairn.client.errors import ProofInvalid
from cairn.client.mirrors import Mirror, Mirrors
from cairn.client.reading import Reading

TOLD_AT_MOST: Final = 5
_SHOWN_DIGITS: Final = 16


async def altered_leaves(reading: Reading, size: int, root: bytes, mirrors: Mirrors) -> ProofInvalid | None:
    """The finding that names every altered leaf among the first `size`, under the cosigned `root`.

    None if no leaf differs: then whatever raised suspicion lies elsewhere.
    """
    mirror = await mirrors.leading_to(size, root)
    if mirror is None:
        return _without_mirror(reading, size, root)
    findings = {index: _against(mirror, reading, index) for index in reading.differing(mirror.leaf_hashes)}
    return _finding(_by_itself(reading) | findings)


def _without_mirror(reading: Reading, size: int, root: bytes) -> ProofInvalid | None:
    findings = _by_itself(reading) | {
        index: f"leaf {index} ({reading.kind(index)}): the hub's table says {_short(reading.stated(index))}, "
        f"what it gives as the leaf makes {_short(reading.computed(index))}"
        for index in reading.odd
    }
    if not findings and reading.followed.root != root:
        findings[size] = (
            f"the hub's {size} leaves don't lead to the root that trustees cosigned; where, "
            "a trustee's mirror would tell, and none answers with all leaves"
        )
    return _finding(findings)


def _by_itself(reading: Reading) -> dict[int, str]:
    """What is off whatever the trustees cosigned."""
    return {
        index: f"leaf {index} ({reading.kind(index)}): a second index {number}, or an older one: the hub may show "
        "members different ones"
        for index, number in reading.second_indexes.items()
    } | {
        index: f"leaf {index} ({reading.kind(index)}): its content is not what its digest says"
        for index in reading.false_content
    }


def _against(mirror: Mirror, reading: Reading, index: int) -> str:
    stated, computed, true = reading.stated(index), reading.computed(index), mirror.at(index)
    keepers = "mirror of " + mirror.trustees[0] if len(mirror.trustees) == 1 else "trustees' mirrors"
    says = "says" if len(mirror.trustees) == 1 else "say"
    odd = "" if computed == stated else f", what it gives as the leaf makes {_short(computed)}"
    return (
        f"leaf {index} ({reading.kind(index)}): the hub's table says {_short(stated)}{odd}, "
        f"the {keepers} {says} {_short(true)}"
    )


def _finding(findings: dict[int, str]) -> ProofInvalid | None:
    if not findings:
        return None
    told = [findings[index] for index in sorted(findings)[:TOLD_AT_MOST]]
    if len(findings) > TOLD_AT_MOST:
        told.append(f"and {len(findings) - TOLD_AT_MOST} more")
    return ProofInvalid("log-altered", "\n".join(told), culprit=HUB)


def _short(digest: bytes) -> str:
    return digest.hex()[:_SHOWN_DIGITS] + "…"
