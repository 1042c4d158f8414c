"""Trustees after one real key generation a session."""

from tests.support.trustees import founded

__all__ = ["founded"]
