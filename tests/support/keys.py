"""Fixed keys: whatever is made of them is the same bytes on every machine, so it can be frozen.

Nothing here is secret, and nothing outside of tests may use it.
"""

import hashlib
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from cairn_protocol.group import Scalar, multiply_base, reduce_wide
from cairn_protocol.messages.parties import (
    Genesis,
    JointKeyShares,
    SignedGenesis,
    TrusteeKeys,
    sign_genesis,
)
from cairn_protocol.sharing import Index, KeyShare, value_at

EPOCH = 1
ORIGIN = "cairn.example/log"
NORMALISER = hashlib.sha256(b"normaliser").digest()
JOINT_KEYS = ("names", "values", "assent")


def seed(*parts: object) -> bytes:
    """32 bytes that follow from the parts."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).digest()


def signing_key(*parts: object) -> Ed25519PrivateKey:
    """An Ed25519 key that follows from the parts."""
    return Ed25519PrivateKey.from_private_bytes(seed("signing key", *parts))


def public(key: Ed25519PrivateKey) -> bytes:
    """Its public key, 32 bytes."""
    return key.public_key().public_bytes_raw()


def sealing_key(*parts: object) -> bytes:
    """The public half (32 bytes) of an X25519 key that follows from the parts."""
    return X25519PrivateKey.from_private_bytes(seed("sealing key", *parts)).public_key().public_bytes_raw()


def scalar(*parts: object) -> Scalar:
    """A scalar that follows from the parts."""
    return reduce_wide(seed("scalar", *parts, 0) + seed("scalar", *parts, 1))


def key_shares(name: str, n: int = 3, t: int = 2) -> list[KeyShare]:
    """n shares of a joint key, any t of which make it."""
    coefficients = [scalar("joint key", name, at) for at in range(t)]
    return [KeyShare(Index(at), value_at(coefficients, at)) for at in range(1, n + 1)]


@cache
def genesis(n: int = 3, t: int = 2) -> Genesis:
    """A genesis of n trustees, t1 to tn, with shares that fit their keys."""
    return Genesis(
        origin=ORIGIN,
        epoch=EPOCH,
        t=t,
        hub_key=public(signing_key("hub")),
        normaliser=NORMALISER,
        trustees=tuple(
            TrusteeKeys(
                id=f"t{at}",
                index=at,
                signing_key=public(signing_key(f"t{at}")),
                sealing_key=sealing_key(f"t{at}"),
            )
            for at in range(1, n + 1)
        ),
        keys=tuple(
            JointKeyShares(
                name=name,
                element=multiply_base(scalar("joint key", name, 0)),
                shares=tuple(multiply_base(share.scalar) for share in key_shares(name, n, t)),
            )
            for name in JOINT_KEYS
        ),
    )


def signed(founded: Genesis) -> SignedGenesis:
    """The genesis with the signatures of the trustees it names, by their ids."""
    signatures = tuple(sign_genesis(founded, signing_key(trustee.id)) for trustee in founded.trustees)
    return SignedGenesis(genesis=founded, signatures=signatures)
