"""The hub's signing key, in a file that only the hub can read.

It signs checkpoints and receipts. The genesis names it, so a lost key can't be replaced
without a new log: keep a copy apart from this machine.
"""

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from hub.storage.key_file import KeyFileUnusable


def create_hub_key(path: Path) -> Ed25519PrivateKey:
    """Make the key and its file (mode 0600). Raises FileExistsError: a key is never overwritten."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return key


def load_hub_key(path: Path) -> Ed25519PrivateKey:
    """The key in `path`. Raises KeyFileUnusable if it is missing, others can read it, or it is no such key."""
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyFileUnusable(f"others can read {path}: chmod 600 it")
        key = load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        raise KeyFileUnusable(f"no hub key in {path}: run `cairn-hub init` first") from None
    except (ValueError, TypeError):
        raise KeyFileUnusable(f"{path} is not a hub key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileUnusable(f"{path} holds another kind of key")
    return key


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The public key, 32 bytes, as the genesis has it."""
    return key.public_key().public_bytes_raw()
