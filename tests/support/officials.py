"""Reviewers and analysts for a hub in this process: they take a seat like a firm, and sign what they send."""

from dataclasses import dataclass, field
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cairn_protocol.messages.corrections import CutConfirmation, CutOrder
from cairn_protocol.messages.index import RecallReason
from cairn_protocol.messages.parties import Entry, Role
from cairn_protocol.messages.wire import Signed, digest_of, sign
from tests.support.keys import EPOCH, seed, signing_key
from tests.support.reports import NOW


@dataclass(frozen=True)
class Official:
    """A party of the roster that is no firm."""

    id: str
    role: Role
    key: Ed25519PrivateKey = field(repr=False)

    @property
    def entry(self) -> Entry:
        """Its entry on the roster."""
        return Entry(
            party=self.id,
            role=self.role,
            group=None,
            group_index=None,
            sector=None,
            families=(),
            signing_key=self.key.public_key().public_bytes_raw(),
            sealing_key=seed("sealing", self.id) if self.role is Role.ANALYST else None,
            not_before=0,
        )

    def order(
        self, *parts: tuple[UUID, ...], common: tuple[bytes, ...] = (), reason: RecallReason | None = None
    ) -> CutOrder:
        """A reviewer's order over these parts."""
        wrong = RecallReason.WRONG_JOIN if len(parts) > 1 else RecallReason.DISPUTE_UPHELD
        return CutOrder(
            epoch=EPOCH,
            reason=reason or wrong,
            parts=tuple(sorted(tuple(sorted(part)) for part in parts)),
            common=tuple(sorted(common)),
            reviewer=self.id,
            ordered_at=NOW,
        )

    def sign(self, order: CutOrder) -> Signed:
        """The order with this reviewer's signature."""
        return sign(order, self.key)

    def confirmation(self, order: CutOrder) -> Signed:
        """An analyst's signed word that the order is right."""
        return sign(CutConfirmation(order=digest_of(order), analyst=self.id, confirmed_at=NOW + 60), self.key)


def official(name: str, role: Role) -> Official:
    """One with a key of its own."""
    return Official(name, role, signing_key("official", name))
