"""The policy packs in force at a firm: the network's, kept from the last sync, and the firm's own, if it has one.

The network's is signed by the hub; an older version than the one kept is not taken. The firm's is signed
by a member of its own group, so that a parent company can set it for its affiliates, and is refused
as a whole where it would let out more than the network's. What holds is the coarser of both.
"""

from pathlib import Path
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from cairn.client.connection import HUB
from cairn.client.errors import ProofInvalid
from cairn.client.hub import HubClient
from cairn.client.state import StateFolder
from cairn.home import Home, HomeError, write_private
from cairn_protocol.errors import ProtocolError
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.messages.policy import FINEST, Policy, coarser_of, finer_fields
from cairn_protocol.messages.wire import Bytes32, Message, Signed, decode, encode, open_signed
from cairn_protocol.policy_text import BadPolicy


class Installed(Message, frozen=True, tag="cairn/installed-policy/1"):
    """The firm's pack as its home keeps it, with the key that was its signer's on the roster."""

    MAX_BYTES: ClassVar[int] = 64 * 1024
    signed: Annotated[bytes, Meta(max_length=32 * 1024)]
    signer_key: Bytes32


class Policies:
    """The packs of one home."""

    def __init__(self, home: Home, genesis: Genesis) -> None:
        self._network_file = home.state / "policy"
        self._firm_file = home.folder / "policy"
        self._genesis = genesis
        self._in_force: Policy | None = None

    def in_force(self) -> Policy:
        """What every report and check obeys. Raises HomeError if a pack's file is damaged: nothing leaves then."""
        if self._in_force is None:
            firm = self.firm()
            network = self.network()
            self._in_force = coarser_of(network, firm) if firm else network
        return self._in_force

    def network(self) -> Policy:
        """The network's pack as of the last sync."""
        try:
            signed = decode(self._network_file.read_bytes(), Signed)
            return open_signed(signed, Policy, self._genesis.hub_key, culprit=HUB)
        except FileNotFoundError:
            return FINEST
        except ProtocolError as cause:
            raise HomeError(
                "the network's policy pack kept here is damaged: delete the file 'policy' in the state folder and sync"
            ) from cause

    def firm(self) -> Policy | None:
        """The firm's own pack."""
        try:
            installed = decode(self._firm_file.read_bytes(), Installed)
            return open_signed(decode(installed.signed, Signed), Policy, installed.signer_key)
        except FileNotFoundError:
            return None
        except ProtocolError as cause:
            raise HomeError(
                "the firm's policy pack kept here is damaged: install it again; until then nothing is filed"
            ) from cause

    async def refresh(self, hub: HubClient, faults: StateFolder, now: float) -> Policy:
        """Take up the network's pack as the hub publishes it now.

        One that is older than the one kept here, or another of the same version, is recorded as the hub's
        fault and left.

        Raises ProofInvalid for a pack that the hub did not sign.
        """
        signed = await hub.policy()
        try:
            pack = open_signed(signed, Policy, self._genesis.hub_key, culprit=HUB)
        except ProtocolError as error:
            raise ProofInvalid.of(error, HUB) from error
        kept = self.network()
        if pack.version < kept.version or (pack.version == kept.version and pack != kept):
            # A hub that lost its home must not keep its members from syncing: they stay with the pack they have.
            faults.record_fault(HUB, "policy-went-back", int(now))
            return kept
        if pack != kept:
            self._network_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self._network_file, encode(signed))
            self._in_force = None
        return pack

    def install(self, signed: Signed, signer_key: bytes) -> Policy:
        """Put a firm's pack in force, signed by `signer_key` as the caller found it on the roster.

        Raises BadSignature; BadPolicy if it would refine the network's, or its version is not higher.
        """
        pack = open_signed(signed, Policy, signer_key)
        if refined := finer_fields(pack, self.network()):
            raise BadPolicy(
                f"this pack lets out more than the network's: {', '.join(refined)}. A pack can only coarsen; "
                "nothing was changed"
            )
        earlier = self.firm()
        if earlier is not None and pack.version <= earlier.version:
            raise BadPolicy(f"version {earlier.version} is in force: a new pack needs a higher version")
        write_private(self._firm_file, encode(Installed(signed=encode(signed), signer_key=signer_key)))
        self._in_force = None
        return pack


def written(pack: Policy) -> dict[str, object]:
    """A pack as people and programs read it."""
    told: dict[str, object] = msgspec.to_builtins(pack)
    told.pop("type", None)
    return told


def read_signed(path: Path) -> Signed:
    """A signed pack from a file. Raises BadPolicy if it is none."""
    try:
        return decode(path.read_bytes(), Signed)
    except (OSError, ProtocolError) as cause:
        raise BadPolicy(f"{path.name} is not a signed policy pack") from cause
