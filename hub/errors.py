"""Errors the hub raises on purpose: a slug for the wire, never a value from an inquiry.

They stand beside `cairn_protocol.errors`: there a message broke the protocol, here the hub
cannot or will not do what was asked. `hub.problems` alone turns a slug into a status.
"""

from typing import ClassVar

from cairn_protocol.errors import CairnError


class HubError(CairnError):
    """Root of the hub's own errors. `detail` is for the log and the caller, so it names no value."""

    slug: ClassVar[str] = "internal"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
