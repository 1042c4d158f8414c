"""A hub's own ground, for tests that run its services in this process."""

from tests.hub.conftest import envelopes, settings, store

__all__ = ["envelopes", "settings", "store"]
