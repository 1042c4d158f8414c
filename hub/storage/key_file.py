"""Key-encryption keys in a file that only the hub can read.

The file maps versions to keys, the highest version wraps, and older ones unwrap what they
wrapped. Without the file the database's envelopes are lost: it belongs into a backup of its
own, apart from the database's.
"""

import base64
import json
import os
import stat
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from hub.errors import HubError
from hub.storage.envelopes import KEY_BYTES, KeyEncryptionKeyWrong


class KeyFileUnusable(HubError):
    """The key file is not one of ours, or others than its owner can read it."""

    slug = "internal"


class FileKeys:
    """Key-encryption keys by version, from a file. Implements `envelopes.KeyEncryptionKeys`."""

    def __init__(self, path: Path, keys: dict[int, bytes]) -> None:
        self._path = path
        self._keys = keys

    def __repr__(self) -> str:
        return f"FileKeys({self._path}, versions={sorted(self._keys)})"

    @classmethod
    def load_or_create(cls, path: Path) -> Self:
        """The keys in `path`, which is made with a first key if it isn't there. Raises KeyFileUnusable."""
        if not path.exists():
            keys = cls(path, {1: os.urandom(KEY_BYTES)})
            path.parent.mkdir(parents=True, exist_ok=True)
            keys._write()
            return keys
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyFileUnusable(f"others can read {path}: chmod 600 it")
        try:
            kept = json.loads(path.read_text())
            keys_by_version = {
                int(v): base64.b64decode(key, validate=True) for v, key in kept["keys"].items()
            }
        except (ValueError, KeyError, AttributeError, TypeError):
            raise KeyFileUnusable(f"{path} is not a key file") from None
        if not keys_by_version or any(len(key) != KEY_BYTES for key in keys_by_version.values()):
            raise KeyFileUnusable(f"{path} holds no keys of {KEY_BYTES} bytes")
        return cls(path, keys_by_version)

    def rotate(self) -> int:
        """Add a new version, which wraps from now on, and return it. `Envelopes.rewrap` comes next."""
        version = max(self._keys) + 1
        self._keys[version] = os.urandom(KEY_BYTES)
        self._write()
        return version

    async def wrap(self, data_key: bytes) -> tuple[int, bytes]:
        version = max(self._keys)
        return version, aes_key_wrap(self._keys[version], data_key)

    async def unwrap(self, version: int, wrapped: bytes) -> bytes:
        try:
            return aes_key_unwrap(self._keys[version], wrapped)
        except (KeyError, InvalidUnwrap):
            raise KeyEncryptionKeyWrong(
                f"{self._path} does not open the database's data keys (version {version}): restore the key file "
                "that belongs to this database"
            ) from None

    def _write(self) -> None:
        content = {"keys": {str(v): base64.b64encode(key).decode() for v, key in self._keys.items()}}
        new = self._path.with_name(self._path.name + ".new")
        with open(new, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())  # a data key wrapped by a key that a crash lost is lost too
        new.rename(self._path)
