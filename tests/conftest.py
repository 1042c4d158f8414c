"""Fixtures that every test folder may ask for. Async tests are marked `pytest.mark.anyio`."""

import pytest

from tests.support.postgres import database_url, module_database_url, postgres
from tests.support.town import town

__all__ = ["anyio_backend", "database_url", "module_database_url", "postgres", "town"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever asks for the whole Cairn, be it by way of another fixture: those tests share one process.

    Their own mark, not xdist's groups: with this version of pytest, xdist does not keep a group together.
    """
    for item in items:
        if "town" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.town)
