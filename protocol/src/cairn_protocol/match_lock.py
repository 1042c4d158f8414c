"""Match lock: a line that everyone who knows a value derives alike, so two groups' shares meet.

A report holds one share of the line of each lockable key, at the place of its group.
`check_share` refuses a share off its line on arrival; `recover` needs the shares of two
groups. The inner key of a sealed part is wrapped once for each line, so that any of its
values opens it. Whoever knows the value knows the line: this lock alone is no protection
against the hub together with one such member.

Not here: the line from the OPRF output (`tags`), the text under the inner key (`sealing`), the
second lock (`assent_lock`).
Source: Callisto (Rajan et al., COMPASS 2018); Feldman (FOCS 1987); AES key wrap (RFC 3394).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NewType
from uuid import UUID

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from cairn_protocol import kdf, sharing
from cairn_protocol.errors import BadSealedPart, BadShare, PartyId, TooFewShares
from cairn_protocol.group import ORDER, Element, Scalar, encode_scalar, multiply_base
from cairn_protocol.kdf import Use

# A group's place on every line: 1 to 65535, fixed by the roster and never taken from a report.
GroupIndex = NewType("GroupIndex", int)
MAX_GROUP_INDEX = 65_535

INNER_KEY_BYTES: Final = 32
WRAP_BYTES: Final = INNER_KEY_BYTES + 8


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


def wrap(inner_key: bytes, a_0: Scalar, report_id: UUID, tag: bytes) -> bytes:
    """The inner key (32 bytes) of a report's sealed part under the line of one of its tags: 40 bytes.

    a_0 is one for all reports with the tag: the report's id keeps their keys apart.
    """
    return aes_key_wrap(_wrapping_key(a_0, report_id, tag), inner_key)


def unwrap(
    wrapped: bytes, a_0: Scalar, report_id: UUID, tag: bytes, *, culprit: PartyId | None = None
) -> bytes:
    """The inner key. Raises BadSealedPart unless this line, for this report and tag, wrapped it."""
    try:
        return aes_key_unwrap(_wrapping_key(a_0, report_id, tag), wrapped)
    except InvalidUnwrap as cause:
        raise BadSealedPart("the inner key was not wrapped under this line", culprit=culprit) from cause


def _wrapping_key(a_0: Scalar, report_id: UUID, tag: bytes) -> bytes:
    return kdf.derive(encode_scalar(a_0), Use.MATCH_LOCK, report_id.bytes, tag)
