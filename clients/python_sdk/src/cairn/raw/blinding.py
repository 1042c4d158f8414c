"""From match keys to what goes to trustees: padded subjects, each value once.

A subject is 26 slots for name keys and 6 for identifying values; slots without a value to
evaluate are fillers. A subject whose values are all known costs nothing and is not sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cairn.raw.normalise.match_key import MatchKey
from cairn.raw.register import Derived
from cairn_protocol.kinds import NAME_EVALUATIONS, VALUE_EVALUATIONS, KeyName, key_for
from cairn_protocol.tags import derive
from cairn_protocol.voprf import Output

Slots = tuple[bytes | None, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about one inquiry: the keys still unknown, strongest first."""

    names: tuple[MatchKey, ...] = field(repr=False)
    values: tuple[MatchKey, ...] = field(repr=False)

    def slots(self) -> tuple[Slots, Slots]:
        """(26 name inputs, 6 value inputs), None for a filler."""
        return _padded(self.names, NAME_EVALUATIONS), _padded(self.values, VALUE_EVALUATIONS)


def _padded(keys: Sequence[MatchKey], size: int) -> Slots:
    return (*(key.oprf_input() for key in keys), *[None] * (size - len(keys)))


def subjects_for(
    keys_by_inquiry: Sequence[Sequence[MatchKey]], known: Mapping[MatchKey, Derived]
) -> list[Subject]:
    """The subjects to evaluate for these inquiries: one for each that has a value nobody has asked about yet."""
    asked: set[MatchKey] = set(known)
    subjects = []
    for keys in keys_by_inquiry:
        fresh = [key for key in keys if key not in asked]
        if fresh:
            asked.update(fresh)
            subjects.append(
                Subject(
                    tuple(key for key in fresh if key_for(key.kind) is KeyName.NAMES),
                    tuple(key for key in fresh if key_for(key.kind) is KeyName.VALUES),
                )
            )
    return subjects


def derive_all(
    subjects: Sequence[Subject],
    outputs: Sequence[tuple[Sequence[Output | None], Sequence[Output | None]]],
    epoch: int,
) -> dict[MatchKey, Derived]:
    """What the values became, from the outputs of the subjects' slots in their order."""
    derived = {}
    for subject, (names, values) in zip(subjects, outputs, strict=True):
        for keys, slots in ((subject.names, names), (subject.values, values)):
            for key, y in zip(keys, slots, strict=False):
                assert y is not None
                secret = derive(y, key.kind, epoch)
                derived[key] = Derived(y, secret.tag, secret.card_key)
    return derived
