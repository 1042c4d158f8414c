"""What every part of the hub works with, opened once for a process and its event loop.

`Services.open` refuses to start on a database that is not this hub's: its genesis must name
the hub's own key. Not here: how a route gets them (`asked`), what runs beside requests (`main`).
"""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from cairn_protocol.messages.log import LeafKind
from cairn_protocol.messages.parties import Genesis
from cairn_protocol.roster import check_genesis
from hub.errors import HubError
from hub.hub_key import load_hub_key, public_bytes
from hub.members.roster import RosterHolder
from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.embedded import EmbeddedPostgres
from hub.storage.envelopes import Envelopes
from hub.storage.key_file import FileKeys
from hub.storage.revision import is_migrated
from hub.translog.tables import PromisedLeaf, TranslogLeaf


class NoGenesis(HubError):
    """The database holds no genesis, or another hub's. `cairn-hub genesis seal` puts it there."""

    slug = "internal"


class NotMigrated(HubError):
    """The database is of an older or newer version of the hub."""

    slug = "internal"


@dataclass(frozen=True, slots=True)
class Services:
    """Of one process and one event loop. `app.state.services` has it; a job's task gets it as `hub`."""

    settings: Settings
    database_url: str = field(repr=False)
    store: Store
    envelopes: Envelopes
    hub_key: Ed25519PrivateKey = field(repr=False)
    genesis: Genesis
    roster: RosterHolder

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: Settings, database_url: str) -> AsyncIterator[Self]:
        """Everything, until the block ends. The database is up and migrated (`running_database`, `upgrade`).

        Raises NotMigrated, NoGenesis, StoreUnavailable, KeyFileUnusable, KeyEncryptionKeyWrong.
        """
        hub_key = load_hub_key(settings.hub_key_path)
        async with Store.connect(database_url, settings) as store:
            genesis = await store.read("genesis", genesis_in)
            if genesis.hub_key != public_bytes(hub_key):
                raise NoGenesis("the log's genesis names another hub's key than the one in this home")
            envelopes = Envelopes(FileKeys.load_or_create(settings.keys_path))
            await envelopes.ready(store)
            yield cls(settings, database_url, store, envelopes, hub_key, genesis, RosterHolder(genesis))


async def genesis_in(db: AsyncSession) -> Genesis:
    """The genesis of leaf 0, whether it has its place already or is only promised. Raises NotMigrated, NoGenesis."""
    if not await is_migrated(db):
        raise NotMigrated("the database has not this version's tables: `cairn-hub serve` migrates it")
    both = (
        select(table.content).where(table.kind == LeafKind.GENESIS.value)
        for table in (TranslogLeaf, PromisedLeaf)
    )
    content = (await db.scalars(union_all(*both))).first()
    if content is None:
        raise NoGenesis("the log has no genesis yet: run `cairn-hub genesis seal` first")
    return check_genesis(content)


@contextlib.contextmanager
def running_database(settings: Settings) -> Iterator[str]:
    """The database's URL, with the private server running for as long as the block if there is no other.

    Blocks for up to two seconds. Raises EmbeddedPostgresFailed.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    server = EmbeddedPostgres(settings.data / "postgres")
    try:
        yield server.start()
    finally:
        server.stop()
