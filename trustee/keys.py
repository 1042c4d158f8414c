"""A trustee's secrets, in one file with two compartments under one passphrase.

`serving` holds the identity keys and the shares of the two OPRF keys: a running trustee opens
it alone. `assent` holds the share of the assent key, sealed for a purpose of its own; only the key
generation writes it, and only staff who approve an opening open it.
"""

from dataclasses import dataclass, field
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec import Meta

from cairn_protocol import passphrase
from cairn_protocol.group import decode_scalar, encode_scalar, multiply_base
from cairn_protocol.kinds import KeyName
from cairn_protocol.messages.parties import Genesis, TrusteeKeys
from cairn_protocol.messages.wire import Bytes32, Message, decode, encode
from cairn_protocol.private_files import write_private
from cairn_protocol.sharing import Index, KeyShare
from trustee.errors import HomeError
from trustee.home import Home

_SERVING = "cairn/v1/trustee-serving"
_ASSENT = "cairn/v1/trustee-assent"


class KeyFile(Message, frozen=True, tag="cairn/trustee-keys/1"):
    """The file: each compartment sealed under the passphrase for its own purpose."""

    serving: Annotated[bytes, Meta(max_length=4096)]
    assent: Annotated[bytes, Meta(max_length=4096)] | None


class _Serving(Message, frozen=True, tag="cairn/trustee-serving/1"):
    signing: Bytes32
    sealing: Bytes32
    names: Bytes32 | None
    values: Bytes32 | None


@dataclass(frozen=True, slots=True)
class ServingKeys:
    """What a running trustee holds. There are no shares before the key generation."""

    index: Index
    signing: Ed25519PrivateKey = field(repr=False)
    sealing: X25519PrivateKey = field(repr=False)
    names: KeyShare | None = None
    values: KeyShare | None = None

    def share(self, name: KeyName) -> KeyShare:
        """The share of that key. Raises HomeError before the key generation."""
        share = self.names if name is KeyName.NAMES else self.values
        if share is None:
            raise HomeError("this trustee has no shares: run the key generation first")
        return share


def create(home: Home, word: str, index: Index) -> ServingKeys:
    """New identity keys, written under the passphrase `word`. Raises HomeError if there are keys already."""
    if home.keys.exists():
        raise HomeError(f"{home.folder} already holds a trustee's keys; they are never overwritten")
    keys = ServingKeys(index, Ed25519PrivateKey.generate(), X25519PrivateKey.generate())
    _write(home, word, keys, None)
    return keys


def load(home: Home, word: str) -> ServingKeys:
    """Open the serving compartment. Raises HomeError, WrongPassphrase."""
    content = decode(passphrase.open_sealed(word, _file(home).serving, _SERVING), _Serving)
    index = Index(home.descriptor().keys.index)
    return ServingKeys(
        index,
        Ed25519PrivateKey.from_private_bytes(content.signing),
        X25519PrivateKey.from_private_bytes(content.sealing),
        KeyShare(index, decode_scalar(content.names)) if content.names else None,
        KeyShare(index, decode_scalar(content.values)) if content.values else None,
    )


def load_assent(home: Home, word: str) -> KeyShare:
    """Open the assent compartment. Raises HomeError, WrongPassphrase."""
    sealed = _file(home).assent
    if sealed is None:
        raise HomeError("there is no assent share before the key generation")
    scalar = decode_scalar(passphrase.open_sealed(word, sealed, _ASSENT))
    return KeyShare(Index(home.descriptor().keys.index), scalar)


def keep_shares(
    home: Home, word: str, keys: ServingKeys, names: KeyShare, values: KeyShare, assent: KeyShare
) -> None:
    """Write the shares of a finished key generation.

    Raises HomeError once a genesis is signed: from then on members rely on these shares.
    """
    require_no_genesis(home)
    sealed = passphrase.seal(word, encode_scalar(assent.scalar), _ASSENT)
    _write(home, word, ServingKeys(keys.index, keys.signing, keys.sealing, names, values), sealed)


def require_no_genesis(home: Home) -> None:
    """Raise HomeError if the shares in the home are in use."""
    if home.has_genesis():
        raise HomeError(
            "the genesis of this trustee's keys is signed; another key generation needs a home of its own"
        )


def compartments(home: Home) -> dict[str, bool]:
    """Which compartments are there, without opening any. Raises HomeError."""
    return {"serving": True, "assent": _file(home).assent is not None}


def require_shares_of(genesis: Genesis, me: TrusteeKeys, keys: ServingKeys) -> None:
    """Raise HomeError unless the shares here are those that the genesis publishes for this trustee.

    Cost: two multiplications.
    """
    for name in KeyName:
        if multiply_base(keys.share(name).scalar) != genesis.joint_key(name).shares[me.index - 1]:
            raise HomeError(f"the share of {name} in the key file is not the one in the genesis")


def _file(home: Home) -> KeyFile:
    try:
        return decode(home.keys.read_bytes(), KeyFile)
    except FileNotFoundError as cause:
        raise HomeError(f"{home.folder} holds no keys: run `cairn-trustee init` first") from cause


def _write(home: Home, word: str, keys: ServingKeys, assent: bytes | None) -> None:
    content = _Serving(
        signing=keys.signing.private_bytes_raw(),
        sealing=keys.sealing.private_bytes_raw(),
        names=encode_scalar(keys.names.scalar) if keys.names else None,
        values=encode_scalar(keys.values.scalar) if keys.values else None,
    )
    sealed = passphrase.seal(word, encode(content), _SERVING)
    write_private(home.keys, encode(KeyFile(serving=sealed, assent=assent)))
