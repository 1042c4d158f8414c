"""T2, complementary items: one subject asks different firms for families that fit one programme together.

Fires if three or more distinct families share a programme, at least three groups were asked for them, and no
one group saw all of them: what a single firm can see by itself needs no hub. Members learn that it fired;
programmes and families are for analysts.
Source: domain brief 3, T2; story S2, and S1, in which one family alone was asked for.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from hub.typologies.asking import Asking, Hit

MIN_FAMILIES: Final = 3
MIN_GROUPS: Final = 3


def complementary_items(asked: Sequence[Asking]) -> Hit | None:
    """T2, over all programmes that it fires for."""
    families_by_group: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for one in asked:
        for programme in one.programmes:
            families_by_group[programme][one.group].add(one.family)
    fired: dict[str, set[str]] = {}
    groups: set[str] = set()
    for programme, by_group in families_by_group.items():
        families = set().union(*by_group.values())
        spread = len(by_group) >= MIN_GROUPS and all(seen < families for seen in by_group.values())
        if len(families) >= MIN_FAMILIES and spread:
            fired[programme] = families
            groups |= by_group.keys()
    if not fired:
        return None
    facts = {
        "programmes": tuple(sorted(fired)),
        "families": tuple(sorted(set().union(*fired.values()))),
    }
    return Hit("T2", len(groups), facts)
