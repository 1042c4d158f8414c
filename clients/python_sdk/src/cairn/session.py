"""An open home: its keys, its register, and the clients that talk to hub and trustees.

Opening needs no network once the genesis was kept; nothing is sent at construction.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from cairn.client.connection import Connection, Signer
from cairn.client.errors import Misconfigured
from cairn.client.genesis import pinned_genesis
from cairn.client.hub import HubClient
from cairn.client.index_state import read_synced
from cairn.client.index_sync import IndexSync
from cairn.client.join import LocalIndex, index_dir
from cairn.client.log import LogView
from cairn.client.trustees import TrusteesClient
from cairn.enrolling import adopt_keys
from cairn.home import Home
from cairn.policies import Policies
from cairn.raw import keys as key_file
from cairn.raw.building import Filer
from cairn.raw.inquiry import Inquiry
from cairn.raw.normalise import normaliser_digest
from cairn.raw.own_weights import own_weights
from cairn.raw.register import Register
from cairn.raw.sanitise import Rules, family_of
from cairn_protocol.codes import UNLISTED_FAMILY
from cairn_protocol.coverage import FamiliesByGroup, coverage, families_by_group
from cairn_protocol.group import Element
from cairn_protocol.match_lock import GroupIndex
from cairn_protocol.messages.parties import Genesis


class Session:
    """One party at work. Made by `Session.open`; use it as an async context manager."""

    def __init__(self, home: Home, word: str, now: Callable[[], float]) -> None:
        self.home = home
        self.now = now
        self._word = word
        self.profile = home.profile()
        self.keys = key_file.load(home, word)
        self.register = Register(home.register, self.keys.register)
        self.connection = Connection(
            self.profile.hub,
            self.profile.trustee_urls(),
            self.profile.genesis_digest,
            home.state,
            Signer(self.profile.party, self.keys.signing),
            now=now,
        )
        self.genesis: Genesis
        self._index: LocalIndex | None = None
        self._declared: FamiliesByGroup | None = None
        self._weights: Mapping[str, int] | None = None

    @classmethod
    async def open(cls, folder: Path, word: str, now: Callable[[], float] = time.time) -> "Session":
        """Open the home in `folder` with its passphrase.

        Raises HomeError, WrongPassphrase, RegisterError; Unreachable if the genesis was never fetched.
        """
        session = cls(Home(folder), word, now)
        try:
            session.genesis = await pinned_genesis(session.connection)
        except BaseException:
            await session.close()
            raise
        session.hub = HubClient(session.connection, session.genesis)
        session.trustees = TrusteesClient(session.connection, session.genesis)
        session.log = LogView(session.connection, session.genesis)
        session.syncing = IndexSync(session.connection, session.genesis, session.log)
        session.policies = Policies(session.home, session.genesis)
        return session

    hub: HubClient
    trustees: TrusteesClient
    log: LogView
    syncing: IndexSync
    policies: Policies

    async def close(self) -> None:
        """Let go of the connections and the register."""
        self.register.close()
        await self.connection.aclose()

    async def __aenter__(self) -> "Session":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def index(self) -> LocalIndex | None:
        """The synced index, or None before the first sync. Raises Misconfigured if a file of it is damaged."""
        folder = index_dir(self.home.state)
        if self._index is None and read_synced(folder) is not None:
            self._index = LocalIndex.load(folder)
        return self._index

    def forget_index(self) -> None:
        """The next `index()` and `covered()` read anew."""
        self._index = None
        self._declared = None

    def covered(self, family: str) -> int | None:
        """How many groups deal in items of this family, by the roster as last followed; None before that."""
        if self._declared is None:
            if self.log.last_seen() is None:
                return None
            self._declared = families_by_group(self.log.roster(), int(self.now()))
        return coverage({family}, self._declared) if self._declared else None

    async def know_roster(self) -> None:
        """Follow the log unless that was done before. Raises as `LogView.follow`."""
        if self.covered(UNLISTED_FAMILY) is None:
            await self.log.follow()
            self._declared = None

    def rules_for(self, inquiry: Inquiry) -> Rules:
        """What makes this inquiry's report coarser: the packs in force, and how many could have been asked."""
        return Rules(self.policies.in_force(), self.covered(family_of(inquiry.item)))

    def weights(self) -> Mapping[str, int]:
        """The firm's own weights of red flags. Raises BadWeights."""
        if self._weights is None:
            self._weights = own_weights(self.home.weights)
        return self._weights

    def adopt_keys(self, signing_key: bytes) -> bool:
        """Use the keys of a key change from now on, once the roster has them. Whether it just did."""
        if not adopt_keys(self.home, self._word, signing_key):
            return False
        self.keys = key_file.load(self.home, self._word)
        self.connection.signer = Signer(self.profile.party, self.keys.signing)
        return True

    def filer(self) -> Filer:
        """What this member's reports are made with.

        Raises Misconfigured if the owner is no member, or the installed normaliser is not the network's.
        """
        if self.profile.group_index is None:
            raise Misconfigured("only a member firm files reports")
        if self.genesis.normaliser != normaliser_digest():
            raise Misconfigured(
                "this version normalises names otherwise than the network does: install the version it announces"
            )
        return Filer(
            self.profile.party,
            GroupIndex(self.profile.group_index),
            self.genesis.epoch,
            self.genesis.normaliser,
            Element(self.genesis.joint_key("assent").element),
            self.keys.signing,
            self.keys.register,
        )
