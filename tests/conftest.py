"""Fixtures that every test folder may ask for. Async tests are marked `pytest.mark.anyio`."""

import pytest

from tests.support.postgres import database_url, module_database_url, postgres
from tests.support.town import town

__all__ = ["anyio_backend", "database_url", "module_database_url", "postgres", "town"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
