"""A trustee's office for returns, opened from its home for a command: a share is unlocked when a duty needs it."""

from collections.abc import Iterator
from contextlib import contextmanager

from cairn_protocol.paillier import PublicKey
from trustee import keys as key_file
from trustee.home import Home
from trustee.hub_link import HubLink
from trustee.inside import opened
from trustee.returns import holding
from trustee.returns.duties import Office
from trustee.returns.holding import Held
from trustee.settings import Settings


@contextmanager
def open_office(home: Home, settings: Settings, word: str, hub: str | None = None) -> Iterator[Office]:
    """The office, for the block.

    hub  its address; by default the one kept in the home

    Raises HomeError, WrongPassphrase, StoreUnavailable.
    """
    keys = key_file.load(home, word)
    identity = home.descriptor().keys.id
    link = HubLink(hub.rstrip("/") if hub else home.hub_url(), identity, keys.signing, settings.hub_seconds)
    shares: dict[bytes, Held] = {}

    def held(key: PublicKey) -> Held:
        if key.digest not in shares:
            shares[key.digest] = holding.load(home, word, key)
        return shares[key.digest]

    with opened(home, settings) as store:
        yield Office(home.genesis(), identity, keys, store, link, held, settings.returns_rho_thousandths)
