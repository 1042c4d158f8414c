"""A trustee's home folder, for its owner alone.

| file | what |
|---|---|
| descriptor.json | id, index, public keys and url; public |
| keys | identity keys and shares, under the passphrase |
| passphrase | only if the owner keeps it there, as the demo does |
| hub | the hub's address |
| plan.json, ceremony.json | the last key generation: its plan and this trustee's signed result; public |
| ceremony-fault.json | who cheated in a key generation, and the signed messages that show it |
| genesis.json | the genesis this trustee signed: the log of another one is refused |
| paillier-KEY | the share of a key of returns and the secret of the noise, under the passphrase |
| trustee.db | mirror of the log, nonces, meter, journals |
"""

from pathlib import Path
from typing import TypeVar

import msgspec

from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.trustee import CeremonyPlan, CeremonyTrustee
from cairn_protocol.messages.wire import Signed, decode, encode
from cairn_protocol.private_files import write_private
from trustee.errors import HomeError

_M = TypeVar("_M", bound=msgspec.Struct)


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
    def fault(self) -> Path:
        """What a cheat left behind."""
        return self.folder / "ceremony-fault.json"

    def create(self) -> None:
        """Make the folder, for its owner alone."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)

    def descriptor(self) -> CeremonyTrustee:
        """Who this trustee is. Raises HomeError before `init`."""
        return self._read("descriptor.json", CeremonyTrustee, "run `cairn-trustee init` first")

    def save_descriptor(self, descriptor: CeremonyTrustee) -> None:
        """Write who this trustee is."""
        write_private(self.folder / "descriptor.json", encode(descriptor))

    def hub_url(self) -> str:
        """Where the hub is. Raises HomeError if nobody said."""
        try:
            return (self.folder / "hub").read_text().strip().rstrip("/")
        except FileNotFoundError as cause:
            raise HomeError("this trustee does not know its hub: name it with --hub") from cause

    def save_hub_url(self, url: str) -> None:
        """Write where the hub is."""
        write_private(self.folder / "hub", url.encode())

    def ceremony(self) -> tuple[CeremonyPlan, Signed]:
        """The last key generation: its plan and this trustee's result. Raises HomeError before one."""
        what_to_do = "run `cairn-trustee keygen` first"
        plan = self._read("plan.json", CeremonyPlan, what_to_do)
        return plan, self._read("ceremony.json", Signed, what_to_do)

    def save_ceremony(self, plan: CeremonyPlan, result: Signed) -> None:
        """Write a finished key generation. A result without its plan is none."""
        (self.folder / "ceremony.json").unlink(missing_ok=True)
        write_private(self.folder / "plan.json", encode(plan))
        write_private(self.folder / "ceremony.json", encode(result))

    def genesis(self) -> Genesis:
        """The genesis this trustee signed. Raises HomeError before `sign-genesis`."""
        return self._read("genesis.json", Genesis, "sign the genesis with `cairn-trustee sign-genesis` first")

    def has_genesis(self) -> bool:
        """Whether it signed one."""
        return (self.folder / "genesis.json").exists()

    def save_genesis(self, genesis: Genesis) -> None:
        """Write which genesis was signed."""
        write_private(self.folder / "genesis.json", encode(genesis))

    def stored_passphrase(self) -> str | None:
        """The passphrase kept in the home, if there is one. Raises HomeError if others may read it."""
        path = self.folder / "passphrase"
        try:
            if path.stat().st_mode & 0o077:
                raise HomeError(f"others can read {path}: chmod 600 it, and think of a new passphrase")
            return path.read_text().strip()
        except FileNotFoundError:
            return None

    def _read(self, name: str, cls: type[_M], what_to_do: str) -> _M:
        try:
            raw = (self.folder / name).read_bytes()
        except FileNotFoundError as cause:
            raise HomeError(f"{self.folder} has no {name}: {what_to_do}") from cause
        return decode(raw, cls)
