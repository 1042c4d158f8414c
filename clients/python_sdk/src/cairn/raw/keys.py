"""A party's own keys: they sign what it sends, open what is sealed to it, and lock its register.

All three live in one file under a passphrase. A backup is the same content under a
passphrase of its own, with the profile and the list of cards seen: who restores it files the same
inquiries under the same report ids, byte for byte.
"""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from cairn.client.seen import SeenCard
from cairn.home import Home, HomeError, Profile, write_private
from cairn_protocol import passphrase
from cairn_protocol.messages.wire import Bytes32, Message, decode, encode

_KEYS = "cairn/v1/member-keys"
_BACKUP = "cairn/v1/member-backup"


class KeyFile(Message, frozen=True, tag="cairn/member-keys/1"):
    """The key file's content."""

    signing: Bytes32
    sealing: Bytes32
    register: Bytes32


class Backup(Message, frozen=True, tag="cairn/member-backup/1"):
    """What a backup holds."""

    MAX_BYTES: ClassVar[int] = 64 * 1024 * 1024
    keys: KeyFile
    profile: Profile
    seen: tuple[SeenCard, ...]


@dataclass(frozen=True, slots=True)
class MemberKeys:
    """The opened keys."""

    signing: Ed25519PrivateKey = field(repr=False)
    sealing: X25519PrivateKey = field(repr=False)
    register: bytes = field(repr=False)

    @classmethod
    def fresh(cls) -> "MemberKeys":
        """New random keys."""
        return cls(Ed25519PrivateKey.generate(), X25519PrivateKey.generate(), secrets.token_bytes(32))

    @classmethod
    def of(cls, content: KeyFile) -> "MemberKeys":
        """The keys in a key file."""
        return cls(
            Ed25519PrivateKey.from_private_bytes(content.signing),
            X25519PrivateKey.from_private_bytes(content.sealing),
            content.register,
        )

    def renewed(self) -> "MemberKeys":
        """New signing and sealing keys beside the same register key: report ids and register stay."""
        return MemberKeys(Ed25519PrivateKey.generate(), X25519PrivateKey.generate(), self.register)

    def content(self) -> KeyFile:
        """What the key file holds."""
        return KeyFile(
            signing=self.signing.private_bytes_raw(),
            sealing=self.sealing.private_bytes_raw(),
            register=self.register,
        )


def save(home: Home, keys: MemberKeys, word: str, *, for_later: bool = False) -> None:
    """Write the key file under the passphrase `word`; for_later: keys of a key change, beside the ones in force."""
    path = home.next_keys if for_later else home.keys
    write_private(path, passphrase.seal(word, encode(keys.content()), _KEYS))


def load(home: Home, word: str, *, for_later: bool = False) -> MemberKeys:
    """Open the key file, or that of a key change. Raises HomeError if there is none, WrongPassphrase."""
    try:
        sealed = (home.next_keys if for_later else home.keys).read_bytes()
    except FileNotFoundError as cause:
        raise HomeError(
            f"{home.folder} holds no keys: enrol, or bring them back with `cairn keys restore`"
        ) from cause
    return MemberKeys.of(decode(passphrase.open_sealed(word, sealed, _KEYS), KeyFile))


def back_up(path: Path, keys: MemberKeys, profile: Profile, seen: tuple[SeenCard, ...], word: str) -> None:
    """Write a backup file under the passphrase `word`."""
    content = encode(Backup(keys=keys.content(), profile=profile, seen=seen))
    write_private(path, passphrase.seal(word, content, _BACKUP))


def read_backup(path: Path, word: str) -> Backup:
    """What a backup file holds. Raises HomeError if it is not there, WrongPassphrase."""
    try:
        sealed = path.read_bytes()
    except OSError as cause:
        raise HomeError(f"the backup file can't be read: {cause.strerror}") from cause
    return decode(passphrase.open_sealed(word, sealed, _BACKUP), Backup)
