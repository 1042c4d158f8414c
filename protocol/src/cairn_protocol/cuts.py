"""What cuts do: which reports are set aside, and which no longer bear each other out.

Read from the log's leaves, by a trustee for its verdict and by a firm for its own reports. A trustee asks for no
signature: a false cut can only keep something shut. A firm does (`check_cut`), for it is told who cut and why.
Source: design.md 4.4, G10.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from cairn_protocol.errors import BadRoster, PartyId
from cairn_protocol.messages.corrections import Cut, CutConfirmation, CutOrder, check_order, cut_id
from cairn_protocol.messages.parties import Entry, Role
from cairn_protocol.messages.wire import Signed, decode, digest_of, open_signed
from cairn_protocol.roster import Roster

# A side of a cut: the cut's id, and the number of the part.
Side = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Cuts:
    """The cuts among some leaves.

    aside  reports that count nothing any more
    sides  of each report that was cut from others, the sides it is on
    """

    aside: frozenset[UUID] = frozenset()
    sides: Mapping[UUID, frozenset[Side]] = field(default_factory=dict)

    def apart(self, one: UUID, other: UUID) -> bool:
        """Whether a cut lies between the two reports."""
        return are_apart(self.sides.get(one, frozenset()), self.sides.get(other, frozenset()))


NONE: Final = Cuts()


def are_apart(one: Iterable[Side], other: Iterable[Side]) -> bool:
    """Whether some cut has the two on different sides."""
    parts: dict[str, set[int]] = defaultdict(set)
    for cut, part in other:
        parts[cut].add(part)
    return any(parts[cut] - {part} for cut, part in one if cut in parts)


def order_of(content: bytes) -> CutOrder:
    """The order in a cut's leaf. Its signature is not checked here (`check_cut`). Raises BadMessage."""
    order = decode(decode(content, Cut).order.body, CutOrder)
    check_order(order)
    return order


def cuts_of(contents: Iterable[bytes]) -> Cuts:
    """What these leaves' contents cut. Raises BadMessage."""
    aside: set[UUID] = set()
    sides: dict[UUID, set[Side]] = defaultdict(set)
    for content in contents:
        order = order_of(content)
        if len(order.parts) == 1:
            aside.update(order.parts[0])
            continue
        for at, part in enumerate(order.parts):
            for report in part:
                sides[report].add((cut_id(order), at))
    return Cuts(frozenset(aside), {report: frozenset(found) for report, found in sides.items()})


def check_cut(content: bytes, roster: Roster, leaf_index: int) -> CutOrder:
    """The order in a cut's leaf, once a reviewer and an analyst of the roster signed it.

    leaf_index  where the leaf is: both must have been on the roster before

    Raises BadRoster, BadSignature or BadMessage.
    """
    cut, order = decode(content, Cut), order_of(content)
    confirmation = decode(cut.confirmation.body, CutConfirmation)
    if confirmation.order != digest_of(order):
        raise BadRoster("the confirmation is of another cut", culprit=f"analyst:{confirmation.analyst}")
    _check_signed(cut.order, CutOrder, roster, order.reviewer, Role.REVIEWER, leaf_index)
    _check_signed(cut.confirmation, CutConfirmation, roster, confirmation.analyst, Role.ANALYST, leaf_index)
    return order


def _check_signed(
    signed: Signed,
    cls: type[CutOrder | CutConfirmation],
    roster: Roster,
    party: str,
    role: Role,
    leaf_index: int,
) -> None:
    culprit = f"{role.value}:{party}"
    open_signed(signed, cls, _entry(roster, party, role, leaf_index, culprit).signing_key, culprit=culprit)


def _entry(roster: Roster, party: str, role: Role, leaf_index: int, culprit: PartyId) -> Entry:
    """The party's entry when the leaf was logged. Raises BadRoster."""
    begun = [standing for standing in roster.standings(party) if standing.leaf_index < leaf_index]
    if not begun or begun[-1].entry.role is not role:
        raise BadRoster(f"a cut by nobody who was a {role.value} when it was logged", culprit=culprit)
    standing = begun[-1]
    if standing.revoked_at is not None and standing.revoked_at < leaf_index:
        raise BadRoster("a cut under a key that was revoked before", culprit=culprit)
    return standing.entry
