"""The hub's own ground for tests: settings, a store on a fresh database, a file of keys."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.settings import Settings
from hub.storage.database import Store
from hub.storage.envelopes import Envelopes
from hub.storage.key_file import FileKeys


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, pool_wait_seconds=2, connect_seconds=2, transaction_seconds=10)


@pytest.fixture
async def store(database_url: str, settings: Settings, anyio_backend: str) -> AsyncIterator[Store]:
    async with Store.connect(database_url, settings) as store:
        yield store


@pytest.fixture
async def envelopes(store: Store, settings: Settings) -> Envelopes:
    envelopes = Envelopes(FileKeys.load_or_create(settings.keys_path))
    await envelopes.ready(store)
    return envelopes
