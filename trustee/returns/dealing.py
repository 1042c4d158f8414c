"""The dealer's ceremony: a Paillier key whose shares go sealed to the trustees, and what each does with its own.

Whoever deals could keep the factors: the machine it is done on is to be wiped, and docs/threat-model.md
says what trust that is. Nothing secret is written here but sealed shares. A trustee takes its share only if
it is the one that the public key fixes, and signs the key only then.
Source: design.md 4.7; HPKE (RFC 9180) as in the key generation.
"""

import json
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from cairn_protocol.errors import BadDealing, BadPaillierKey, BadSignature
from cairn_protocol.messages.parties import Genesis, TrusteeKeys
from cairn_protocol.messages.returns_exchange import Dealing, approve_key
from cairn_protocol.messages.wire import Signed, digest_of, open_signed, sign
from cairn_protocol.paillier import MIN_MODULUS_BITS, PublicKey, public_key
from cairn_protocol.paillier_shares import KeyShare, deal, decode_share, safe_prime
from trustee import keys as key_file
from trustee.ceremony.dealing import SUITE
from trustee.errors import HomeError
from trustee.home import Home
from trustee.keys import ServingKeys
from trustee.returns import holding


def fresh_primes() -> tuple[int, int]:
    """Two new safe primes of 1536 bits. Takes some ten seconds."""
    p = q = int(safe_prime(MIN_MODULUS_BITS // 2))
    while p == q:
        q = int(safe_prime(MIN_MODULUS_BITS // 2))
    return p, q


def stored_primes(path: Path) -> tuple[int, int]:
    """Primes from a file, for trying things out: whoever has the file reads every return. Raises HomeError."""
    try:
        told = json.loads(path.read_text())
        p, q = (int(told[name], 16) for name in ("p", "q"))
    except (ValueError, KeyError, TypeError) as cause:
        raise HomeError(f"{path} holds no primes: two hexadecimal numbers under p and q") from cause
    return p, q


def deal_for(genesis: Genesis, dealer: str, signing: Ed25519PrivateKey, primes: tuple[int, int]) -> Signed:
    """A dealing for the genesis' trustees under n = p q, signed by the dealer."""
    dealt = deal(*primes, t=genesis.t, holders=len(genesis.trustees))
    digest = dealt.key.digest
    shares = tuple(
        SUITE.encrypt(
            share.encode(dealt.key),
            X25519PublicKey.from_public_bytes(holder.sealing_key),
            _sealed_for(digest, dealer, holder.id),
        )
        for share, holder in zip(dealt.shares, genesis.trustees, strict=True)
    )
    return sign(Dealing(dealer=dealer, key=dealt.key.message, shares=shares), signing)


def accept(home: Home, word: str, signed: Signed) -> tuple[PublicKey, bytes]:
    """Keep this trustee's share in its home; the key, and this trustee's approval of it (64 bytes).

    Raises as `take_share`, and HomeError, WrongPassphrase.
    """
    keys = key_file.load(home, word)
    key, share = take_share(signed, home.genesis(), home.descriptor().keys, keys)
    holding.keep(home, word, key, share)
    return key, approve_key(key.message, keys.signing)


def take_share(
    signed: Signed, genesis: Genesis, me: TrusteeKeys, keys: ServingKeys
) -> tuple[PublicKey, KeyShare]:
    """The key and this trustee's own share of it.

    Raises BadDealing, BadSignature, BadPaillierKey, BadShare, naming the dealer.
    """
    dealing, dealer = _opened(signed, genesis)
    culprit = f"trustee:{dealer.id}"
    key = public_key(dealing.key, culprit=culprit)
    if (key.t, key.holders, len(dealing.shares)) != (genesis.t,) + 2 * (len(genesis.trustees),):
        raise BadPaillierKey("a key for another number of trustees than the genesis names", culprit=culprit)
    info = _sealed_for(digest_of(dealing.key), dealer.id, me.id)
    try:
        raw = SUITE.decrypt(dealing.shares[me.index - 1], keys.sealing, info)
    except (InvalidTag, ValueError) as cause:
        raise BadDealing("a share that does not open", culprit=culprit) from cause
    share = decode_share(raw, key)
    if share.index != me.index:
        raise BadDealing("the share of another trustee", culprit=culprit)
    return key, share


def _opened(signed: Signed, genesis: Genesis) -> tuple[Dealing, TrusteeKeys]:
    """The dealing, and which trustee of the genesis signed it as its dealer."""
    for trustee in genesis.trustees:
        try:
            dealing = open_signed(signed, Dealing, trustee.signing_key, culprit=f"trustee:{trustee.id}")
        except BadSignature:
            continue
        if dealing.dealer == trustee.id:
            return dealing, trustee
    raise BadDealing("a dealing that no trustee of the genesis signed as its dealer")


def _sealed_for(key: bytes, dealer: str, holder: str) -> bytes:
    """What binds a sealed share to its key (the digest), dealer and holder: HPKE's info."""
    return b"cairn/v1/paillier-share\0" + key + dealer.encode() + b"\0" + holder.encode()
