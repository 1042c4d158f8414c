"""Fixtures that every test folder may ask for. Async tests are marked `pytest.mark.anyio`."""

import pytest

from tests.support.postgres import database_url, module_database_url, postgres
from tests.support.town import town

__all__ = ["anyio_backend", "database_url", "module_database_url", "postgres", "town"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker has the town, also for tests that ask for it by way of another fixture."""
    for item in items:
        if "town" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("town"))
