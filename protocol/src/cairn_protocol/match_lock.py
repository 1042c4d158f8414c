"""Match lock: a line that everyone who knows a value derives alike, so two groups' shares meet.

A report holds one share of the line of each lockable key, at the place of its group.
`check_share` refuses a share off its line on arrival; `recover` needs the shares of two
groups. Whoever knows the value knows the line: this lock alone is no protection against
the hub together with one such member.

Not here: the line from the OPRF output (`tags`), wrapping a sealed part, the assent lock.
Source: Callisto (Rajan et al., COMPASS 2018); Feldman (FOCS 1987).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NewType

from cairn_protocol import sharing
from cairn_protocol.errors import BadShare, PartyId, TooFewShares
from cairn_protocol.group import ORDER, Element, Scalar, multiply_base

# A group's place on every line: 1 to 65535, fixed by the roster and never taken from a report.
GroupIndex = NewType("GroupIndex", int)
MAX_GROUP_INDEX = 65_535


@dataclass(frozen=True, slots=True)
class Line:
    """f(x) = a_0 + a_1 x, secret to those who know the value."""

    a_0: Scalar = field(repr=False)
    a_1: Scalar = field(repr=False)

    def commitments(self) -> tuple[Element, Element]:
        """C_0 and C_1, C_i = a_i * B. Cost: two base multiplications."""
        return multiply_base(self.a_0), multiply_base(self.a_1)

    def share_at(self, at: GroupIndex) -> Scalar:
        """f(at): what a member of that group sends beside its header."""
        return sharing.value_at((self.a_0, self.a_1), at)


def check_share(
    share: Scalar, at: GroupIndex, commitments: Sequence[Element], *, culprit: PartyId | None = None
) -> None:
    """Raise unless `share` is f(at) for the line that `commitments` fix.

    share        scalar, 32 bytes little-endian on the wire
    at           the group's index, 1 to 65535: taken from the roster, never from the report
    commitments  C_0 and C_1, C_i = a_i * B

    Raises BadShare if share * B != C_0 + at * C_1. Cost: two multiplications.
    Source: Feldman 1987.
    """
    if len(commitments) != 2 or not 1 <= at <= MAX_GROUP_INDEX:
        raise BadShare("not a share of a line at a group's place", culprit=culprit)
    sharing.check(share, at, commitments, culprit=culprit)


def recover(shares: Mapping[GroupIndex, Scalar], commitments: Sequence[Element]) -> Scalar:
    """a_0 from the shares of two groups.

    Raises TooFewShares for fewer than two; BadShare if they are not of the committed line.
    Cost: one base multiplication.
    """
    places = list(shares)[:2]
    if len(places) < 2:
        raise TooFewShares("a line needs the shares of two groups")
    coefficients = sharing.lagrange_at_zero(places)
    a_0 = Scalar(sum(c * shares[at] for c, at in zip(coefficients, places, strict=True)) % ORDER)
    if not a_0 or multiply_base(a_0) != commitments[0]:
        raise BadShare("the shares are not of one line")
    return a_0
