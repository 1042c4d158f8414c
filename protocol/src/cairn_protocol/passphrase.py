"""A secret under a passphrase: key files of firms, trustees and backups all have this one form.

    "CRNP" 0x01 | log2(n) 1 byte | salt 16 bytes | nonce 12 bytes | AES-256-GCM ciphertext

The purpose is associated data: a file made for one use does not open as another.
Not here: files (their owners write them, mode 0600).
Source: scrypt (RFC 7914), n = 2^15, r = 8, p = 1: 32 MB and about 0.1 s a try.
"""

import secrets
from typing import ClassVar, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from cairn_protocol.errors import ProtocolError

_MAGIC: Final = b"CRNP\x01"
_LOG_N: Final = 15
_MAX_LOG_N: Final = 20  # for a later version; more would take the memory of who opens a forged file
_HEAD: Final = len(_MAGIC) + 1 + 16 + 12


class WrongPassphrase(ProtocolError):
    """The passphrase is not the one it was sealed with, or the file was changed."""

    slug: ClassVar[str] = "wrong-passphrase"


def seal(passphrase: str, plain: bytes, purpose: str) -> bytes:
    """`plain` under `passphrase`, for one purpose."""
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    head = _MAGIC + bytes([_LOG_N]) + salt + nonce
    key = _stretch(passphrase, salt, _LOG_N)
    return head + AESGCM(key).encrypt(nonce, plain, head + purpose.encode())


def open_sealed(passphrase: str, sealed: bytes, purpose: str) -> bytes:
    """What was sealed. Raises WrongPassphrase for another passphrase, purpose or a damaged file."""
    if sealed[:5] != _MAGIC or len(sealed) < _HEAD + 16 or not _LOG_N <= sealed[5] <= _MAX_LOG_N:
        raise WrongPassphrase("not a file sealed under a passphrase")
    head, salt, nonce = sealed[:_HEAD], sealed[6:22], sealed[22:34]
    try:
        return AESGCM(_stretch(passphrase, salt, sealed[5])).decrypt(
            nonce, sealed[_HEAD:], head + purpose.encode()
        )
    except InvalidTag as cause:
        raise WrongPassphrase("another passphrase, or the file was changed") from cause


def _stretch(passphrase: str, salt: bytes, log_n: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=1 << log_n, r=8, p=1).derive(passphrase.encode())
