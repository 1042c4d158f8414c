"""Attention: what a firm's own time should go to, from red flags and what the network saw.

Transparent and local: every point has a reason, a member may override the weights, and nothing
about a person (nationality, name, language, age) or a country alone can be an input, for the
inputs are flag codes and counts and nothing else.

    local     low 1, medium 2, high 3 a flag, at most 4 a category; RF-CUS-07 counts only beside another category
    network   2 to 4 groups +2, five or more +4, T2 +2, T3 +1; halves every 180 days
    cleared   -2 for each independent clearance of the last 180 days, at most -4
    level     A0 below 3, A1 from 3, A2 from 6, A3 from 10; without a medium or high flag never above A1

Source: domain brief 4.2, P12.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cairn_protocol.codes import red_flags
from cairn_protocol.errors import CairnError

MOST_A_CATEGORY: Final = 4
MOST_CLEARED: Final = 4
HALF_LIFE_DAYS: Final = 180
_SEVERITY: Final = {"low": 1, "medium": 2, "high": 3}
_LEVELS: Final = ((10, "A3"), (6, "A2"), (3, "A1"), (0, "A0"))
# An unexpected name or language says nothing by itself.
_NEVER_ALONE: Final = "RF-CUS-07"


class UnknownFlag(CairnError):
    """A code that the red-flag list does not have."""

    slug = "unknown-code"


@dataclass(frozen=True, slots=True)
class Network:
    """What others saw: independent groups counting the asker, typologies, clearances, age of the evidence in days."""

    groups: int = 0
    typologies: frozenset[str] = frozenset()
    cleared: int = 0
    age_days: float = 0


@dataclass(frozen=True, slots=True)
class Score:
    """Points, the level they amount to, and a sentence for each part."""

    points: float
    attention: str
    reasons: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """The object `cairn score --json` prints."""
        points = int(self.points) if self.points == int(self.points) else round(self.points, 2)
        return {"points": points, "attention": self.attention, "reasons": list(self.reasons)}


def weights() -> dict[str, int]:
    """The default weight of every flag. A firm overrides what it knows better."""
    return {flag.code: _SEVERITY[flag.severity_hint] for flag in red_flags().flags}


def score(
    flags: Sequence[str], network: Network | None = None, overrides: Mapping[str, int] | None = None
) -> Score:
    """The score of an inquiry's flags and of what the network saw. Raises UnknownFlag."""
    network = network or Network()
    weight = {**weights(), **(overrides or {})}
    if unknown := sorted(set(flags) - weights().keys()) + sorted((overrides or {}).keys() - weights().keys()):
        raise UnknownFlag(f"the red-flag list has no {', '.join(unknown)}")
    local, reasons, serious = _local(sorted(set(flags)), weight)
    seen, more = _network(network)
    points = max(0.0, local + seen)
    level = next(name for floor, name in _LEVELS if points >= floor)
    if not serious and level > "A1":
        level, more = "A1", [*more, "no medium or high flag: never above A1"]
    return Score(points, level, (*reasons, *more))


def _local(flags: Sequence[str], weight: Mapping[str, int]) -> tuple[int, list[str], bool]:
    by_category: dict[str, list[str]] = {}
    for flag in flags:
        by_category.setdefault(flag.split("-")[1], []).append(flag)
    reasons = []
    if _NEVER_ALONE in flags and set(by_category) == {"CUS"}:
        by_category["CUS"].remove(_NEVER_ALONE)
        reasons.append(f"{_NEVER_ALONE} counts nothing without a flag of another category")
    total = 0
    for category, found in by_category.items():
        if not found:
            continue
        points = sum(weight[flag] for flag in found)
        counted = min(points, MOST_A_CATEGORY)
        capped = f", capped at {MOST_A_CATEGORY}" if points > counted else ""
        reasons.append(f"{', '.join(found)}: +{counted} ({category}{capped})")
        total += counted
    counting = [flag for found in by_category.values() for flag in found]
    return total, reasons, any(weight[flag] >= _SEVERITY["medium"] for flag in counting)


def _network(network: Network) -> tuple[float, list[str]]:
    parts = []
    if network.groups >= 2:
        parts.append((4, "five or more groups") if network.groups >= 5 else (2, "two to four groups"))
    if "T2" in network.typologies:
        parts.append((2, "complementary items (T2)"))
    if "T3" in network.typologies:
        parts.append((1, "one contact under several names (T3)"))
    fading = 0.5 ** (max(0.0, network.age_days) / HALF_LIFE_DAYS)
    total = sum(points for points, _ in parts) * fading
    reasons = [f"{what}: +{points}" for points, what in parts]
    if parts and network.age_days > 0:
        reasons.append(
            f"evidence is {network.age_days:g} days old: the network's part counts {fading:.2f} of itself"
        )
    cleared = min(2 * max(0, network.cleared), MOST_CLEARED)
    if cleared:
        reasons.append(f"cleared by others {network.cleared} times in 180 days: -{cleared}")
    return total - cleared, reasons
