"""The SEALED compartment: what an opening shows, and the form in which it lies at the hub.

`Details` is the plain text, known to the firm and, after an opening, to two analysts. `SealedPart` is what
travels beside the header, whose `sealed_digest` it has. Not here: the locks (`cairn_protocol.sealing`).
"""

from typing import Annotated, ClassVar, Final

from msgspec import Meta

from cairn_protocol import kdf
from cairn_protocol.assent_lock import CAPSULE_BYTES
from cairn_protocol.kdf import Use
from cairn_protocol.kinds import MAX_LOCKABLE
from cairn_protocol.match_lock import WRAP_BYTES
from cairn_protocol.messages.wire import Bytes32, Message, Part

# Almost everything without a narrative is of the first size; so a length tells little.
SIZES: Final = (1024, 4096, 16_384, 32_768)
AUTHENTICATOR_BYTES: Final = 16

Wrap = Annotated[bytes, Meta(min_length=WRAP_BYTES, max_length=WRAP_BYTES)]
Capsule = Annotated[bytes, Meta(min_length=CAPSULE_BYTES, max_length=CAPSULE_BYTES)]
Text = Annotated[str, Meta(max_length=512)]
Texts = Annotated[tuple[Text, ...], Meta(max_length=16)]


class Details(Message, frozen=True, tag="cairn/details/1"):
    """A party as the firm typed it; what was not told is empty. `narrative` is scrubbed, and null unless the
    firm chose to give one."""

    MAX_BYTES: ClassVar[int] = SIZES[-1]
    names: Texts
    address: Text
    city: Text
    emails: Texts
    phones: Texts
    website: Text
    registration_no: Text
    vat: Text
    lei: Text
    imo: Text
    iban: Text
    narrative: Annotated[str, Meta(max_length=8_000)] | None

    def __repr__(self) -> str:
        return "Details(...)"


class SealedPart(Part, frozen=True):
    """A text under both locks.

    wraps       the inner key under each lockable key's line, in the header's order
    capsule     of the assent lock, labelled with this report
    commitment  to the payload key: the text is the same whichever line opened it
    ciphertext  of one of `SIZES`, with its authenticator
    """

    wraps: Annotated[tuple[Wrap, ...], Meta(min_length=1, max_length=MAX_LOCKABLE)]
    capsule: Capsule
    commitment: Bytes32
    ciphertext: Annotated[bytes, Meta(max_length=SIZES[-1] + AUTHENTICATOR_BYTES)]

    def digest(self) -> bytes:
        """What the header says of it: 32 bytes."""
        return sealed_digest(self.capsule, self.body_digest())

    def body_digest(self) -> bytes:
        """32 bytes for all but the capsule: with these a trustee checks a capsule against a header and sees no more."""
        return kdf.digest(Use.SEALED_BODY, *self.wraps, self.commitment, self.ciphertext)


def sealed_digest(capsule: bytes, body_digest: bytes) -> bytes:
    """The digest of the sealed part with this capsule, from the digest of the rest."""
    return kdf.digest(Use.SEALED_PART, capsule, body_digest)
