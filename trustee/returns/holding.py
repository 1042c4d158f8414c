"""This trustee's share of the key of returns and the secret of its noise: one file a key, under the passphrase.

A running trustee never opens it: `serve` holds neither. Only `returns answer` does, for a period that is in the log.
A file is never overwritten: other noise for a period that has some would tell the difference.
"""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from cairn_protocol import passphrase
from cairn_protocol.messages.wire import Bytes32, Message, decode, encode
from cairn_protocol.paillier import PublicKey
from cairn_protocol.paillier_shares import KeyShare, decode_share
from cairn_protocol.private_files import write_private
from trustee.errors import HomeError
from trustee.home import Home

_PURPOSE = "cairn/v1/trustee-paillier"


class _Held(Message, frozen=True, tag="cairn/trustee-paillier/1"):
    share: Annotated[bytes, Meta(max_length=2_048)]
    noise: Bytes32


@dataclass(frozen=True, slots=True)
class Held:
    """An opened share, and the secret that this trustee's noise comes from."""

    share: KeyShare
    noise: bytes = field(repr=False)


def keep(home: Home, word: str, key: PublicKey, share: KeyShare) -> None:
    """Write the share with a fresh secret; a file that is there stays as it is.

    Raises HomeError, WrongPassphrase if the file there is another's.
    """
    if _file(home, key).exists():
        load(home, word, key)
        return
    held = _Held(share=share.encode(key), noise=secrets.token_bytes(32))
    write_private(_file(home, key), passphrase.seal(word, encode(held), _PURPOSE))


def load(home: Home, word: str, key: PublicKey) -> Held:
    """Open the share of that key. Raises HomeError if there is none, WrongPassphrase, BadShare."""
    try:
        sealed = _file(home, key).read_bytes()
    except FileNotFoundError as cause:
        raise HomeError(
            "this trustee holds no share of that key: run `cairn-trustee paillier accept` with the dealing"
        ) from cause
    held = decode(passphrase.open_sealed(word, sealed, _PURPOSE), _Held)
    return Held(decode_share(held.share, key), held.noise)


def _file(home: Home, key: PublicKey) -> Path:
    return home.folder / f"paillier-{key.digest.hex()[:16]}"
