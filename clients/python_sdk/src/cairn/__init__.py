"""Cairn for firms: tell a neutral hub about suspect inquiries, and learn whether others saw the same buyer.

Names, contacts and free text never leave this machine unsealed. Start with `Hub`, `Inquiry`
and `Party`.
"""

from typing import TYPE_CHECKING

__all__ = ["Advice", "AsyncHub", "Hub", "Inquiry", "Party", "Receipt"]

if TYPE_CHECKING:
    from cairn.advice import Advice
    from cairn.api import AsyncHub, Hub
    from cairn.filing import Receipt
    from cairn.raw.inquiry import Inquiry, Party

_HOMES = {
    "Advice": "cairn.advice",
    "AsyncHub": "cairn.api",
    "Hub": "cairn.api",
    "Inquiry": "cairn.raw.inquiry",
    "Party": "cairn.raw.inquiry",
    "Receipt": "cairn.filing",
}


def __getattr__(name: str) -> object:
    # Loaded when asked for: the name tables cost half a second that `cairn --help` need not pay.
    if name not in _HOMES:
        raise AttributeError(f"module 'cairn' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
