"""Sealing a report's details under both locks: only a second group's match and t trustees open them.

The payload key follows from the inner key (match lock) and the assent secret (assent lock), and from
nothing less than both. The hub keeps the sealed part and all shares, and lacks the assent; trustees
give assent, and never see the sealed part; a member that knows the value lacks the assent too.

    sealed = seal(details, label, secrets, joint, seed)       # at the firm, header.sealed_digest = sealed.digest()
    check(sealed, digest, label, lockable)                    # at the hub, on arrival
    a_0 = match_lock.recover(shares_of_two_groups, line)      # at the analyst, after an opening
    secret = assent_lock.combine(sealed.capsule, label, opening, parts, publics, t)
    details = open_part(sealed, 0, tag, label, a_0, secret)

All randomness follows from the seed and the text: filing again gives the same bytes, and another
text never meets a key that was used. A report without a lockable tag has no sealed part.
Source: design 4.3, 4.4; AES-256-GCM; key commitment as in Albertini et al., USENIX Security 2022.
"""

import hmac
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cairn_protocol import assent_lock, kdf, match_lock
from cairn_protocol.assent_lock import AssentSecret, Label
from cairn_protocol.errors import BadSealedPart, PartyId
from cairn_protocol.group import Element, Scalar
from cairn_protocol.kdf import Use
from cairn_protocol.messages.sealed import AUTHENTICATOR_BYTES, SIZES, Details, SealedPart
from cairn_protocol.messages.wire import decode, encode
from cairn_protocol.tags import MatchSecret

# A payload key follows from the text and encrypts nothing else.
_NONCE = bytes(12)


def seal(
    details: Details, label: Label, secrets: Sequence[MatchSecret], joint: Element, seed: bytes
) -> SealedPart:
    """The details of a report under both locks.

    secrets  of the report's lockable keys, in the header's order; at least one
    joint    the assent key, from the genesis
    seed     uniform, 32 bytes, secret, the report's own (from the register key)

    Raises BadSealedPart if there is no lockable key, or the details are longer than the largest size.
    Cost: five multiplications, whatever the number of keys.
    """
    lines = [(secret.tag, secret.lock.line) for secret in secrets if secret.lock]
    if not lines or len(lines) != len(secrets):
        raise BadSealedPart("only a report with lockable keys has a sealed part, and only those keys lock it")
    plain = _padded(encode(details))
    context = (label.encoded(), joint, *(tag for tag, _ in lines))
    root = kdf.derive(seed, Use.SEALING, *context, kdf.digest(Use.SEALED_TEXT, plain))
    inner_key = kdf.derive(root, Use.INNER_KEY)
    capsule, secret = assent_lock.seal(joint, label, kdf.derive(root, Use.ASSENT_SEED))
    wraps = tuple(match_lock.wrap(inner_key, line.a_0, label.report_id, tag) for tag, line in lines)
    key, commitment = _payload_key(inner_key, secret, label)
    ciphertext = AESGCM(key).encrypt(_NONCE, plain, _associated(wraps, capsule, label))
    return SealedPart(wraps=wraps, capsule=capsule, commitment=commitment, ciphertext=ciphertext)


def check(
    sealed: SealedPart, digest: bytes | None, label: Label, lockable: int, *, culprit: PartyId | None = None
) -> None:
    """Raise unless a sealed part is the header's own and can be opened by who may.

    digest    `sealed_digest` of the header
    label     from the header
    lockable  how many lockable keys the header has

    Raises BadSealedPart, BadCapsule, BadElement or BadScalar, naming `culprit`. Cost: four multiplications.
    Nobody but an opening can find out whether the wraps and the text are true.
    """
    if digest is None or sealed.digest() != digest:
        raise BadSealedPart("the sealed part is not the one the header names", culprit=culprit)
    if len(sealed.wraps) != lockable:
        raise BadSealedPart("a wrap for every lockable key, no more and no less", culprit=culprit)
    if len(sealed.ciphertext) - AUTHENTICATOR_BYTES not in SIZES:
        raise BadSealedPart("a sealed part that is not padded to a size", culprit=culprit)
    assent_lock.check(sealed.capsule, label, culprit=culprit)


def open_part(
    sealed: SealedPart, at: int, tag: bytes, label: Label, a_0: Scalar, secret: AssentSecret
) -> Details:
    """The details, from the line of one lockable key and the assent secret.

    at   the key's place among the header's lockable keys
    tag  its tag
    a_0  from two groups' shares (`match_lock.recover`), or from the line itself

    Raises BadSealedPart, naming the member that filed it, if either secret is another one or what the member
    sealed is no details: t trustees' parts were proven before, so nobody else can be at fault.
    """
    culprit = f"member:{label.member}"
    if not 0 <= at < len(sealed.wraps):
        raise BadSealedPart("no inner key is wrapped for such a place")
    inner_key = match_lock.unwrap(sealed.wraps[at], a_0, label.report_id, tag, culprit=culprit)
    key, commitment = _payload_key(inner_key, secret, label)
    if not hmac.compare_digest(commitment, sealed.commitment):
        raise BadSealedPart("the keys are not those the text was sealed with", culprit=culprit)
    associated = _associated(sealed.wraps, sealed.capsule, label)
    try:
        plain = AESGCM(key).decrypt(_NONCE, sealed.ciphertext, associated)
    except InvalidTag as cause:
        raise BadSealedPart("the text is not what was sealed with these keys", culprit=culprit) from cause
    return decode(plain.rstrip(b" "), Details, culprit=culprit)


def _padded(plain: bytes) -> bytes:
    for size in SIZES:
        if len(plain) <= size:
            return plain.ljust(size)
    raise BadSealedPart(f"details of more than {SIZES[-1]} bytes: shorten the narrative")


def _payload_key(inner_key: bytes, secret: AssentSecret, label: Label) -> tuple[bytes, bytes]:
    """The key of the text, and the commitment to it that stands beside."""
    both = kdf.derive(inner_key + secret, Use.PAYLOAD, label.encoded(), length=64)
    return both[:32], both[32:]


def _associated(wraps: Sequence[bytes], capsule: bytes, label: Label) -> bytes:
    return kdf.prefixed(label.encoded(), capsule, *wraps)
