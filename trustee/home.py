"""A trustee's home folder: its descriptor, key file, database, and what it signed for.

descriptor.json  id, index, public keys, url (public)     keys        key file under a passphrase
hub              the hub's address                        trustee.db  mirror, meter, journal
ceremony.json    the signed result of the key generation  genesis     digest of the genesis it signed
passphrase       only if its owner keeps it there (mode 0600), as the demo does
"""

import os
import tempfile
from pathlib import Path

from cairn_protocol.messages.trustee import CeremonyTrustee
from cairn_protocol.messages.wire import decode, encode
from trustee.errors import HomeError


class Home:
    """One trustee's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def keys(self) -> Path:
        """The key file."""
        return self.folder / "keys"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "trustee.db"

    @property
    def ceremony(self) -> Path:
        """The signed result of the key generation."""
        return self.folder / "ceremony.json"

    def create(self) -> None:
        """Make the folder, for its owner alone."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def descriptor(self) -> CeremonyTrustee:
        """Who this trustee is. Raises HomeError before `init`."""
        return decode(self._read("descriptor.json", "run `cairn-trustee init` first"), CeremonyTrustee)

    def save_descriptor(self, descriptor: CeremonyTrustee) -> None:
        """Write who this trustee is."""
        write_private(self.folder / "descriptor.json", encode(descriptor))

    def hub_url(self) -> str:
        """Where the hub is. Raises HomeError if nobody said."""
        return self._read("hub", "name the hub with --hub").decode().strip()

    def save_hub_url(self, url: str) -> None:
        """Write where the hub is."""
        write_private(self.folder / "hub", url.encode())

    def genesis_digest(self) -> bytes:
        """The genesis this trustee signed. Raises HomeError before `sign-genesis`."""
        return bytes.fromhex(self._read("genesis", "sign the genesis first").decode().strip())

    def save_genesis_digest(self, digest: bytes) -> None:
        """Write which genesis was signed."""
        write_private(self.folder / "genesis", digest.hex().encode())

    def stored_passphrase(self) -> str | None:
        """The passphrase kept in the home, if there is one."""
        try:
            return (self.folder / "passphrase").read_text().strip()
        except FileNotFoundError:
            return None

    def _read(self, name: str, what_to_do: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError as cause:
            raise HomeError(f"{self.folder} has no {name}: {what_to_do}") from cause


def write_private(path: Path, content: bytes) -> None:
    """Write `content` to `path`, mode 0600, whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
