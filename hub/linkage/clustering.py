"""Clusters: one report after the other joins the subject it agrees with, or begins one.

A tag leads to the clusters that carry it, never to pairs of reports, so a subject with ten
thousand reports costs no more to join than one with two. Pure: the board holds what was loaded,
`place` changes it, whoever called writes the changes down.

Three guards. A name in another country or beside other contacts may not be enough
(`cairn_protocol.agreement`). Two clusters of `BIG` reports or more become one only through a report that
shares an identifying value with either, never by a name that fits both: one such merge costs more than a
hundred wrong links. An alias is the exception: a rare name that both have exactly, told once more beside a value
of one of them, so that a single mistaken report joins no two. And two clusters that both have `SURE_GROUPS`
groups and tell different registration numbers don't become one through a report that fits both: both need that
many, so that no single firm keeps a subject apart by a made-up number.

And what a reviewer cut apart stays apart, whatever it agrees on.

Not here: which values are common (`common_values`); those tags never come here.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from cairn_protocol.agreement import THRESHOLD, agree
from cairn_protocol.codes.m49 import may_be_one
from cairn_protocol.cuts import Side, are_apart
from cairn_protocol.kinds import LOCKABLE, Kind
from cairn_protocol.tags import Tag

SURE_GROUPS: Final = 3
BIG: Final = 4

# Of these a party has one: two clusters that tell different ones contradict each other.
_CONTRADICTING: Final = (Kind.REGISTRATION, Kind.LEI)

# Kinds as bits: a report has thirty tags, and most of linking is finding out whom it shares which with.
_BIT: Final = {kind: 1 << at for at, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Sighting:
    """A live report as linkage sees it: its turn, group, place if told, tags that decide, sides of cuts.

    country  or the subregion that it lies in
    """

    place: int
    group: str
    country: str | None
    tags: tuple[tuple[Kind, Tag], ...]
    sides: frozenset[Side] = frozenset()


@dataclass(slots=True)
class Cluster:
    """Reports about one subject. Ids below zero are of this board and get a real one when written.

    founder   the place of its oldest report
    groups    of all its reports, before events are told apart
    """

    id: int
    size: int
    founder: int
    groups: set[str] = field(default_factory=set)
    kinds: set[Kind] = field(default_factory=set)
    countries: set[str] = field(default_factory=set)
    sides: set[Side] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class BigMerge:
    """Two big clusters became one. `absorbed` are clusters that were loaded, `places` sightings placed here."""

    through: int
    kept_size: int
    absorbed_size: int
    absorbed: frozenset[int]
    places: frozenset[int]


class Board:
    """The clusters around some sightings, and what placing those changes.

    clusters          every cluster that carries a tag of a sighting to be placed
    clusters_by_tag   for those tags

    After placing: `home` has each sighting's cluster, `merged` who went into whom, `carried` what living
    clusters carry of the tags asked for, `tags` what of that is new, `changed` the living clusters to write.
    """

    def __init__(self, clusters: Iterable[Cluster], clusters_by_tag: Iterable[tuple[Tag, int]]) -> None:
        self.clusters = {cluster.id: cluster for cluster in clusters}
        self.merged: dict[int, int] = {}
        self.tags: dict[int, set[tuple[Kind, Tag]]] = defaultdict(set)
        self.changed: set[int] = set()
        self.big_merges: list[BigMerge] = []
        self._home: dict[int, int] = {}
        # Whose reports a cluster has: clusters that were loaded, and sightings placed on this board.
        self._origins: dict[int, set[int]] = {at: {at} for at in self.clusters}
        self._places: dict[int, set[int]] = defaultdict(set)
        self._by_tag: dict[Tag, set[int]] = defaultdict(set)
        self.carried: dict[int, set[Tag]] = defaultdict(set)
        for tag, cluster_id in clusters_by_tag:
            self._carry(cluster_id, tag)

    def home(self, place: int) -> int:
        """The id of the cluster that the sighting with this place is in now."""
        return self.alive(self._home[place])

    def place(self, sighting: Sighting) -> None:
        """Put a sighting into the cluster it agrees with best, or a new one, and merge those it joins."""
        best_first = self._agreeing(sighting)
        home = best_first[0] if best_first else self._new(sighting.place)
        for other in best_first[1:]:
            if self._may_merge(home, other, sighting):
                home = self._merge(home, other, sighting.place)
        self._join(home, sighting)

    def _agreeing(self, sighting: Sighting) -> list[Cluster]:
        """The clusters that this sighting links to, the best agreement first, then the oldest."""
        shared: dict[int, int] = {}
        mine = 0
        for kind, tag in sighting.tags:
            bit = _BIT[kind]
            mine |= bit
            for cluster_id in self._by_tag.get(tag, ()):
                shared[cluster_id] = shared.get(cluster_id, 0) | bit
        found = []
        country = sighting.country or ""
        for cluster_id, kinds in shared.items():
            cluster = self.clusters[cluster_id]
            abroad = bool(country and cluster.countries) and not any(
                may_be_one(country, other) for other in cluster.countries
            )
            points = _points(kinds, mine & _mask(cluster.kinds) & ~kinds, abroad)
            if points >= THRESHOLD and not are_apart(sighting.sides, cluster.sides):
                found.append((-points, cluster.founder, cluster))
        return [cluster for _, _, cluster in sorted(found, key=lambda one: one[:2])]

    def _may_merge(self, one: Cluster, other: Cluster, through: Sighting) -> bool:
        if are_apart(one.sides | through.sides, other.sides):
            return False
        if min(one.size, other.size) >= BIG and not self._known_to_both(one, other, through):
            return False
        if len(one.groups) < SURE_GROUPS or len(other.groups) < SURE_GROUPS:
            return True
        for kind in _CONTRADICTING:
            if kind in one.kinds and kind in other.kinds:
                in_both = any(
                    told is kind and {one.id, other.id} <= self._by_tag.get(tag, set())
                    for told, tag in through.tags
                )
                if not in_both:
                    return False
        return True

    def _known_to_both(self, one: Cluster, other: Cluster, through: Sighting) -> bool:
        """Whether a report shares an identifying value with either, or with one of them and an alias of both."""
        values = [tag for kind, tag in through.tags if kind in LOCKABLE]
        names = [tag for kind, tag in through.tags if kind is Kind.NAME]
        known = [self._carries(cluster, values) for cluster in (one, other)]
        return all(known) or (any(known) and all(self._carries(cluster, names) for cluster in (one, other)))

    def _carries(self, cluster: Cluster, tags: Iterable[Tag]) -> bool:
        return any(cluster.id in self._by_tag.get(tag, ()) for tag in tags)

    def _merge(self, one: Cluster, other: Cluster, through: int) -> Cluster:
        """The two as one, under the id of the larger, whose rows are more to rewrite."""
        winner, loser = sorted((one, other), key=lambda cluster: (-cluster.size, cluster.founder))
        origins, places = self._origins.pop(loser.id, set()), self._places.pop(loser.id, set())
        if loser.size >= BIG:
            self.big_merges.append(
                BigMerge(through, winner.size, loser.size, frozenset(origins), frozenset(places))
            )
        self._origins.setdefault(winner.id, set()).update(origins)
        self._places[winner.id] |= places
        winner.size += loser.size
        winner.founder = min(winner.founder, loser.founder)
        winner.groups |= loser.groups
        winner.kinds |= loser.kinds
        winner.countries |= loser.countries
        winner.sides |= loser.sides
        del self.clusters[loser.id]
        self.merged[loser.id] = winner.id
        for tag in self.carried.pop(loser.id, set()):
            self._by_tag[tag].discard(loser.id)
            self._carry(winner.id, tag)
        self.tags[winner.id] |= self.tags.pop(loser.id, set())
        self.changed.discard(loser.id)
        self.changed.add(winner.id)
        return winner

    def _join(self, home: Cluster, sighting: Sighting) -> None:
        home.size += 1
        self._places[home.id].add(sighting.place)
        home.founder = min(home.founder, sighting.place)
        home.groups.add(sighting.group)
        home.kinds.update(kind for kind, _ in sighting.tags)
        if sighting.country:
            home.countries.add(sighting.country)
        home.sides |= sighting.sides
        for kind, tag in sighting.tags:
            if home.id not in self._by_tag[tag]:
                self.tags[home.id].add((kind, tag))
                self._carry(home.id, tag)
        self._home[sighting.place] = home.id
        self.changed.add(home.id)

    def _new(self, founder: int) -> Cluster:
        cluster = Cluster(id=-1 - founder, size=0, founder=founder)
        self.clusters[cluster.id] = cluster
        return cluster

    def _carry(self, cluster_id: int, tag: Tag) -> None:
        self._by_tag[tag].add(cluster_id)
        self.carried[cluster_id].add(tag)

    def alive(self, cluster_id: int) -> int:
        """The id under which a cluster lives on after merges."""
        while cluster_id in self.merged:
            cluster_id = self.merged[cluster_id]
        return cluster_id


def _mask(kinds: Collection[Kind]) -> int:
    mask = 0
    for kind in kinds:
        mask |= _BIT[kind]
    return mask


@lru_cache(maxsize=1 << 14)
def _points(shared: int, differing: int, abroad: bool) -> int:
    """The agreement's points for kinds as bits. Few combinations occur, over and over."""
    kinds = [{kind for kind, bit in _BIT.items() if mask & bit} for mask in (shared, differing)]
    return agree(*kinds, countries_differ=abroad).points
